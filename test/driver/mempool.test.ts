/** The mempool: bounds, order, nonces; and the pool of bodies in flight. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Address, Height } from '../../src/base/brand.ts';
import { BodyPool, completeTransactions } from '../../src/driver/body-pool.ts';
import {
  BODIES_PER_HEIGHT_MAX,
  MEMPOOL_TRANSACTIONS_MAX,
  NONCE_GAP_HOLD_MS,
  NONCE_GAP_MAX,
  SENDER_TRANSACTIONS_MAX,
} from '../../src/driver/limits.ts';
import { Mempool } from '../../src/driver/mempool.ts';
import { type Body, bodyHash } from '../../src/ledger/block.ts';
import type { IdentifiedTransaction } from '../../src/ledger/transaction.ts';
import { weightOf } from '../../src/ledger/transaction-rules.ts';
import { bodyOf, hashOf, makeTransaction, stranger, transfer } from '../ledger/network.ts';

const CHAIN = hashOf('c');
const item = (
  sender: number,
  nonce: number,
  fields: { expiresAt?: number; amount?: bigint; operations?: number } = {},
) =>
  makeTransaction({
    chainId: CHAIN,
    sender: stranger(sender),
    nonce,
    expiresAt: (fields.expiresAt ?? 0) as Height,
    operations: Array.from({ length: fields.operations ?? 1 }, () => transfer(stranger(99), fields.amount ?? 1n)),
  });

/** A mempool over accounts whose nonces a test moves. */
function make() {
  const nonces = new Map<Address, number>();
  const mempool = new Mempool((sender) => nonces.get(sender) ?? 0);
  const add = (each: IdentifiedTransaction, sinceMs = 0, local = false) => {
    const added = mempool.add(each, sinceMs, local);
    return added.ok ? 'ok' : added.error.code;
  };
  const select = (inFlight: ReadonlySet<string> = new Set(), weight = 1e9, count = 1e9, bytes = 1e9) =>
    mempool.select(inFlight, weight, count, bytes).items.map(
      ({
        signed: {
          transaction: { sender, nonce },
        },
      }) => `${Number(`0x${sender}`)}/${nonce}`,
    );
  return { nonces, mempool, add, select };
}

describe('adding', () => {
  test('the same transaction again is one entry', () => {
    const { mempool, add } = make();
    expect([add(item(1, 0)), add(item(1, 0))]).toEqual(['ok', 'ok']);
    expect(mempool.size).toBe(1);
    expect(mempool.bytes).toBe(item(1, 0).bytes.length);
  });

  test.each([
    ['another with a nonce that waits', 0, 2n, 'NONCE_TAKEN'],
    ['the farthest nonce that is held', NONCE_GAP_MAX - 1, 1n, 'ok'],
    ['one farther', NONCE_GAP_MAX, 1n, 'NONCE_TOO_HIGH'],
    ['the farthest there is', Number.MAX_SAFE_INTEGER, 1n, 'NONCE_TOO_HIGH'],
  ])('%s', (_, nonce, amount, code) => {
    const { add } = make();
    add(item(1, 0));
    expect(add(item(1, nonce, { amount }))).toBe(code);
  });

  test('no sender has more than its share', () => {
    const { nonces, mempool, add } = make();
    for (let nonce = 0; nonce < SENDER_TRANSACTIONS_MAX; nonce++) expect(add(item(1, nonce))).toBe('ok');
    nonces.set(stranger(1), 5);
    expect(add(item(1, SENDER_TRANSACTIONS_MAX))).toBe('SENDER_LIMIT');
    expect(mempool.advanced([stranger(1)])).toHaveLength(5);
    expect(add(item(1, SENDER_TRANSACTIONS_MAX))).toBe('ok');
  });

  test('all together no more than the pool’s', () => {
    const { mempool, add } = make();
    for (let i = 0; i < MEMPOOL_TRANSACTIONS_MAX; i++) add(item(1 + Math.floor(i / 256), i % 256));
    expect(mempool.size).toBe(MEMPOOL_TRANSACTIONS_MAX);
    expect(add(item(100_000, 0))).toBe('MEMPOOL_FULL');
    mempool.remove(item(1, 0).id);
    expect(add(item(100_000, 0))).toBe('ok');
  });
});

describe('selecting', () => {
  test('is in the order of arrival, each sender’s by nonce', () => {
    const { add, select } = make();
    for (const each of [item(1, 1), item(2, 0), item(1, 0), item(3, 1), item(2, 1)]) add(each);
    expect(select()).toEqual(['2/0', '2/1', '1/0', '1/1']);
  });

  test('goes on after what is in flight, and never before it', () => {
    const { add, select } = make();
    for (const nonce of [0, 1, 2]) add(item(1, nonce));
    expect(select(new Set([item(1, 0).id]))).toEqual(['1/1', '1/2']);
    expect(select(new Set([item(1, 1).id]))).toEqual(['1/0', '1/2']);
  });

  test.each([
    ['weight', [5, 1e9, 1e9], 2],
    ['count', [1e9, 3, 1e9], 3],
    ['bytes', [1e9, 1e9, 2 * (item(1, 0).bytes.length + 36)], 2],
  ] as const)('stops at the limit of %s', (_, [weight, count, bytes], expected) => {
    const { add, select } = make();
    for (let nonce = 0; nonce < 5; nonce++) add(item(1, nonce));
    expect(select(new Set(), weight, count, bytes)).toHaveLength(expected);
  });

  test('takes nothing that is used or has a gap', () => {
    const { nonces, add, select } = make();
    add(item(1, 0));
    add(item(2, 1));
    nonces.set(stranger(1), 1);
    expect(select()).toEqual([]);
  });
});

describe('waiting', () => {
  test('there is demand only while something could be executed', () => {
    const { nonces, mempool, add } = make();
    add(item(1, 1));
    expect(mempool.demand).toBe(false);
    add(item(1, 0));
    expect(mempool.demand).toBe(true);
    nonces.set(stranger(1), 1);
    mempool.advanced([stranger(1)]);
    expect(mempool.demand).toBe(true);
    nonces.set(stranger(1), 2);
    mempool.advanced([stranger(1)]);
    expect([mempool.demand, mempool.size, mempool.bytes]).toEqual([false, 0, 0]);
  });

  test('what has a gap before it is held for a while', () => {
    const { mempool, add } = make();
    add(item(1, 0), 0);
    add(item(1, 1), 0);
    add(item(1, 3), 0);
    add(item(2, 1), 500);
    expect(mempool.expire(1, NONCE_GAP_HOLD_MS)).toEqual([]);
    expect(mempool.expire(1, NONCE_GAP_HOLD_MS + 1).map(({ entry, code }) => [entry.item.id, code])).toEqual([
      [item(1, 3).id, 'NONCE_TOO_HIGH'],
    ]);
    expect(mempool.size).toBe(3);
  });

  test('what expired is dropped at the height after its last', () => {
    const { mempool, add } = make();
    add(item(1, 0, { expiresAt: 5 }));
    expect(mempool.expire(5, 0)).toEqual([]);
    expect(mempool.expire(6, 0).map(({ code }) => code)).toEqual(['EXPIRED']);
    expect(mempool.demand).toBe(false);
  });

  test('the pending nonce counts what waits without a gap', () => {
    const { nonces, mempool, add } = make();
    nonces.set(stranger(1), 4);
    for (const nonce of [4, 5, 7]) add(item(1, nonce));
    expect(mempool.pendingNonce(stranger(1))).toBe(6);
    expect(mempool.pendingNonce(stranger(2))).toBe(0);
  });
});

test('whatever comes, goes and is executed: bounds hold, and a selection is executable in its order', () => {
  const action = fc.oneof(
    {
      weight: 6,
      arbitrary: fc.record({
        kind: fc.constant('add' as const),
        sender: fc.integer({ min: 1, max: 4 }),
        nonce: fc.nat(8),
        operations: fc.integer({ min: 1, max: 3 }),
      }),
    },
    {
      weight: 1,
      arbitrary: fc.record({ kind: fc.constant('execute' as const), weight: fc.integer({ min: 0, max: 12 }) }),
    },
    {
      weight: 1,
      arbitrary: fc.record({
        kind: fc.constant('remove' as const),
        sender: fc.integer({ min: 1, max: 4 }),
        nonce: fc.nat(8),
      }),
    },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('expire' as const), nowMs: fc.nat(2 * NONCE_GAP_HOLD_MS) }) },
  );
  fc.assert(
    fc.property(
      fc.array(action, { maxLength: 60 }),
      fc.integer({ min: 0, max: 20 }),
      fc.nat(3),
      (actions, weightMax, flying) => {
        const { nonces, mempool } = make();
        const model = new Map<string, IdentifiedTransaction>();
        for (const each of actions) {
          if (each.kind === 'add') {
            const one = item(each.sender, each.nonce, { operations: each.operations });
            if (mempool.add(one, 0, false).ok) model.set(one.id, one);
          } else if (each.kind === 'remove') {
            mempool.remove(item(each.sender, each.nonce).id);
            model.delete(item(each.sender, each.nonce).id);
          } else if (each.kind === 'expire') {
            for (const { entry } of mempool.expire(1, each.nowMs)) model.delete(entry.item.id);
          } else {
            const { items } = mempool.select(new Set(), each.weight, 100, 1e6);
            for (const {
              id,
              signed: { transaction },
            } of items) {
              nonces.set(transaction.sender, transaction.nonce + 1);
              model.delete(id);
            }
            for (const { item: dropped } of mempool.advanced(nonces.keys())) model.delete(dropped.id);
          }
          expect(mempool.size).toBe(model.size);
          expect(mempool.bytes).toBe([...model.values()].reduce((sum, { bytes }) => sum + bytes.length, 0));
          const ready = [...model.values()].some(
            ({ signed: { transaction: t } }) => t.nonce === (nonces.get(t.sender) ?? 0),
          );
          expect(mempool.demand).toBe(ready);
        }
        const inFlight = new Set(mempool.select(new Set(), 1e6, flying, 1e6).items.map(({ id }) => id));
        const { items, weight } = mempool.select(inFlight, weightMax, 5, 1e6);
        expect(items.length).toBeLessThanOrEqual(5);
        expect(weight).toBe(items.reduce((sum, { signed }) => sum + weightOf(signed.transaction), 0));
        expect(weight).toBeLessThanOrEqual(weightMax);
        const next = new Map(nonces);
        for (const id of inFlight) {
          const { sender, nonce } = model.get(id)!.signed.transaction;
          next.set(sender, Math.max(next.get(sender) ?? 0, nonce + 1));
        }
        for (const {
          id,
          signed: { transaction },
        } of items) {
          expect(inFlight.has(id)).toBe(false);
          expect(transaction.nonce).toBe(next.get(transaction.sender) ?? 0);
          next.set(transaction.sender, transaction.nonce + 1);
        }
      },
    ),
    { numRuns: 300 },
  );
});

describe('the pool of bodies', () => {
  const one = item(1, 0);
  const two = item(2, 0);
  const nothing = () => undefined;
  const body = (timestampMs: number, transactions = [one, two]): Body => bodyOf(transactions, { timestampMs });
  const add = (pool: BodyPool, height: number, each: Body, keep?: ReturnType<typeof bodyHash>) =>
    pool.add(height as Height, bodyHash(each), each, nothing, keep);

  test('a body is complete when all its transactions came, in the order of its ids', () => {
    const pool = new BodyPool();
    const pooled = add(pool, 1, body(1));
    pool.supply(two);
    expect([pool.wants(one.id), pool.wants(two.id), completeTransactions(pooled)]).toEqual([true, false, undefined]);
    pool.supply(one);
    expect(completeTransactions(pooled)).toEqual([one, two]);
  });

  test('what waits here already is not asked for', () => {
    const each = body(1);
    const pooled = new BodyPool().add(1 as Height, bodyHash(each), each, (id) => (id === one.id ? one : undefined));
    expect([...pooled.missing.keys()]).toEqual([two.id]);
  });

  test('only what the core asks about is in flight', () => {
    const pool = new BodyPool();
    const each = body(1);
    add(pool, 1, each);
    for (const transaction of [one, two]) pool.supply(transaction);
    expect(pool.carried.size).toBe(0);
    pool.enliven(1 as Height, bodyHash(each));
    expect([...pool.carried.keys()]).toEqual([one.id, two.id]);
    pool.retire();
    expect(pool.carried.size).toBe(0);
  });

  test('a body completed after it was asked about is in flight too', () => {
    const pool = new BodyPool();
    add(pool, 1, body(1));
    pool.enliven(1 as Height, bodyHash(body(1)));
    pool.supply(one);
    expect(pool.carried.size).toBe(0);
    pool.supply(two);
    expect(pool.carried.size).toBe(2);
  });

  test('a full height forgets its oldest body, but not the one to keep', () => {
    const pool = new BodyPool();
    for (let time = 1; time <= BODIES_PER_HEIGHT_MAX + 3; time++) add(pool, 1, body(time), bodyHash(body(1)));
    const held = (time: number) => pool.get(1 as Height, bodyHash(body(time))) !== undefined;
    expect([1, 2, 3, 4, 5, BODIES_PER_HEIGHT_MAX + 3].map(held)).toEqual([true, false, false, false, true, true]);
    expect(pool.wants(one.id)).toBe(true);
  });

  test('what is dropped is no longer waited for', () => {
    const pool = new BodyPool();
    add(pool, 1, body(1));
    add(pool, 2, body(2, [two]));
    pool.drop(1 as Height);
    expect([pool.wants(one.id), pool.wants(two.id)]).toEqual([false, true]);
    pool.drop(2 as Height);
    expect(pool.wants(two.id)).toBe(false);
  });
});
