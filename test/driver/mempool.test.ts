/** The mempool: bounds, order, nonces; and the pool of bodies in flight. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Address, Height } from '../../src/base/brand.ts';
import { present } from '../../src/base/invariant.ts';
import { BodyPool, completeTransactions } from '../../src/driver/bodies/body-pool.ts';
import {
  BODIES_PER_HEIGHT_MAX,
  GAPPED_BYTES_MAX,
  GAPPED_TRANSACTIONS_MAX,
  MEMPOOL_BYTES_MAX,
  MEMPOOL_TRANSACTIONS_MAX,
  NONCE_GAP_HOLD_MS,
  NONCE_GAP_MAX,
  REST_MS,
  SENDER_BYTES_MAX,
  SENDER_TRANSACTIONS_MAX,
} from '../../src/driver/limits.ts';
import { type Dropped, Mempool } from '../../src/driver/transactions/mempool.ts';
import { Room } from '../../src/driver/transactions/room.ts';
import type { Account } from '../../src/ledger/account.ts';
import { type Body, bodyHash } from '../../src/ledger/block.ts';
import { TRANSACTION_BYTES_MAX } from '../../src/ledger/limits.ts';
import type { IdentifiedTransaction } from '../../src/ledger/transaction.ts';
import { checkTransactionStateful, feeOf } from '../../src/ledger/transaction-rules.ts';
import { weightOf } from '../../src/ledger/weight.ts';
import { bodyOf, hashOf, makeGenesis, makeTransaction, stranger, transfer } from '../ledger/network.ts';

const CHAIN = hashOf('c');
const item = (
  sender: number,
  nonce: number,
  fields: { expiresAt?: number; amount?: bigint; operations?: number; maxFee?: bigint } = {},
) =>
  makeTransaction({
    chainId: CHAIN,
    sender: stranger(sender),
    nonce,
    expiresAt: (fields.expiresAt ?? 0) as Height,
    maxFee: fields.maxFee ?? 1000n,
    operations: Array.from({ length: fields.operations ?? 1 }, () => transfer(stranger(99), fields.amount ?? 1n)),
  });

const LONGEST = new Uint8Array(TRANSACTION_BYTES_MAX);
/** The same as if it were as long as any may be. */
const long = (sender: number, nonce: number, size = LONGEST.length) => ({
  ...item(sender, nonce),
  bytes: LONGEST.subarray(0, size),
});

/** Fees are equal to weights: two for a transfer. */
const PRICED = makeGenesis(1).ledger;
const RICH = 1_000_000n;

const nameOf = ({ signed: { transaction: t } }: IdentifiedTransaction) => `${Number(`0x${t.sender}`)}/${t.nonce}`;
const named = (dropped: readonly Dropped[]) => dropped.map(({ entry, code }) => [nameOf(entry.item), code]);

/** A mempool over accounts that a test moves. */
function make() {
  const accounts = new Map<Address, Account>();
  const mempool = new Mempool((sender) => accounts.get(sender) ?? { nonce: 0, balance: RICH }, PRICED);
  const add = (each: IdentifiedTransaction, sinceMs = 0) => {
    const added = mempool.add(each, sinceMs, null);
    return added.ok ? 'ok' : added.error.code;
  };
  const select = (inFlight: ReadonlySet<string> = new Set(), weight = 1e9, count = 1e9, bytes = 1e9, height = 1) =>
    mempool.select(inFlight, height, new Room(weight, count, bytes)).map(nameOf);
  /** A block leaves this account so. */
  const executed = (sender: number, nonce: number, balance = RICH, nextHeight = 1, nowMs = 0) => {
    const account = { nonce, balance };
    accounts.set(stranger(sender), account);
    return named(mempool.prune([[stranger(sender), account]], nextHeight, nowMs));
  };
  return { accounts, mempool, add, select, executed };
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
    const { add, executed } = make();
    for (let nonce = 0; nonce < SENDER_TRANSACTIONS_MAX; nonce++) expect(add(item(1, nonce))).toBe('ok');
    expect(add(item(1, SENDER_TRANSACTIONS_MAX))).toBe('SENDER_LIMIT');
    expect(executed(1, 5)).toHaveLength(5);
    expect(add(item(1, SENDER_TRANSACTIONS_MAX))).toBe('ok');
  });

  test('no sender has more than its share of bytes', () => {
    const { mempool, add, executed } = make();
    const count = Math.floor(SENDER_BYTES_MAX / TRANSACTION_BYTES_MAX);
    for (let nonce = 0; nonce < count; nonce++) expect(add(long(1, nonce))).toBe('ok');
    const left = SENDER_BYTES_MAX - mempool.bytes;
    expect(add(long(1, count))).toBe('SENDER_LIMIT');
    expect(add(long(1, count, left + 1))).toBe('SENDER_LIMIT');
    expect(add(long(1, count, left))).toBe('ok');
    expect(add(long(2, 0))).toBe('ok');
    expect(executed(1, 1)).toHaveLength(1);
    expect([add(long(1, count + 1)), add(long(1, count + 2, 1))]).toEqual(['ok', 'SENDER_LIMIT']);
  });

  test('all together no more than the pool’s', () => {
    const { mempool, add, executed } = make();
    fill(add, 0, MEMPOOL_TRANSACTIONS_MAX);
    expect(mempool.size).toBe(MEMPOOL_TRANSACTIONS_MAX);
    expect(['MEMPOOL_FULL', 'MEMPOOL_FULL']).toEqual([add(item(100_000, 0)), add(item(100_000, 1))]);
    executed(1, 1);
    expect(add(item(100_000, 0))).toBe('ok');
  });
});

/** Adds runs of 256 of one sender after another. */
function fill(add: (each: IdentifiedTransaction) => string, from: number, count: number, skip = 0): void {
  for (let i = 0; i < count; i++)
    expect(add(item(from + 1 + Math.floor(i / 256), skip + (i % (256 - skip))))).toBe('ok');
}

describe('what a missing one keeps from being executed', () => {
  const names = (mempool: Mempool) =>
    [...mempool.entries()].filter(({ gapped }) => gapped).map(({ item: each }) => nameOf(each));

  test('is counted one by one, and again when the gap is filled or another opens', () => {
    const { mempool, add, executed } = make();
    for (const nonce of [1, 2, 3, 5]) add(item(1, nonce));
    expect(names(mempool)).toEqual(['1/1', '1/2', '1/3', '1/5']);
    add(item(1, 0));
    expect([names(mempool), mempool.pendingNonce(stranger(1))]).toEqual([['1/5'], 4]);
    // Another transaction took nonce 3, and what is missing moved to 4.
    executed(1, 4);
    expect([names(mempool), mempool.pendingNonce(stranger(1))]).toEqual([['1/5'], 4]);
    add(item(1, 4));
    expect([names(mempool), mempool.pendingNonce(stranger(1))]).toEqual([[], 6]);
  });

  test('is so again when one before it goes', () => {
    const { mempool, add, executed } = make();
    for (const [nonce, expiresAt] of [0, 7, 0, 0].entries()) add(item(1, nonce, { expiresAt }));
    expect(executed(9, 0, RICH, 8, 500)).toEqual([['1/1', 'EXPIRED']]);
    expect([names(mempool), mempool.pendingNonce(stranger(1)), mempool.gapped]).toEqual([['1/2', '1/3'], 1, 2]);
    expect(mempool.expire(500 + NONCE_GAP_HOLD_MS)).toEqual([]);
    add(item(1, 1), 600);
    expect([names(mempool), mempool.pendingNonce(stranger(1)), mempool.gapped]).toEqual([[], 4, 0]);
  });

  test('is bounded in all, however many each sender has, and what is not keeps its place', () => {
    const { mempool, add } = make();
    const flood = Array.from({ length: 40 * 255 }, (_, i) => add(item(1 + Math.floor(i / 255), 1 + (i % 255))));
    expect(mempool.gapped).toBe(GAPPED_TRANSACTIONS_MAX);
    expect(flood.slice(GAPPED_TRANSACTIONS_MAX).every((code) => code === 'NONCE_TOO_HIGH')).toBe(true);
    expect([add(item(50, 1)), add(item(50, 0)), add(item(50, 1))]).toEqual(['NONCE_TOO_HIGH', 'ok', 'ok']);
  });

  test('is bounded in bytes, whatever its number, and so where gaps open', () => {
    const { mempool, add } = make();
    const fits = Math.floor(GAPPED_BYTES_MAX / TRANSACTION_BYTES_MAX);
    for (let sender = 1; sender <= fits; sender++) expect(add(long(sender, 1))).toBe('ok');
    expect([add(long(1000, 1)), add(item(1000, 1))]).toEqual(['NONCE_TOO_HIGH', 'ok']);
    add(item(1001, 0, { expiresAt: 7 }));
    for (const nonce of [1, 2, 3]) add(long(1001, nonce));
    expect(named(mempool.prune([], 8, 0))).toEqual([
      ['1001/0', 'EXPIRED'],
      ['1001/1', 'NONCE_TOO_HIGH'],
      ['1001/2', 'NONCE_TOO_HIGH'],
      ['1001/3', 'NONCE_TOO_HIGH'],
    ]);
    expect(mempool.gapped).toBe(fits + 1);
  });

  test('is bounded also where gaps open: the farthest go', () => {
    const { mempool, add, accounts } = make();
    const senders = Array.from({ length: 40 }, (_, i) => i + 1);
    for (const sender of senders)
      for (let nonce = 0; nonce < 256; nonce++) add(item(sender, nonce, { expiresAt: nonce === 0 ? 7 : 0 }));
    expect(mempool.gapped).toBe(0);
    const dropped = named(mempool.prune(accounts, 8, 0));
    expect(dropped.filter(([, code]) => code === 'EXPIRED')).toHaveLength(40);
    expect(dropped.filter(([, code]) => code === 'NONCE_TOO_HIGH')).toHaveLength(40 * 255 - GAPPED_TRANSACTIONS_MAX);
    expect([mempool.gapped, mempool.size]).toEqual([GAPPED_TRANSACTIONS_MAX, GAPPED_TRANSACTIONS_MAX]);
    expect(dropped.at(-1)).toEqual(['40/255', 'NONCE_TOO_HIGH']);
  });

  test('makes room for what can be executed, the oldest first', () => {
    const { mempool, add } = make();
    for (const sender of [300, 301]) add(item(sender, 1));
    fill(add, 0, MEMPOOL_TRANSACTIONS_MAX - 2);
    const added = mempool.add(item(400, 0), 0, null);
    expect(added.ok && named(added.value)).toEqual([['300/1', 'NONCE_TOO_HIGH']]);
    expect([add(item(301, 2)), add(item(301, 0)), add(item(401, 0))]).toEqual(['MEMPOOL_FULL', 'ok', 'MEMPOOL_FULL']);
    expect([mempool.size, mempool.gapped]).toEqual([MEMPOOL_TRANSACTIONS_MAX, 0]);
  });

  test('makes room where bytes are short: as much as is needed, or none', () => {
    const { mempool, add } = make();
    const large = (sender: number) => item(sender, 0, { operations: 16 });
    const small = item(100_000, 1).bytes.length;
    for (let nonce = 1; nonce <= 5; nonce++) add(item(100_000, nonce));
    const slack = () => MEMPOOL_BYTES_MAX - mempool.bytes;
    const size = large(1).bytes.length;
    for (let sender = 1; slack() >= size; sender++) expect(add(large(sender))).toBe('ok');
    expect(mempool.size).toBeLessThan(MEMPOOL_TRANSACTIONS_MAX);
    const needed = Math.ceil((size - slack()) / small);
    expect(needed).toBeGreaterThan(0);
    expect(add(large(200_000))).toBe('ok');
    expect(mempool.gapped).toBe(5 - needed);
    expect(slack() + mempool.gapped * small).toBeLessThan(size);
    expect(add(large(200_001))).toBe('MEMPOOL_FULL');
    expect(mempool.gapped).toBe(5 - needed);
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

  test('passes over what does not fit, with all that follows on it, and fills up with what does', () => {
    const { add, select } = make();
    const heavy = item(2, 0, { operations: 16 });
    for (const each of [item(1, 0), heavy, item(2, 1), item(3, 0), item(1, 1)]) add(each);
    expect(select(new Set(), 16)).toEqual(['1/0', '1/1', '3/0']);
    expect(select(new Set(), 21)).toEqual(['1/0', '1/1', '2/0']);
  });

  test('begins with what was passed over before', () => {
    const { add, select, executed } = make();
    add(item(1, 0));
    add(long(2, 0));
    for (let nonce = 1; nonce < 9; nonce++) add(item(1, nonce));
    const room = TRANSACTION_BYTES_MAX + 36 + 100;
    expect(select(new Set(), 1e9, 1e9, room)[0]).toBe('1/0');
    executed(1, 9);
    expect(select(new Set(), 1e9, 1e9, room)).toEqual(['2/0']);
  });

  test('takes nothing that is used or has a gap', () => {
    const { add, select, executed } = make();
    add(item(1, 0));
    add(item(2, 1));
    executed(1, 1);
    expect(select()).toEqual([]);
  });

  // Each transfers 1 for a fee of 2; and whom it pays may be new, which costs 10 more where so much is offered.
  test.each([
    ['offers all that it may cost', 1000n, 2n + 1n + 10n],
    ['offers less for what is new', 6n, 2n + 1n + 4n],
    ['offers nothing for what is new', 2n, 2n + 1n],
  ])('takes of each sender what it can pay after what comes before: who %s', (_, maxFee, most) => {
    const selected = (balance: bigint, flying: readonly number[] = []) => {
      const { accounts, add, select } = make();
      accounts.set(stranger(1), { nonce: 0, balance });
      for (const nonce of [0, 1, 2]) add(item(1, nonce, { maxFee }));
      add(item(2, 0));
      return select(new Set(flying.map((nonce) => item(1, nonce, { maxFee }).id)));
    };
    expect(selected(most + 2n)).toEqual(['1/0', '1/1', '2/0']);
    expect(selected(most + 2n, [0])).toEqual(['1/1', '2/0']);
    expect(selected(most + 1n)).toEqual(['1/0', '2/0']);
    expect(selected(most + 1n, [0])).toEqual(['2/0']);
  });

  test('takes nothing that would expire in flight', () => {
    const { add, select } = make();
    for (const [nonce, expiresAt] of [9, 8, 0].entries()) add(item(1, nonce, { expiresAt }));
    expect([8, 9, 10].map((height) => select(new Set(), 1e9, 1e9, 1e9, height))).toEqual([
      ['1/0', '1/1', '1/2'],
      ['1/0'],
      [],
    ]);
  });
});

describe('what a block had no room for', () => {
  test('comes after all others that wait, with what follows on it', () => {
    const { mempool, add, select } = make();
    for (const each of [item(1, 0), item(1, 1), item(2, 0), item(3, 0), item(3, 1), item(4, 0)]) add(each);
    mempool.turnAway([item(1, 0).id, item(3, 0).id, item(9, 0).id], 5);
    expect(select()).toEqual(['2/0', '4/0', '1/0', '1/1', '3/0', '3/1']);
    expect(mempool.size).toBe(6);
  });

  test('has waited since then, and is told again to who was told before', () => {
    const { mempool, add } = make();
    add(item(1, 0));
    add(item(2, 0));
    mempool.turnAway([item(1, 0).id], 700);
    const since = (sender: number) => mempool.nextSinceMs(present(mempool.get(item(sender, 0).id), 'an entry'));
    expect([since(1), since(2)]).toEqual([700, 0]);
  });
});

describe('part of a body', () => {
  const heavy = (sender: number, nonce: number) => item(sender, nonce, { operations: 16 });
  /** Room for four of these. */
  const FOUR = 4 * 17;
  /** A flood of two, who did something at this time. */
  const flooded = (atMs: number) => {
    const made = make();
    made.mempool.acted([stranger(1), stranger(2)], atMs);
    for (let nonce = 0; nonce < 5; nonce++) for (const sender of [1, 2]) made.add(heavy(sender, nonce), atMs + nonce);
    return made;
  };

  test('is kept for who did nothing lately: each the next one, in the order of arrival, before all others', () => {
    const { add, select } = flooded(0);
    for (const each of [heavy(3, 0), heavy(3, 1), item(4, 0)]) add(each, 9);
    expect(select(new Set(), FOUR)).toEqual(['3/0', '1/0', '2/0', '1/1']);
    // It is so large that three do not fill three quarters of it, and four do.
    expect(select(new Set(), FOUR + 19)).toEqual(['3/0', '4/0', '1/0', '2/0', '1/1', '2/1']);
    expect(select(new Set([heavy(3, 0).id]), FOUR)).toEqual(['4/0', '1/0', '2/0', '1/1']);
  });

  test('goes to the others where those need less, and what fits alone comes first nonetheless', () => {
    const { add, select } = flooded(0);
    add(item(3, 0), 9);
    expect(select(new Set(), FOUR + 2)).toEqual(['3/0', '1/0', '2/0', '1/1', '2/1']);
    expect(select(new Set(), 17)).toEqual(['1/0']);
  });

  test('is kept also where all of a sender came at once', () => {
    const { mempool, add, select } = make();
    mempool.acted([stranger(1)], 0);
    for (let nonce = 0; nonce < 5; nonce++) add(heavy(1, nonce));
    add(heavy(2, 0));
    expect(select(new Set(), FOUR)).toEqual(['2/0', '1/0', '1/1', '1/2']);
  });

  test('is for nobody who acted within the time of a rest, had its turn, or has gone', () => {
    const { mempool, add, select, executed } = flooded(REST_MS);
    mempool.acted([stranger(3), stranger(4)], REST_MS);
    mempool.acted([stranger(5)], 0);
    add(heavy(3, 0), 2 * REST_MS);
    add(heavy(4, 0), 2 * REST_MS + 1);
    add(heavy(5, 0), REST_MS + 1);
    const firsts = (): string[] => select(new Set(), FOUR).filter((name) => !/^[12]/.test(name));
    expect(firsts()).toEqual(['4/0']);
    mempool.turnAway([heavy(4, 0).id], 3 * REST_MS);
    expect(firsts()).toEqual(['5/0']);
    executed(5, 1);
    expect(firsts()).toEqual([]);
  });
});

describe('waiting', () => {
  test('there is demand only while something could be executed', () => {
    const { mempool, add, executed } = make();
    add(item(1, 1));
    expect(mempool.demand).toBe(false);
    add(item(1, 0));
    expect(mempool.demand).toBe(true);
    expect(executed(1, 1)).toEqual([['1/0', 'NONCE_TOO_LOW']]);
    expect(mempool.demand).toBe(true);
    executed(1, 2);
    expect([mempool.demand, mempool.size, mempool.bytes]).toEqual([false, 0, 0]);
  });

  test.each([
    ['what its sender can pay stays', 0, 2n, [], true],
    ['what its sender cannot pay any more goes', 0, 1n, ['1/0', '1/1'], false],
    ['also when those before it are executed', 1, 1n, ['1/0', '1/1'], false],
    ['the dearer one behind it goes too, and what is behind that stays', 0, 3n, ['1/2'], true],
  ])('%s', (_, nonce, balance, gone, demand) => {
    const { mempool, add, executed } = make();
    for (const [each, operations] of [1, 1, 4].entries()) add(item(1, each, { operations }));
    const dropped = executed(1, nonce, balance).map(([name]) => name);
    expect(dropped.filter((name) => gone.includes(String(name)))).toEqual(gone);
    expect(mempool.demand).toBe(demand);
  });

  test('the reason is told for each', () => {
    const { add, executed } = make();
    for (const [nonce, expiresAt] of [0, 0, 5].entries()) add(item(1, nonce, { expiresAt }));
    add(item(2, 0, { expiresAt: 5 }));
    expect(executed(1, 1, 1n, 6)).toEqual([
      ['1/0', 'NONCE_TOO_LOW'],
      ['1/1', 'INSUFFICIENT_BALANCE'],
      ['1/2', 'INSUFFICIENT_BALANCE'],
      ['2/0', 'EXPIRED'],
    ]);
  });

  test('what has a gap before it is held for a while', () => {
    const { mempool, add } = make();
    add(item(1, 0), 0);
    add(item(1, 1), 0);
    add(item(1, 3), 0);
    add(item(2, 1), 500);
    expect(mempool.expire(NONCE_GAP_HOLD_MS)).toEqual([]);
    expect(named(mempool.expire(NONCE_GAP_HOLD_MS + 1))).toEqual([['1/3', 'NONCE_TOO_HIGH']]);
    expect(mempool.size).toBe(3);
  });

  test('what expires is dropped at its last height', () => {
    const { mempool, add, executed } = make();
    add(item(1, 0, { expiresAt: 5 }));
    expect(executed(2, 0, RICH, 5)).toEqual([]);
    expect(executed(2, 0, RICH, 6)).toEqual([['1/0', 'EXPIRED']]);
    expect(mempool.demand).toBe(false);
  });

  test('the pending nonce counts what waits without a gap', () => {
    const { mempool, add, executed } = make();
    executed(1, 4);
    for (const nonce of [4, 5, 7]) add(item(1, nonce));
    expect(mempool.pendingNonce(stranger(1))).toBe(6);
    expect(mempool.pendingNonce(stranger(2))).toBe(undefined);
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
        expiresAt: fc.nat(6),
      }),
    },
    {
      weight: 2,
      arbitrary: fc.record({
        kind: fc.constant('execute' as const),
        weight: fc.integer({ min: 0, max: 12 }),
        /** A payment of one of the senders, or to it. */
        sender: fc.integer({ min: 1, max: 4 }),
        balance: fc.bigInt({ min: 0n, max: 12n }),
        others: fc.nat(1),
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
        const { accounts, mempool } = make();
        const account = (sender: Address): Account => accounts.get(sender) ?? { nonce: 0, balance: RICH };
        const model = new Map<string, IdentifiedTransaction>();
        let height = 1;
        for (const each of actions) {
          if (each.kind === 'add') {
            const expiresAt = each.expiresAt < height ? 0 : each.expiresAt;
            const one = item(each.sender, each.nonce, { operations: each.operations, expiresAt });
            const { transaction } = one.signed;
            const { nonce, balance } = account(transaction.sender);
            if (transaction.nonce < nonce || feeOf(transaction, PRICED) > balance) continue;
            if (mempool.add(one, 0, null).ok) model.set(one.id, one);
          } else if (each.kind === 'expire') {
            for (const { entry } of mempool.expire(each.nowMs)) model.delete(entry.item.id);
          } else {
            const items = mempool.select(new Set(), height, new Room(each.weight, 100, 1e6));
            const changed = new Set(items.map(({ signed }) => signed.transaction.sender).concat(stranger(each.sender)));
            for (const { signed } of items) {
              const { sender, nonce } = signed.transaction;
              accounts.set(sender, {
                nonce: nonce + 1,
                balance: account(sender).balance - feeOf(signed.transaction, PRICED),
              });
            }
            const { nonce } = account(stranger(each.sender));
            accounts.set(stranger(each.sender), { nonce: nonce + each.others, balance: each.balance });
            height += 1;
            const dropped = mempool.prune(
              [...changed].map((sender) => [sender, account(sender)] as const),
              height,
              0,
            );
            for (const { entry } of dropped) expect(model.delete(entry.item.id)).toBe(true);
            for (const { signed } of model.values()) {
              const { transaction } = signed;
              const sender = account(transaction.sender);
              const next = { ...sender, nonce: Math.max(sender.nonce, transaction.nonce) };
              expect(checkTransactionStateful(transaction, next, height as Height, PRICED).ok).toBe(true);
            }
          }
          expect([...mempool.entries()].map(({ item: { id } }) => id).sort()).toEqual([...model.keys()].sort());
          expect(mempool.bytes).toBe([...model.values()].reduce((sum, { bytes }) => sum + bytes.length, 0));
          const waits = new Set([...model.values()].map(nameOf));
          const ends = [1, 2, 3, 4].map((sender) => {
            let { nonce } = account(stranger(sender));
            while (waits.has(`${sender}/${nonce}`)) nonce += 1;
            return nonce;
          });
          const waiting = new Set([...model.values()].map(({ signed }) => signed.transaction.sender));
          expect([1, 2, 3, 4].map((sender) => mempool.pendingNonce(stranger(sender)))).toEqual(
            ends.map((end, i) => (waiting.has(stranger(i + 1)) ? end : undefined)),
          );
          expect(mempool.demand).toBe([1, 2, 3, 4].some((sender, i) => ends[i] !== account(stranger(sender)).nonce));
          const isGapped = ({ signed: { transaction: t } }: IdentifiedTransaction) =>
            t.nonce > present(mempool.pendingNonce(t.sender), 'a sender of which something waits');
          for (const entry of mempool.entries()) expect(entry.gapped).toBe(isGapped(entry.item));
          expect(mempool.gapped).toBe([...model.values()].filter(isGapped).length);
        }
        const inFlight = new Set(mempool.select(new Set(), height, new Room(1e6, flying, 1e6)).map(({ id }) => id));
        const items = mempool.select(inFlight, height, new Room(weightMax, 5, 1e6));
        const weight = items.reduce((sum, { signed }) => sum + weightOf(signed.transaction), 0);
        expect(items.length).toBeLessThanOrEqual(5);
        expect(weight).toBeLessThanOrEqual(weightMax);
        expect(items.some(({ id }) => inFlight.has(id))).toBe(false);
        const flown = [...inFlight].flatMap((id) => model.get(id) ?? []);
        for (const { id, signed } of [...flown, ...items]) {
          const { sender, nonce } = signed.transaction;
          const sound = checkTransactionStateful(signed.transaction, account(sender), height as Height, PRICED);
          expect(sound.ok).toBe(true);
          expect(model.has(id)).toBe(true);
          const balance = account(sender).balance - feeOf(signed.transaction, PRICED);
          accounts.set(sender, { nonce: nonce + 1, balance });
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
  const add = (pool: BodyPool, height: number, each: Body, keep?: ReturnType<typeof bodyHash>) => {
    const pooled = pool.add(height as Height, bodyHash(each), each, 'peer', keep);
    pool.collect(pooled, nothing);
    return pooled;
  };

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
    const pool = new BodyPool();
    const pooled = pool.add(1 as Height, bodyHash(each), each, 'peer');
    expect([pool.wants(one.id), pool.wants(two.id)]).toEqual([false, false]);
    pool.collect(pooled, (id) => (id === one.id ? one : undefined));
    expect([pool.wants(one.id), pool.wants(two.id)]).toEqual([false, true]);
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

describe('when an epoch begins with other rules', () => {
  const enter = (mempool: Mempool, rules: Partial<typeof PRICED>, nowMs = 7) =>
    named(mempool.enter({ ...PRICED, ...rules }, 5 as Height, nowMs));

  test('what they do not let in is dropped, with the reason, and the rest keeps its order', () => {
    const { mempool, add, select } = make();
    add(item(1, 0, { operations: 9 }), 1);
    add(item(2, 0), 2);
    add(item(2, 1, { maxFee: 3n }), 3);
    add(item(3, 0, { expiresAt: 4 }), 4);
    add(item(4, 0, { operations: 2 }), 5);
    expect(enter(mempool, { blockWeightMax: 9, weightPrice: 2n })).toEqual([
      ['1/0', 'TOO_HEAVY'],
      ['2/1', 'FEE_TOO_LOW'],
      ['3/0', 'EXPIRED'],
    ]);
    expect(select()).toEqual(['2/0', '4/0']);
    expect([mempool.size, mempool.own, mempool.demand]).toEqual([2, 2, true]);
  });

  test('what waits behind one that is dropped has a gap before it', () => {
    const { mempool, add, select } = make();
    add(item(1, 0, { operations: 9 }));
    add(item(1, 1));
    expect(enter(mempool, { blockWeightMax: 9 })).toEqual([['1/0', 'TOO_HEAVY']]);
    expect([mempool.size, mempool.gapped, mempool.demand, select()]).toEqual([1, 1, false, []]);
    expect(add(item(1, 0))).toBe('ok');
    expect(select()).toEqual(['1/0', '1/1']);
  });

  test('all are counted by the new price', () => {
    const { mempool, add, executed } = make();
    add(item(1, 0));
    enter(mempool, { weightPrice: 10n });
    expect(executed(1, 0, 19n)).toEqual([['1/0', 'INSUFFICIENT_BALANCE']]);
    expect(mempool.size).toBe(0);
  });

  test('nothing happens where they are the same', () => {
    const { mempool, add } = make();
    add(item(1, 0));
    expect(mempool.enter(PRICED, 5 as Height, 7)).toEqual([]);
    expect(mempool.size).toBe(1);
  });
});
