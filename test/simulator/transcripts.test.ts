import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { installNodeSha256 } from '../../src/crypto/node-sha256.ts';
import { playTranscript } from '../../src/simulator/transcript.ts';

installNodeSha256();

const FOLDER = join(import.meta.dirname, 'scenarios');

describe('scenarios from incidents', () => {
  test.for(readdirSync(FOLDER).filter((name) => name.endsWith('.txt')))('%s', (name) => {
    playTranscript(readFileSync(join(FOLDER, name), 'utf8'));
  });
});

describe('a transcript', () => {
  test.for([
    ['dance', /line 1, dance: what is 'dance'/],
    ['nodes many', /'many' is no whole number/],
    ['liar 1 angel', /no liar 'angel'/],
    ['start\nrun soon', /no duration 'soon'/],
    ['start\nuntil height 1 on all', /within how long/],
    ['nodes 4\nstart 0 1\nuntil height 1 on 0 within 1s', /line 3, .*not reached: node 0 epoch 0/],
  ] as const)('says which line is wrong: %s', ([text, message]) => {
    expect(() => playTranscript(text)).toThrow(message);
  });

  test('says which promise is broken', () => {
    const text = 'nodes 4\nliar 0 equivocate\nliar 1 equivocate\nstart\nload 100ms\nrun 10s';
    expect(() => playTranscript(text)).toThrow(/agreement is broken|health is broken/);
  });
});
