/** `trefoil validator`, `proposal`, `parameter` and `observer` against a node of a real chain. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { EXIT } from '../../src/cli/output.ts';
import { toHex } from '../../src/codec/hex.ts';
import { MemoryStore } from '../../src/storage/memory-store.ts';
import type { LongChain } from '../node/state/long-chain.ts';
import { LIAR, lie, membershipChain, membershipGenesisText, NEWCOMER } from '../node/state/membership-chain.ts';
import { type Harness, start } from '../rpc/harness.ts';
import { run } from './terminal.ts';

const folder = mkdtempSync(join(tmpdir(), 'trefoil-membership-'));
const genesisFile = join(folder, 'genesis.json');
let chain: LongChain;
let harness: Harness;

beforeAll(async () => {
  writeFileSync(genesisFile, membershipGenesisText);
  chain = await membershipChain(new MemoryStore());
  harness = await start();
  harness.gateway.state = chain.reader();
  harness.gateway.mode = 'stake';
  harness.gateway.evidence = [lie()];
});
afterAll(async () => {
  await harness[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true });
});

const ask = (...args: readonly string[]) => run([...args, '--node', harness.url]);

async function json(...args: readonly string[]): Promise<{ readonly exitCode: number; readonly told: unknown }> {
  const { exitCode, stdout } = await ask(...args, '--json');
  return { exitCode, told: JSON.parse(stdout) };
}

describe('validator', () => {
  it('list shows people who is kept as an alarm, and gives scripts all of them', async () => {
    const { exitCode, stdout } = await ask('validator', 'list');
    expect(exitCode).toBe(EXIT.done);
    expect(stdout).toMatch(/validator-3 +tombstoned \(kept\) +9 +9 +1 +5 /);
    expect(stdout).toContain('ALARM: 3 would have left');
    const { told } = await json('validator', 'list');
    expect(told).toMatchObject({ validators: [{ index: 0, stake: '40' }, {}, {}, { status: 'tombstoned' }, {}] });
  });

  it('show tells why somebody was punished, and scripts get the proof', async () => {
    const { stdout } = await ask('validator', 'show', String(LIAR));
    expect(stdout).toContain('It signed two different prepare messages at height 4, view 0 of epoch 1');
    const { told } = await json('validator', 'show', String(LIAR));
    expect(told).toMatchObject({ index: LIAR, slashed: '1', evidence: [{ evidence: { first: { voter: LIAR } } }] });
  });

  it('show checks a proof by the genesis', async () => {
    const { exitCode, stdout } = await ask(
      'validator',
      'show',
      '2',
      '--height',
      '2',
      '--proof',
      '--genesis',
      genesisFile,
    );
    expect(exitCode).toBe(EXIT.done);
    expect(stdout).toContain('proved         by validators 0, 1, 2 at height 2');
  });

  it('show of nobody ends with 1', async () => {
    const { exitCode, told } = await json('validator', 'show', '9');
    expect([exitCode, told]).toEqual([
      EXIT.failed,
      { error: expect.objectContaining({ code: 'VALIDATOR_NOT_FOUND' }) },
    ]);
  });

  it('remove --check tells what the quorum would be and who is offline, and signs nothing', async () => {
    const { exitCode, told } = await json('validator', 'remove', '2', '--from', 'validator-0', '--check');
    expect(exitCode).toBe(EXIT.failed);
    expect(told).toMatchObject({
      proposal: null,
      refused: true,
      quorum: '68',
      total: '101',
      live: '92',
      members: [{ index: 0 }, { index: 1 }, { index: 2 }, { index: 3, live: false }],
      dangers: expect.arrayContaining([expect.objectContaining({ code: 'TOO_FEW', refuses: true })]),
    });
    const { stdout } = await ask('validator', 'remove', '2', '--from', 'validator-0', '--check');
    expect(stdout).toContain('quorum      68 of 101');
    expect(stdout).toContain('offline: 3 (validator-3)');
  });

  it('remove refuses what endangers the network, and nothing reaches the node', async () => {
    const { exitCode, told } = await json('validator', 'remove', '2', '--from', 'validator-0');
    expect([exitCode, told]).toEqual([EXIT.failed, { error: expect.objectContaining({ code: 'ENDANGERS_NETWORK' }) }]);
    expect(harness.gateway.status().mempool.size).toBe(0);
  });

  it.each([
    ['no JSON', '{', 'BAD_FILE'],
    ['an unknown field', { name: 'acme', account: 'erin', stake: '5' }, 'BAD_FILE'],
    ['a peer id that no key has', { peerId: `12D3KooW${'z'.repeat(44)}` }, 'BAD_FILE'],
    ['an account that nobody has', { account: 'nobody' }, 'UNKNOWN_NAME'],
  ])('add refuses a file with %s', async (_, content, code) => {
    const file = join(folder, 'newcomer.json');
    const whole = { name: 'acme', account: 'erin', publicKey: toHex(NEWCOMER.publicKey), peerId: NEWCOMER.peerId };
    writeFileSync(file, typeof content === 'string' ? content : JSON.stringify({ ...whole, ...content }));
    const { exitCode, told } = await json('validator', 'add', file, '--from', 'validator-0');
    expect([exitCode, told]).toEqual([EXIT.failed, { error: expect.objectContaining({ code }) }]);
  });

  it.each([
    ['validator', 'unjail', '--from', 'alice'],
    ['stake', 'bond', '5', '--from', 'alice'],
    ['proposal', 'vote', '0', 'yes', '--from', 'alice'],
  ])('%s %s is refused to whoever has no validator', async (...args) => {
    const { exitCode, told } = await json(...args);
    expect([exitCode, told]).toEqual([EXIT.failed, { error: expect.objectContaining({ code: 'NOT_A_VALIDATOR' }) }]);
  });
});

describe('proposal', () => {
  it('list and show tell the votes by power', async () => {
    expect((await ask('proposal', 'list')).stdout).toMatch(/0 +admit-validator +applied +77 +0 +68 +100 /);
    expect((await json('proposal', 'list')).told).toMatchObject({ proposals: [{ id: 0, status: 'applied' }] });
    expect((await ask('proposal', 'show', '0')).stdout).toContain(
      'for it     77 of 101, by validators 0, 1; 68 is enough',
    );
    expect((await json('proposal', 'show', '0')).told).toMatchObject({
      id: 0,
      kind: 'admit-validator',
      votes: { yes: '77', no: '0' },
      quorum: '68',
      expires: 100,
    });
  });
});

describe('parameter and observer', () => {
  it('list what the epoch has', async () => {
    const { told } = await json('parameter', 'list');
    expect(told).toMatchObject({ mode: 'stake', parameters: { consensus: { epochLength: 3 } } });
    expect((await ask('parameter', 'list')).stdout).toMatch(/equivocationPenalty +500\n/);
    expect((await json('observer', 'list')).told).toMatchObject({ observers: [] });
  });
});
