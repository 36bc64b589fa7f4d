import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { invariant } from '../../src/base/invariant.ts';
import { installNodeSha256 } from '../../src/crypto/node-sha256.ts';
import { type Played, playTranscript } from '../../src/simulator/transcripts/play.ts';
import { parseTranscript, TRANSCRIPT_BYTES_MAX } from '../../src/simulator/transcripts/transcript.ts';

installNodeSha256();

const FOLDER = join(import.meta.dirname, 'scenarios');

function play(text: string): Played {
  const transcript = parseTranscript(text);
  invariant(transcript.ok, 'it can be read', transcript.ok ? {} : { error: transcript.error.message });
  return playTranscript(transcript.value);
}

describe('scenarios from incidents', () => {
  test.for(readdirSync(FOLDER).filter((name) => name.endsWith('.txt')))('%s', (name) => {
    expect(play(readFileSync(join(FOLDER, name), 'utf8')).violations).toEqual([]);
  });
});

describe('a transcript', () => {
  test.for([
    ['', /nothing happens/],
    ['nodes 4', /nothing happens/],
    ['dance', /^line 1, dance: what is 'dance'/],
    ['# a comment\n\nstart\n  dance # here', /^line 4, dance: what is/],
    ['nodes many', /'many' is no whole number/],
    ['nodes', /how many is missing/],
    ['nodes 4 5', /'5' has no meaning here/],
    ['nodes 33', /1 to 32 nodes/],
    ['nodes 999999999999999', /1 to 32 nodes/],
    ['powers', /1 to 32 nodes/],
    ['powers 1 0 1', /validators\[1\]\.power: must be a positive/],
    ['liar 1 equivocate\nnodes 5', /^line 2, .* stands before liars and twins/],
    ['liar 1 angel', /no liar 'angel'/],
    ['liar 4 silent', /no validator 4/],
    [`nodes 32\ntwin 0`, /at most 32 nodes/],
    ['set patience 3', /no setting 'patience'; there are epochLength, /],
    ['set __proto__ 3', /no setting/],
    ['set epochLength 0', /consensus\.epochLength: must be a whole number from 1/],
    ['start\nseed 4', /^line 2, seed 4: .* stands before all that happens/],
    ['start\nrun soon', /no duration 'soon'/],
    ['start\nrun 3', /here stands timeouts or timeout/],
    ['start\nrun -3s', /too short or too long/],
    ['start\nrun 25h', /too short or too long/],
    ['start\nload 0s', /too short or too long/],
    ['start 4', /no node 4/],
    ['start\nuntil height 1 on all', /here stands within$/],
    [
      'start\nuntil weight 1 on all within 5s',
      /here stands height or view or epoch or pending or recorded, not 'weight'/,
    ],
    ['start\nexpect commits on all', /here stands height or/],
    ['start\ncut 0 1', /here stands \| or >/],
    ['start\ncut 0 1 |', /which nodes\?/],
    ['start\nclog 0 | 1', /here stands >/],
    ['start\ndrop comit', /no message 'comit'; there are \*, pre-prepare, /],
    ['start\ndrop commit form 0', /here stands from or to or view or height, not 'form'/],
    [`start ${'0 '.repeat(101)}`, /^line 1: a step has at most 200 characters/],
    ['start\n\u001b[2J', /^line 2: a step has at most 200 characters, all of them ASCII$/],
    ['#'.repeat(TRANSCRIPT_BYTES_MAX + 1), /^longer than 65536 characters$/],
  ] as const)('is refused, with its line: %j', ([text, message]) => {
    expect(parseTranscript(text)).toEqual({
      ok: false,
      error: { code: 'MALFORMED_TRANSCRIPT', message: expect.stringMatching(message) as string },
    });
  });

  test('fails at the line that does not come true', () => {
    const { violations, failedLine } = play('nodes 4\nstart 0 1\nuntil height 1 on 0 within 1s\nheal');
    expect(failedLine).toBe(3);
    expect(violations).toEqual([
      {
        checker: 'transcript',
        atMs: 1000,
        message: expect.stringMatching(/^line 3, until height 1 on 0 within 1s: not reached: node 0 epoch 0/) as string,
      },
    ]);
  });

  test.for([
    ['expect height at most 0', []],
    ['expect height 1', ['transcript']],
    ['expect epoch at most 0 on 0', []],
    ['expect epoch 1 on 0', ['transcript']],
  ] as const)('knows what is now: %s', ([line, broken]) => {
    expect(play(`start\n${line}`).violations.map(({ checker }) => checker)).toEqual(broken);
  });

  test('says which promise is broken, and where', () => {
    const text = 'nodes 4\nliar 0 equivocate\nliar 1 equivocate\nstart\nload 100ms\nrun 10s\nuntil height 99 within 9s';
    const { violations, failedLine, checkers } = play(text);
    expect(['agreement', 'health']).toContain(violations[0]?.checker);
    expect(failedLine).toBe(6);
    expect(checkers).toContain('transcript');
    expect(checkers).not.toContain('liveness');
  });

  test('has liars carry out a plan, move by move', () => {
    const planned = (...moves: readonly string[]) =>
      play(
        ['nodes 4', 'liar 3 plan', ...moves.map((move) => `move ${move}`), 'start', 'load 200ms', 'run 5s'].join('\n'),
      );
    const [split, mute] = [planned('always by all split to half'), planned('always by all mute all to all')];
    expect(split.story.join('\n')).toMatch(/catches 3, which signed twice/);
    expect(mute.story.join('\n')).toMatch(/told 0 lies and withheld [1-9]/);
    expect(parseTranscript('liar 3 plan\nmove always by all dance to all\nstart')).toMatchObject({ ok: false });
  });

  test('tells what it did, and is the same every time', () => {
    const text = 'start\nuntil height 1 within 5s\ncrash 0\nsubmit 1\nrun 3 timeouts';
    const [first, second] = [play(text), play(text)];
    expect(first.story).toContain('0.0 s       0  line 1: start');
    expect(first.story.join('\n')).toMatch(
      /line 3: crash 0\n[^]*view 1 begins, primary 1: nodes 1,2,3 waited too long/,
    );
    expect(second.traceHash).toBe(first.traceHash);
    expect(play(text.replace('start', 'seed 2\nstart')).traceHash).not.toBe(first.traceHash);
  });
});
