/** `trefoil validator`, `proposal`, `parameter` and `observer` against a node of a real chain. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { EXIT } from '../../src/cli/output.ts';
import { toHex } from '../../src/codec/hex.ts';
import { MemoryStore } from '../../src/storage/memory-store.ts';
import type { LongChain } from '../node/state/long-chain.ts';
import {
  LIAR,
  lie,
  membershipChain,
  membershipGenesisText,
  NEWCOMER,
  PEER_IDS,
  youngChain,
} from '../node/state/membership-chain.ts';
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

describe('a change', () => {
  const remove = ['validator', 'remove', '2', '--from', 'validator-0'];

  async function young(): Promise<Harness> {
    const before = await start();
    before.gateway.state = (await youngChain(new MemoryStore())).reader();
    before.gateway.mode = 'stake';
    before.gateway.peerIds = PEER_IDS;
    return before;
  }

  it('is told of with --check: what the quorum would be and who is offline; nothing is signed', async () => {
    await using before = await young();
    const { exitCode, stdout } = await run([...remove, '--check', '--json', '--node', before.url]);
    expect(exitCode).toBe(EXIT.failed);
    expect(JSON.parse(stdout)).toMatchObject({
      proposal: null,
      code: null,
      refused: ['TOO_FEW'],
      warned: ['ONE_THIRD'],
      before: { quorum: '67', power: '100', kept: [] },
      after: {
        members: [
          { index: 0, power: '40' },
          { index: 1, power: '30' },
          { index: 2, power: '20' },
          { index: 3, power: '10' },
        ],
        kept: [2],
        quorum: '67',
        livePower: '90',
        offline: [3],
      },
    });
    const { stdout: text } = await run([...remove, '--check', '--node', before.url]);
    expect(text).toContain('quorum      67 of 100\n');
    expect(text).toContain('there now   90 of 100; offline: 3\n');
    expect(text).toContain(
      'DANGER      3 validators would be left, and with fewer than 4 not one may fail; 2 would keep',
    );
    expect(before.gateway.status().mempool.size).toBe(0);
  });

  it('that endangers the network is refused with the numbers on the screen, and reaches no node', async () => {
    await using before = await young();
    const { exitCode, stdout, stderr } = await run([...remove, '--json', '--node', before.url]);
    expect(exitCode).toBe(EXIT.failed);
    expect(JSON.parse(stdout)).toMatchObject({ error: { code: 'ENDANGERS_NETWORK' } });
    expect(stderr).toContain('quorum      67 of 100');
    expect(before.gateway.status().mempool.size).toBe(0);
  });

  it('is made all the same with --force', async () => {
    await using before = await young();
    await run([...remove, '--force', '--timeout', '100ms', '--node', before.url]);
    expect(before.gateway.status().mempool.size).toBe(1);
  });

  it.each([
    ['validator', 'remove', '9', '--from', 'validator-0', 'NOT_A_VALIDATOR'],
    ['observer', 'remove', 'nobody', '--from', 'validator-0', 'NOT_AN_OBSERVER'],
    ['parameter', 'set', 'blockWeightMax', '4001', '--from', 'validator-0', 'PARAMETER_OUT_OF_RANGE'],
  ])('that cannot be made is refused before it is signed: %s %s %s', async (...given) => {
    await using before = await young();
    const { exitCode, stdout } = await run([...given.slice(0, -1), '--json', '--node', before.url]);
    expect([exitCode, JSON.parse(stdout)]).toMatchObject([EXIT.failed, { error: { code: given.at(-1) } }]);
    expect(before.gateway.status().mempool.size).toBe(0);
  });

  it('stake unbond --check tells what would be left, and of all stake what a leaving does', async () => {
    await using before = await young();
    const unbond = (amount: string) =>
      run(['stake', 'unbond', amount, '--from', 'validator-2', '--check', '--json', '--node', before.url]);
    const part = await unbond('5');
    expect([part.exitCode, JSON.parse(part.stdout)]).toMatchObject([EXIT.done, { stake: '20', left: '15' }]);
    expect((await unbond('21')).exitCode).toBe(EXIT.failed);
    const all = await unbond('20');
    expect([all.exitCode, JSON.parse(all.stdout)]).toMatchObject([EXIT.failed, { refused: ['TOO_FEW'] }]);
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
