/** Accounts as of a height or a time, over a real chain. */
import { beforeAll, describe, expect, it } from 'vitest';
import { accountSchema } from '../../src/api/block.ts';
import type { Address } from '../../src/base/brand.ts';
import { present } from '../../src/base/invariant.ts';
import { MemoryStore } from '../../src/storage/memory-store.ts';
import { BLOCK_MS, genesisKeeping, LongChain } from '../node/state/long-chain.ts';
import { type Harness, start } from './harness.ts';
import { ALICE } from './memory-gateway.ts';

let chain: LongChain;
let payer: Address;

beforeAll(async () => {
  chain = await LongChain.open(new MemoryStore(), genesisKeeping(10));
  payer = present([...chain.genesis.accounts][0], 'an account').address;
  for (let i = 1; i <= 20; i++) await chain.append([{ from: payer, to: ALICE, amount: BigInt(i) }]);
});

async function started(): Promise<Harness> {
  const harness = await start();
  harness.gateway.state = chain.reader();
  return harness;
}

const paidUpTo = (height: number): string => String((height * (height + 1)) / 2);

describe('an account', () => {
  it('is told as it was after a block, and with what the interface says of it', async () => {
    await using harness = await started();
    for (const height of [11, 15, 20]) {
      const { status, json } = await harness.ask(`/v1/accounts/${ALICE}?height=${height}`);
      expect(status).toBe(200);
      const { proof, stateRoot, ...account } = accountSchema.parse(json());
      expect(account).toEqual({
        address: expect.stringMatching(/^tre1/),
        balance: paidUpTo(height),
        nonce: 0,
        pendingNonce: 0,
        height,
        timestampMs: chain.genesis.timestampMs + height * BLOCK_MS,
      });
      expect(stateRoot).toMatch(/^[0-9a-f]{64}$/);
      expect(proof).toBeUndefined();
    }
  });

  it.each(['height=latest', 'proof=true', 'height=20', `time=9${'0'.repeat(13)}`])(
    'with ?%s is the newest final one',
    async (query) => {
      await using harness = await started();
      const { json } = await harness.ask(`/v1/accounts/${ALICE}?${query}`);
      expect(accountSchema.parse(json())).toMatchObject({ balance: paidUpTo(20), height: 20 });
    },
  );

  it('is told as it was at a time', async () => {
    await using harness = await started();
    const timeMs = chain.genesis.timestampMs + 13 * BLOCK_MS + 1;
    const { json } = await harness.ask(`/v1/accounts/${ALICE}?time=${timeMs}&proof=true`);
    const account = accountSchema.parse(json());
    expect(account).toMatchObject({ balance: paidUpTo(13), height: 13 });
    expect(account.proof?.headers.map(({ height }) => height)).toEqual([13, 14]);
  });

  it('is proved where a proof is asked for', async () => {
    await using harness = await started();
    const { json } = await harness.ask(`/v1/accounts/${ALICE}?height=12&proof=true`);
    const { proof, stateRoot } = accountSchema.parse(json());
    expect(proof).toMatchObject({
      headers: [{ height: 12, stateRoot }],
      certificate: { height: 12, signers: [0, 1, 2] },
    });
  });

  it.each([
    ['height=9', 410, 'HEIGHT_PRUNED', { oldestHeight: 11 }],
    [`time=1`, 410, 'HEIGHT_PRUNED', { oldestHeight: 11 }],
    ['height=21', 404, 'HEIGHT_UNKNOWN', {}],
    ['height=-1', 400, 'BAD_HEIGHT', {}],
    ['height=', 400, 'BAD_HEIGHT', {}],
    ['height=1e1', 400, 'BAD_HEIGHT', {}],
    [`height=${'9'.repeat(16)}`, 400, 'BAD_HEIGHT', {}],
    ['time=yesterday', 400, 'BAD_REQUEST', {}],
    ['height=12&time=1', 400, 'BAD_REQUEST', {}],
    ['proof=maybe', 400, 'BAD_REQUEST', {}],
    ['hight=12', 400, 'BAD_REQUEST', {}],
    ['height=12&height=13', 400, 'BAD_REQUEST', {}],
  ])('with ?%s is refused with %i %s', async (query, status, code, more) => {
    await using harness = await started();
    const answer = await harness.ask(`/v1/accounts/${ALICE}?${query}`);
    expect({ status: answer.status, ...(answer.json() as object) }).toMatchObject({ status, code, ...more });
  });
});
