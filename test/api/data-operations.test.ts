/** A kind of operation that carries data (note.ts): what it weighs, how long it may be, and the way that it goes. */
import { describe, expect, test } from 'vitest';
import { TRANSACTION_JSON_BYTES_MAX } from '../../src/api/limits.ts';
import { signedTransactionSchemaOf } from '../../src/api/transaction.ts';
import { signedTransactionFromJson, signedTransactionToJson } from '../../src/api/transaction-json.ts';
import { mostBytesOf } from '../../src/ledger/body-check.ts';
import { execute } from '../../src/ledger/execute.ts';
import { BYTES_PER_WEIGHT, MEMO_BYTES_MAX, TRANSACTION_BYTES_MAX, VALUE_BYTES_MAX } from '../../src/ledger/limits.ts';
import type { Condition } from '../../src/ledger/operations/data-fields.ts';
import { type AnyKind, OperationTable } from '../../src/ledger/operations/operation-table.ts';
import type { OPERATIONS } from '../../src/ledger/operations/table.ts';
import { transfer } from '../../src/ledger/operations/transfer.ts';
import { genesisState } from '../../src/ledger/state/ledger-state.ts';
import { identifyTransaction, type Operation, transactionCodecs } from '../../src/ledger/transaction.ts';
import { checkTransactionStateless, feeOf } from '../../src/ledger/transaction-rules.ts';
import { heaviestOf, weightOf } from '../../src/ledger/weight.ts';
import { accountOf, bodyOf, makeGenesis, makeTransaction, stranger, transfer as pay } from '../ledger/network.ts';
import { note } from './note.ts';

/** Types name the kinds that the ledger has, and so not this one. */
const TABLE = new OperationTable<AnyKind>([transfer, note]) as unknown as typeof OPERATIONS;
const PREFIX = 'tre';
const codec = transactionCodecs(TABLE).signed;
const genesis = makeGenesis(1);
const ANY: Condition = { kind: 'any' };
const VERSION: Condition = { kind: 'version', height: Number.MAX_SAFE_INTEGER as never, index: 65_535 };

interface Told {
  readonly key?: string;
  readonly namespace?: string;
  readonly condition?: Condition;
}
const noteOf = (bytes: number, { key = 'k', namespace = 'n', condition = ANY }: Told = {}): Operation =>
  ({ kind: 'note', namespace, key, value: new Uint8Array(bytes).fill(255), condition }) as never;

/** The same with everything as long as it may be. */
const longest = (bytes: number): Operation =>
  noteOf(bytes, { key: '"'.repeat(128), namespace: 'n'.repeat(32), condition: VERSION });

const { transaction: model } = makeTransaction({
  chainId: genesis.chainId,
  sender: accountOf(genesis, 0),
  operations: [],
}).signed;
const signedOf = (operations: readonly Operation[], memo = new Uint8Array(0)) => ({
  transaction: { ...model, operations, memo },
  signature: new Uint8Array(64),
});
const decoded = (bytes: Uint8Array) => identifyTransaction(bytes, undefined, codec);
const MEMO = new Uint8Array(MEMO_BYTES_MAX);
const times = <T>(count: number, each: T): readonly T[] => Array.from({ length: count }, () => each);

describe('an operation that carries data', () => {
  // Beyond the shortest of its kind: a namespace and a key of one character each, and the value.
  test.each([
    ['nothing but its key', 0, 2 + 1],
    ['as much as a unit holds', BYTES_PER_WEIGHT - 2, 2 + 1],
    ['one byte more', BYTES_PER_WEIGHT - 1, 2 + 2],
    ['the longest value', VALUE_BYTES_MAX, 2 + 257],
  ])('that is %s weighs a unit for each 256 bytes begun', (_, bytes, weight) => {
    expect(weightOf({ operations: [noteOf(bytes)] }, TABLE)).toBe(1 + weight);
    expect(weightOf({ operations: [noteOf(bytes), pay(stranger(1), 1n)] }, TABLE)).toBe(1 + weight + 1);
    const { transaction } = signedOf([noteOf(bytes)]);
    expect(feeOf(transaction, genesis.ledger, TABLE)).toBe(BigInt(1 + weight));
  });

  test('is executed, and its receipt says no more than its event', () => {
    const item = decoded(codec.encode(signedOf([longest(VALUE_BYTES_MAX)])));
    if (!item.ok) throw new Error(item.error.message);
    const free = genesisState(makeGenesis());
    const { record } = execute(free, bodyOf([item.value]), [item.value], TABLE);
    expect(record.receipts).toMatchObject([{ code: 'OK', events: [{ kind: 'note', key: '"'.repeat(128) }] }]);
  });

  test('that no block of the genesis holds is refused, whatever the state', () => {
    const within = (blockWeightMax: number) => ({ ...genesis, ledger: { ...genesis.ledger, blockWeightMax } });
    const signed = signedOf([noteOf(1000)]);
    const weight = weightOf(signed.transaction, TABLE);
    expect(checkTransactionStateless(signed, within(weight), TABLE)).toMatchObject({ ok: true });
    expect(checkTransactionStateless(signed, within(weight - 1), TABLE)).toMatchObject({
      error: { code: 'TOO_HEAVY' },
    });
  });
});

describe('a transaction', () => {
  const full = signedOf([longest(VALUE_BYTES_MAX), longest(VALUE_BYTES_MAX), ...times(14, longest(0))], MEMO);

  test('holds two of the longest values, fourteen more operations and a memo', () => {
    const bytes = codec.encode(full);
    expect(bytes.length).toBeLessThanOrEqual(TRANSACTION_BYTES_MAX);
    expect(decoded(bytes)).toMatchObject({ ok: true });
  });

  test('does not hold three of them', () => {
    const bytes = codec.encode(signedOf(times(3, noteOf(VALUE_BYTES_MAX))));
    expect(decoded(bytes)).toMatchObject({ ok: false, error: { code: 'TOO_LARGE' } });
  });

  test('that is as long as any fits into the JSON that is read, and comes back from it', () => {
    const json = signedTransactionToJson(full, PREFIX, TABLE);
    const text = JSON.stringify(json, null, 2);
    expect(text.length).toBeLessThan(TRANSACTION_JSON_BYTES_MAX);
    const parsed = signedTransactionSchemaOf(TABLE).parse(JSON.parse(text));
    expect(signedTransactionFromJson(parsed, PREFIX, TABLE)).toEqual({ ok: true, value: full });
  });
});

describe('bounds that follow from a table', () => {
  /** Transactions that bring as much as they can of one thing or another. */
  const shapes: readonly (readonly Operation[])[] = [
    [noteOf(0)],
    [noteOf(VALUE_BYTES_MAX)],
    times(16, noteOf(0)),
    times(16, longest(0)),
    [...times(2, noteOf(VALUE_BYTES_MAX)), ...times(14, noteOf(BYTES_PER_WEIGHT - 1))],
    [...times(2, noteOf(VALUE_BYTES_MAX - 7 * 255)), ...times(14, noteOf(2 * BYTES_PER_WEIGHT - 1))],
    times(16, noteOf(Math.floor((TRANSACTION_BYTES_MAX - 600) / 16) - 80)),
    // Each begins a unit with its last byte, and the transaction is full.
    [...times(13, noteOf(34 * BYTES_PER_WEIGHT - 1)), ...times(3, noteOf(33 * BYTES_PER_WEIGHT - 1))],
    times(16, pay(stranger(1), 1n)),
  ];

  test('no transaction that can be decoded is heavier than the heaviest, and one nearly is', () => {
    const weights = shapes.map((operations) => {
      expect(decoded(codec.encode(signedOf(operations)))).toMatchObject({ ok: true });
      return weightOf({ operations }, TABLE);
    });
    expect(Math.max(...weights)).toBeLessThanOrEqual(heaviestOf(TABLE));
    expect(Math.max(...weights)).toBeGreaterThan(heaviestOf(TABLE) - 4);
    expect(heaviestOf(TABLE)).toBeLessThan(1 + 3 * TABLE.weightMax);
  });

  test('a unit of weight brings 256 bytes and little more', () => {
    expect([TABLE.weightMin, TABLE.shortWeightMax, TABLE.weightMax]).toEqual([1, 2, 2 + 257]);
    expect(TABLE.bytesPerWeightMax).toBe(255);
    for (const operations of shapes) {
      const weight = operations.reduce((sum, each) => sum + TABLE.weightOf(each), 0);
      const bytes = codec.encode(signedOf(operations)).length - codec.encode(signedOf([])).length;
      expect(bytes).toBeLessThanOrEqual(weight * TABLE.bytesPerWeightMax);
    }
  });

  test('few transactions are reserved no more than they can have', () => {
    expect(mostBytesOf(1, 1_000_000)).toBeLessThanOrEqual(TRANSACTION_BYTES_MAX);
    expect(mostBytesOf(0, 4000)).toBe(0);
  });
});
