import { describe, expect, test } from 'vitest';
import { advance, genesisState, type LedgerState } from '../../src/ledger/state/ledger-state.ts';
import { execute } from '../../src/ledger/execute.ts';
import { newInBlockMax } from '../../src/ledger/growth.ts';
import type { IdentifiedTransaction, Operation } from '../../src/ledger/transaction.ts';
import { SHORT_TRANSACTION_WEIGHT_MAX } from '../../src/ledger/weight.ts';
import { POOL_SENDER_BYTES_MAX, POOL_SENDER_MAX, POOL_TRANSACTIONS_MAX } from '../../src/pow/limits.ts';
import { Pool } from '../../src/pow/pool.ts';
import { append, bodyOf, makeTransaction, stranger, transfer } from '../ledger/network.ts';
import { GENESIS, pay } from './kit.ts';

const code = (answer: ReturnType<Pool['add']>): string => (answer.ok ? 'OK' : answer.error.code);

function poolOf(state: LedgerState, items: readonly IdentifiedTransaction[]): Pool {
  const pool = new Pool();
  for (const item of items) expect(code(pool.add(item, state))).toBe('OK');
  return pool;
}

describe('a pool', () => {
  test('gives in the order of arrival, each sender by nonce', () => {
    const [a0, a1, b0, a3] = [pay(0, 0), pay(0, 1), pay(1, 0), pay(0, 3)];
    const pool = poolOf(genesisState(GENESIS), [a1, b0, a3, a0]);
    expect(pool.select(genesisState(GENESIS))).toEqual([b0, a0, a1]);
  });

  test('takes one transaction once, and one for each nonce', () => {
    const state = genesisState(GENESIS);
    const pool = poolOf(state, [pay(0, 0), pay(0, 0)]);
    expect(pool.size).toBe(1);
    expect(code(pool.add(pay(0, 0, 2n), state))).toBe('NONCE_TAKEN');
  });

  test('is bounded for each sender and in all', () => {
    const others = Array.from({ length: Math.ceil(POOL_TRANSACTIONS_MAX / POOL_SENDER_MAX) }, (_, number) => number);
    const state = stateWith(others.map((number) => [number, 1000n]));
    const pool = poolOf(
      state,
      Array.from({ length: POOL_SENDER_MAX }, (_, nonce) => pay(0, nonce)),
    );
    expect(code(pool.add(pay(0, POOL_SENDER_MAX), state))).toBe('SENDER_LIMIT');
    for (const number of others) {
      for (let nonce = 0; nonce < POOL_SENDER_MAX && pool.size < POOL_TRANSACTIONS_MAX; nonce++)
        pool.add(from(number, nonce, 1n), state);
    }
    expect(pool.size).toBe(POOL_TRANSACTIONS_MAX);
    expect(code(pool.add(pay(1, 0), state))).toBe('POOL_FULL');
  });

  test('is bounded in bytes for each sender', () => {
    const state = genesisState(GENESIS);
    const pool = poolOf(state, []);
    const long = (nonce: number) => ({ ...pay(0, nonce), bytes: new Uint8Array(POOL_SENDER_BYTES_MAX / 4) });
    for (let nonce = 0; nonce < 4; nonce++) expect(pool.add(long(nonce), state).ok).toBe(true);
    expect(code(pool.add(pay(0, 4), state))).toBe('SENDER_LIMIT');
    expect(pool.add(pay(1, 0), state).ok).toBe(true);
  });

  test('drops what can stand in no block on the new tip, and puts what was taken back before what came later', () => {
    const state = genesisState(GENESIS);
    const [spent, stale, later, back] = [pay(0, 0), pay(0, 0, 2n), pay(1, 0), pay(2, 0)];
    const pool = poolOf(state, [stale, later]);
    append(state, [spent]);
    pool.follow([back], state);
    expect(pool.select(state)).toEqual([back, later]);
    expect(pool.size).toBe(2);
  });

  test('chooses nothing that execution would skip, however little a sender has', () => {
    // The price of a transfer is 2: the first leaves nothing for the fee of the second.
    const state = stateWith([[1, 10n]]);
    const items = [from(1, 0, 8n), from(1, 1, 1n), pay(0, 0)];
    const chosen = poolOf(state, items).select(state);
    expect(chosen).toEqual([items[0], items[2]]);
  });

  test('chooses nothing that execution would skip where others of the block pay the sender in between', () => {
    const state = stateWith([[1, 6n]]);
    // Without the payment the first transfer fails and leaves 4; with it, it succeeds and leaves nothing.
    const gift = makeTransaction({ ...pay(0, 0).signed.transaction, operations: [transfer(stranger(1), 6n)] });
    const items = [gift, from(1, 0, 10n), from(1, 1, 1n)];
    const chosen = poolOf(state, items).select(state);
    expect(chosen).toEqual(items.slice(0, 2));
    expect(execute(state, bodyOf(chosen), chosen).skipped).toEqual([]);
  });

  test('chooses no more that makes accounts than execution has room for, and fills the block with what pays known ones', () => {
    const senders = Array.from({ length: 8 }, (_, number) => number + 1);
    const rich = senders.map((number) => [number, 1000n] as const);
    const state = stateWith(rich);
    const roomy = { ...state.genesis.ledger, blockWeightMax: 2 * SHORT_TRANSACTION_WEIGHT_MAX };
    const small = genesisState({ ...state.genesis, ledger: roomy });
    const newcomers = (of: number) => Array.from({ length: 9 }, (_, i) => transfer(stranger(1000 * of + i), 1n));
    const making = senders.map((number) => sentBy(number, newcomers(number)));
    const knownOnes = senders.map((number) => sentBy(number, [transfer(stranger(1), 1n)], 1));
    const most = Math.floor(newInBlockMax(roomy) / 9);
    const chosen = poolOf(small, [...making, ...knownOnes, pay(0, 0)]).select(small);
    expect(chosen).toEqual([...making.slice(0, most).flatMap((each, i) => [each, knownOnes[i]]), pay(0, 0)]);
    expect(execute(small, bodyOf(chosen), chosen).skipped).toEqual([]);
  });

  test('fills a block to its weight and no further', () => {
    const light = { ...GENESIS, ledger: { ...GENESIS.ledger, blockWeightMax: 7 } };
    const state = genesisState(light);
    expect(poolOf(state, [pay(0, 0), pay(0, 1), pay(1, 0), pay(2, 0)]).select(state)).toHaveLength(3);
  });

  test('forgets what expires', () => {
    const state = genesisState(GENESIS);
    const item = makeTransaction({ ...pay(0, 0).signed.transaction, expiresAt: 1 as never });
    const pool = poolOf(state, [item]);
    advance(state, execute(state, bodyOf([]), []));
    pool.follow([], state);
    expect(pool.size).toBe(0);
  });
});

/** A chain on which strangers have so much too. */
const stateWith = (rich: readonly (readonly [number: number, balance: bigint])[]): LedgerState => {
  const more = rich.map(([number, balance]) => ({ address: stranger(number), balance }));
  return genesisState({ ...GENESIS, accounts: [...GENESIS.accounts, ...more] });
};

/** A transfer by a stranger. */
const from = (number: number, nonce: number, amount: bigint): IdentifiedTransaction =>
  sentBy(number, [transfer(stranger(number + 1000), amount)], nonce);

const sentBy = (number: number, operations: readonly Operation[], nonce = 0): IdentifiedTransaction =>
  makeTransaction({ chainId: GENESIS.chainId, sender: stranger(number), nonce, operations });
