/** What it costs that the state grows, and what bounds it where nothing costs anything. */
import { describe, expect, test } from 'vitest';
import { FEE_POOL } from '../../../src/ledger/account.ts';
import { ENTRIES } from '../../../src/ledger/data/entry.ts';
import { NEW_ENTRY_WEIGHT, OPERATIONS_MAX, VALUE_BYTES_MAX } from '../../../src/ledger/limits.ts';
import type { Operation, Transaction } from '../../../src/ledger/transaction.ts';
import { advance } from '../../../src/ledger/state/ledger-state.ts';
import { admission } from '../../../src/ledger/transaction-rules.ts';
import { SHORT_TRANSACTION_WEIGHT_MAX } from '../../../src/ledger/weight.ts';
import { makeTransaction, stranger, transfer } from '../network.ts';
import { add, createNamespace, insert, Ledger, lease, type Parameters, put, release, remove, takeOut } from './kit.ts';

const PRICE = 3n;
const NEW = BigInt(NEW_ENTRY_WEIGHT) * PRICE;
const BALANCE = 1_000_000_000n;

/** With a namespace, and two entries in it. */
function ledgerWith(parameters: Parameters): Ledger {
  const ledger = Ledger.withNamespace(parameters);
  expect(ledger.send(ledger.bob, put('old', 'v'), insert('s', 'old')).code).toBe('OK');
  return ledger;
}

/** One transaction of alice's. */
function sendWith(ledger: Ledger, operations: readonly Operation[], fields: Partial<Transaction>) {
  return ledger.append([[ledger.alice, operations, fields]])[0]!;
}

describe('the fee of a transaction has, for each account and entry that is new,', () => {
  const priced = () => ledgerWith({ weightPrice: String(PRICE) });
  test.each<[string, bigint, bigint, readonly Operation[]]>([
    ['nothing for a transfer to an account that is there', 2n, 0n, [transfer(FEE_POOL, 1n)]],
    ['a part for the account that a transfer makes', 2n, 1n, [transfer(stranger(1), 1n)]],
    ['one part for an account that is paid twice', 3n, 1n, [transfer(stranger(1), 1n), transfer(stranger(1), 1n)]],
    ['a part for a namespace', 3n, 1n, [createNamespace('a')]],
    ['a part for an entry', 3n, 1n, [put('new', 'v')]],
    ['nothing for an entry that is overwritten', 3n, 0n, [put('old', 'w')]],
    ['a part for an entry that is leased before it is written', 3n, 1n, [lease('new', 9)]],
    ['a part for a counter', 3n, 1n, [add('n', 1n)]],
    ['a part for a member', 3n, 1n, [insert('s', 'new')]],
    ['nothing for a member that is there', 3n, 0n, [insert('s', 'old')]],
    ['nothing for what goes again', 5n, 0n, [put('new', 'v'), remove('new')]],
    ['nothing for what comes back', 5n, 0n, [remove('old'), put('old', 'w')]],
    ['a part for each: what goes makes no other free', 7n, 2n, [remove('old'), put('a', ''), put('b', '')]],
  ])('%s', (_, weight, made, operations) => {
    const ledger = priced();
    const before = ledger.balance(ledger.alice);
    const pool = ledger.balance(FEE_POOL);
    const spent = operations.reduce((sum, each) => (each.kind === 'transfer' ? sum + each.amount : sum), 0n);
    const receipt = ledger.send(ledger.alice, ...operations);
    expect(receipt).toMatchObject({ code: 'OK', feePaid: weight * PRICE + made * NEW });
    expect(before - ledger.balance(ledger.alice)).toBe(receipt.feePaid + spent);
    const given = operations.some((each) => each.kind === 'transfer' && each.to === FEE_POOL) ? spent : 0n;
    expect(ledger.balance(FEE_POOL) - pool - given).toBe(receipt.feePaid);
  });

  test('no more than the sender offers: beyond that the transaction fails, and pays for its weight', () => {
    for (const [maxFee, code, feePaid] of [
      [2n * PRICE + NEW, 'OK', 2n * PRICE + NEW],
      [2n * PRICE + NEW - 1n, 'FEE_TOO_LOW', 2n * PRICE],
    ] as const) {
      const ledger = priced();
      expect(sendWith(ledger, [transfer(stranger(1), 1n)], { maxFee })).toMatchObject({ code, feePaid });
      expect(ledger.balance(stranger(1))).toBe(code === 'OK' ? 1n : 0n);
    }
  });

  test('no more than the sender has left', () => {
    for (const [left, code] of [
      [NEW, 'OK'],
      [NEW - 1n, 'INSUFFICIENT_BALANCE'],
    ] as const) {
      const ledger = priced();
      const { alice } = ledger;
      const amount = ledger.balance(alice) - 2n * PRICE - left;
      expect(ledger.send(alice, transfer(stranger(1), amount)).code).toBe(code);
      expect(ledger.balance(alice)).toBe(code === 'OK' ? 0n : amount + left);
      expect(ledger.supply()).toBe(ledger.genesis.supply);
    }
  });

  test('nothing where the transaction fails', () => {
    const ledger = priced();
    expect(ledger.send(ledger.alice, put('new', 'v'), transfer(stranger(1), 0n))).toMatchObject({
      code: 'AMOUNT_ZERO',
      feePaid: 4n * PRICE,
    });
  });
});

describe('where nothing costs anything, a sender', () => {
  const bounded = () => ledgerWith({ newEntriesMax: 3, depositPerByte: '1' });
  const blockOf = (ledger: Ledger, lists: readonly (readonly Operation[])[]) => {
    const block = ledger.execute(lists.map((operations) => [ledger.alice, operations] as const));
    advance(ledger.state, block);
    return { codes: block.record.receipts.map(({ code }) => code), skipped: block.skipped.map(({ code }) => code) };
  };
  const codes = (ledger: Ledger, lists: readonly (readonly Operation[])[]) => blockOf(ledger, lists).codes;

  test('makes so many accounts and entries in a block, and no more', () => {
    const ledger = bounded();
    const lists = [[put('a', ''), transfer(stranger(1), 1n)], [add('n', 1n)], [put('b', '')], [put('old', 'w')]];
    const skipped = ['BLOCK_FULL', 'NONCE_TOO_HIGH'];
    expect(blockOf(ledger, lists)).toEqual({ codes: ['OK', 'OK'], skipped });
    expect(ledger.entry('b')).toBeUndefined();
    // What there was no room for is as good as before, in the next block.
    expect(blockOf(ledger, lists.slice(2))).toEqual({ codes: ['OK', 'OK'], skipped: [] });
  });

  test('that makes nothing is not kept from a block by how much it sends', () => {
    const ledger = bounded();
    const overwrite = [put('old', 'w'), put('old', 'x'), put('old', 'y'), put('old', 'z')];
    expect(blockOf(ledger, [overwrite, overwrite])).toEqual({ codes: ['OK', 'OK'], skipped: [] });
  });

  test('makes none of those of a transaction that are too many together', () => {
    const ledger = bounded();
    const four = [put('a', ''), put('b', ''), put('c', ''), put('d', '')];
    expect(codes(ledger, [four, four.slice(1)])).toEqual(['TOO_MANY_NEW', 'OK']);
    expect([ledger.entry('a'), ledger.version('d')]).toEqual([undefined, { height: 3, index: 1 }]);
  });

  test('makes as many again in the next block', () => {
    const ledger = bounded();
    const three = (prefix: string) => [put(`${prefix}1`, ''), put(`${prefix}2`, ''), put(`${prefix}3`, '')];
    expect(codes(ledger, [three('a')])).toEqual(['OK']);
    expect(codes(ledger, [three('b')])).toEqual(['OK']);
  });

  test('does not use up what others may make, nor by what failed', () => {
    const ledger = bounded();
    const { alice, bob } = ledger;
    const two = (prefix: string) => [put(`${prefix}1`, ''), put(`${prefix}2`, '')];
    const receipts = ledger.append([
      [alice, [...two('a'), transfer(bob, 0n)]],
      [alice, two('b')],
      [bob, two('c')],
      [bob, two('d')],
    ]);
    expect(receipts.map(({ code }) => code)).toEqual(['AMOUNT_ZERO', 'OK', 'OK']);
  });

  test('has no account by signing alone: somebody has to pay it first', () => {
    const ledger = new Ledger();
    const [newcomer, operations] = [stranger(1), [createNamespace()]];
    const block = ledger.execute([[newcomer, operations]]);
    expect(block.skipped.map(({ code }) => code)).toEqual(['INSUFFICIENT_BALANCE']);
    const [transaction] = ledger.prepare([[newcomer, operations]]);
    const { chainId } = ledger.state.genesis;
    const later = makeTransaction({ chainId, sender: newcomer, nonce: 7, operations });
    for (const { signed } of [transaction!, later])
      expect(admission(ledger.state, signed)).toMatchObject({ error: { code: 'INSUFFICIENT_BALANCE' } });
    ledger.send(ledger.alice, transfer(newcomer, 1n));
    expect(ledger.send(newcomer, transfer(ledger.alice, 1n), ...operations).code).toBe('OK');
    expect(ledger.send(newcomer, put('k', 'v')).code).toBe('OK');
    expect(ledger.account(newcomer)).toEqual({ balance: 0n, nonce: 2 });
  });
});

describe('the least that an account may have', () => {
  const MINIMUM = 100n;
  const minimum = (parameters: Parameters = {}) => ledgerWith({ minimumBalance: String(MINIMUM), ...parameters });
  /** Leaves alice so much after what the operations cost. */
  const drain = (left: bigint) => (ledger: Ledger) => [transfer(ledger.bob, ledger.balance(ledger.alice) - left)];

  test.each<[string, string, (ledger: Ledger) => readonly Operation[]]>([
    ['OK', 'is enough for a new one', () => [transfer(stranger(1), MINIMUM)]],
    ['BELOW_MINIMUM', 'is asked of a new one', () => [transfer(stranger(1), MINIMUM - 1n)]],
    ['OK', 'may come in parts', () => [transfer(stranger(1), MINIMUM - 1n), transfer(stranger(1), 1n)]],
    ['OK', 'may be left', drain(MINIMUM)],
    ['BELOW_MINIMUM', 'is asked of the sender', drain(MINIMUM - 1n)],
    ['BELOW_MINIMUM', 'is asked of the sender, to the last unit', drain(0n)],
    ['OK', 'is asked of no account that nothing is taken of', ({ alice }) => [transfer(alice, 1n), put('old', 'w')]],
  ])('%s: it %s', (code, _, operations) => {
    const ledger = minimum();
    const before = ledger.balance(ledger.alice);
    expect(ledger.send(ledger.alice, ...operations(ledger)).code).toBe(code);
    if (code !== 'OK') expect(ledger.balance(ledger.alice)).toBe(before);
  });

  test('may be passed by fees, and then the account can only be paid, or do what takes nothing of it', () => {
    const ledger = minimum({ weightPrice: '3' });
    const { alice, bob } = ledger;
    expect(ledger.send(alice, transfer(bob, ledger.balance(alice) - MINIMUM - 2n * PRICE)).code).toBe('OK');
    expect(ledger.balance(alice)).toBe(MINIMUM);
    expect(ledger.send(alice, put('old', 'w')).code).toBe('OK');
    expect(ledger.send(alice, put('new', 'w')).code).toBe('OK');
    expect(ledger.balance(alice)).toBe(MINIMUM - 6n * PRICE - NEW);
    expect(ledger.send(alice, transfer(bob, 1n)).code).toBe('BELOW_MINIMUM');
    expect(ledger.send(bob, transfer(alice, 1n)).code).toBe('OK');
  });

  test('may not be passed by deposits; and is not asked of the accounts where fees and deposits lie', () => {
    const ledger = minimum({ depositPerByte: '1', weightPrice: '0' });
    const { alice, bob } = ledger;
    ledger.send(bob, remove('old'), takeOut('s', 'old'));
    expect(ledger.deposits()).toBe(4n + 32n * 2n);
    expect(ledger.send(alice, transfer(bob, ledger.balance(alice) - MINIMUM - 1n)).code).toBe('OK');
    expect(ledger.send(alice, { kind: 'set-writers', name: 'docs', writers: [] }).code).toBe('OK');
    expect(ledger.deposits()).toBe(4n + 32n);
    expect(ledger.send(alice, put('k', 'x'.repeat(28))).code).toBe('BELOW_MINIMUM');
    expect(ledger.send(alice, put('k', 'x'.repeat(27))).code).toBe('OK');
    expect(ledger.balance(alice)).toBe(MINIMUM);
  });

  test('is judged before the number of what is new, and that before its price', () => {
    const ledger = ledgerWith({ minimumBalance: '5', newEntriesMax: 2, weightPrice: '3' });
    const list = (amount: bigint, count: number) =>
      Array.from({ length: count }, (_, i) => transfer(stranger(i + 1), amount));
    const code = (operations: readonly Operation[], maxFee: bigint) => sendWith(ledger, operations, { maxFee }).code;
    expect(code(list(1n, 3), 12n)).toBe('BELOW_MINIMUM');
    expect(code(list(5n, 3), 12n)).toBe('TOO_MANY_NEW');
    expect(code(list(5n, 2), 12n)).toBe('FEE_TOO_LOW');
    expect(ledger.balance(ledger.alice)).toBe(BALANCE - 3n * PRICE - NEW - (4n + 4n + 3n) * PRICE);
  });
});

describe('all senders together', () => {
  // The least that a genesis may choose: a block then still has room for all that one transaction can make.
  const small = (parameters: Parameters = {}) =>
    ledgerWith({ newEntriesMax: 256, blockWeightMax: SHORT_TRANSACTION_WEIGHT_MAX, ...parameters });
  const some = (prefix: string, count: number) => Array.from({ length: count }, (_, i) => put(`${prefix}${i}`, ''));

  test('make no more in a block than one entry for each four units of its weight, and the others wait', () => {
    const ledger = small();
    const { alice, bob, carol } = ledger;
    const block = ledger.execute([
      [alice, some('a', OPERATIONS_MAX - 3)],
      [bob, some('b', 4)],
      [alice, some('c', 3)],
      [carol, [transfer(stranger(1), 1n)]],
    ]);
    advance(ledger.state, block);
    expect(block.record.executed).toEqual([0, 2]);
    expect(block.skipped.map(({ code }) => code)).toEqual(['BLOCK_FULL', 'BLOCK_FULL']);
    expect([block.made, ledger.entry('b0')]).toEqual([OPERATIONS_MAX, undefined]);
    expect(ledger.send(bob, ...some('b', OPERATIONS_MAX)).code).toBe('OK');
  });

  test('are not kept from what makes nothing, however much was made before it', () => {
    const ledger = small();
    const { alice, bob, carol } = ledger;
    const receipts = ledger.append([
      [alice, some('a', OPERATIONS_MAX)],
      [bob, Array.from({ length: OPERATIONS_MAX }, (_, i) => put('old', String(i)))],
      [carol, [transfer(bob, 1n)]],
      [bob, [remove('old'), put('old', 'again')]],
      [bob, [...some('gone', 1), remove('gone0')]],
    ]);
    expect(receipts.map(({ code }) => code)).toEqual(Array(5).fill('OK'));
  });

  test('pay nothing for what there is no room for, and it is as good as before', () => {
    const ledger = small({ weightPrice: String(PRICE) });
    const { alice, bob } = ledger;
    const before = ledger.account(bob);
    const block = ledger.execute([
      [alice, some('a', OPERATIONS_MAX)],
      [bob, [transfer(stranger(1), 1n)]],
      [bob, [put('old', 'w')]],
    ]);
    advance(ledger.state, block);
    expect(block.skipped.map(({ code }) => code)).toEqual(['BLOCK_FULL', 'NONCE_TOO_HIGH']);
    expect(ledger.account(bob)).toEqual(before);
    expect(ledger.supply()).toBe(ledger.genesis.supply);
    expect(ledger.send(bob, transfer(stranger(1), 1n)).code).toBe('OK');
  });

  test('fail by what is wrong with a transaction, and not by what the block is full of', () => {
    const ledger = small();
    const { alice, bob } = ledger;
    const receipts = ledger.append([
      [alice, some('a', OPERATIONS_MAX)],
      [bob, [...some('b', 1), transfer(alice, 0n)]],
    ]);
    expect(receipts.map(({ code }) => code)).toEqual(['OK', 'AMOUNT_ZERO']);
  });
});

test('a block rewrites no value, however long those are whose leases it takes and gives up', () => {
  const ledger = Ledger.withNamespace({ newEntriesMax: 4096 });
  const large = 'v'.repeat(VALUE_BYTES_MAX);
  const keys = Array.from({ length: 96 }, (_, number) => `k${number}`);
  for (const key of keys) expect(ledger.send(ledger.alice, put(key, large)).code).toBe('OK');
  const inLists = (operations: readonly Operation[]) =>
    Array.from({ length: 6 }, (_, list) => [ledger.alice, operations.slice(16 * list, 16 * list + 16)] as const);
  for (const each of [(key: string) => lease(key, ledger.height + 9), (key: string) => release(key)]) {
    const block = ledger.execute(inLists(keys.map(each)));
    expect(block.record.receipts.map(({ code }) => code)).toEqual(Array(6).fill('OK'));
    const entries = block.delta.entries.filter(({ key }) => key.kind === ENTRIES);
    expect(entries).toHaveLength(keys.length);
    for (const { bytes } of entries) expect(bytes?.length).toBeLessThan(256);
    expect([block.delta.values, block.delta.staleValues]).toEqual([[], []]);
    ledger.append(inLists(keys.map(each)));
  }
  for (const key of keys) expect(ledger.entry(key)?.value).toHaveLength(VALUE_BYTES_MAX);
});
