/** `trefoil account show` of a height, a time and with a proof, from a node that is honest and from one that lies. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Address } from '../../src/base/brand.ts';
import { EXIT } from '../../src/cli/output.ts';
import { MemoryStore } from '../../src/storage/memory-store.ts';
import { FakeNode, json } from '../client/server.ts';
import { BLOCK_MS, genesisKeeping, genesisText, LongChain } from '../node/state/long-chain.ts';
import { type Harness, start } from '../rpc/harness.ts';
import { run } from './terminal.ts';

const folder = mkdtempSync(join(tmpdir(), 'trefoil-account-'));
const genesisFile = join(folder, 'genesis.json');
let chain: LongChain;
let alice: Address;
let bob: Address;
let harness: Harness;

beforeAll(async () => {
  writeFileSync(genesisFile, genesisText());
  const genesis = genesisKeeping(0);
  [alice, bob] = [...genesis.accounts].map((account) => account.address) as [Address, Address];
  chain = await LongChain.open(new MemoryStore(), genesis);
  for (let i = 1; i <= 5; i++) await chain.append([{ from: alice, to: bob, amount: BigInt(i) }]);
  harness = await start();
  harness.gateway.state = chain.reader();
});
afterAll(async () => {
  await harness[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true });
});

const show = (url: string, ...args: readonly string[]) => run(['account', 'show', bob, '--node', url, ...args]);

describe('account show', () => {
  it('shows and checks what an account had after a block', async () => {
    const { exitCode, stdout } = await show(harness.url, '--height', '3', '--proof', '--genesis', genesisFile);
    expect(exitCode).toBe(EXIT.done);
    expect(stdout).toContain(`balance        ${chain.has(3, bob).balance}\n`);
    expect(stdout).toContain('height         3\n');
    expect(stdout).toContain('proved         by validators 0, 1, 2 at height 3\n');
  });

  it('gives scripts the account with its proof', async () => {
    const { stdout } = await show(harness.url, '--proof', '--genesis', genesisFile, '--json');
    expect(JSON.parse(stdout)).toMatchObject({
      balance: String(chain.has(5, bob).balance),
      height: 5,
      stateRoot: expect.stringMatching(/^[0-9a-f]{64}$/),
      proof: { headers: [{ height: 5 }], certificate: { height: 5 } },
    });
  });

  it('shows what it had at a time, and needs no "show"', async () => {
    const time = new Date(chain.genesis.timestampMs + 2 * BLOCK_MS).toISOString();
    const { stdout } = await run(['account', bob, '--node', harness.url, '--time', time, '--json']);
    expect(JSON.parse(stdout)).toMatchObject({ balance: String(chain.has(2, bob).balance), height: 2 });
  });

  it('ends with 4 where the proof is invalid', async () => {
    const answer = (await harness.ask(`/v1/accounts/${bob}?height=3&proof=true`)).json() as object;
    const status = (await harness.ask('/v1/status')).json();
    await using node = new FakeNode(json(200, status), json(200, { ...answer, balance: '1' }));
    const { exitCode, stdout } = await show(await node.start(), '--proof', '--genesis', genesisFile, '--json');
    expect(exitCode).toBe(EXIT.violated);
    expect(JSON.parse(stdout)).toMatchObject({ error: { code: 'BAD_PROOF' } });
  });

  it.each([
    [['--height', '9'], 'HEIGHT_UNKNOWN', EXIT.failed],
    [['--proof'], 'NO_GENESIS', EXIT.failed],
    [['--proof', '--genesis', join(folder, 'nowhere')], 'GENESIS_UNREADABLE', EXIT.failed],
    [['--height', '1', '--time', '2027-01-15T08:00:00Z'], 'USAGE', EXIT.usage],
    [['--time', 'yesterday'], 'USAGE', EXIT.usage],
  ])('with %j says %s', async (args, code, exitCode) => {
    const shown = await show(harness.url, ...args, '--json');
    expect(JSON.parse(shown.stdout)).toMatchObject({ error: { code } });
    expect(shown.exitCode).toBe(exitCode);
  });
});
