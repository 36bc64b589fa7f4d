/** A kind of operation that only this test knows goes the whole way of a transaction: one file (sweep.ts), one line in a table. */
import { describe, expect, test } from 'vitest';
import { receiptSchemaOf, signedTransactionSchemaOf } from '../../src/api/transaction.ts';
import { receiptToJson, signedTransactionFromJson, signedTransactionToJson } from '../../src/api/transaction-json.ts';
import { InvariantViolation } from '../../src/base/invariant.ts';
import { formatAddress } from '../../src/crypto/address.ts';
import { ACCOUNTS, FEE_POOL } from '../../src/ledger/account.ts';
import { execute } from '../../src/ledger/execute.ts';
import { NEW_ENTRY_WEIGHT } from '../../src/ledger/limits.ts';
import { type AnyKind, OperationTable } from '../../src/ledger/operations/operation-table.ts';
import { OPERATIONS } from '../../src/ledger/operations/table.ts';
import { transfer } from '../../src/ledger/operations/transfer.ts';
import { advance, genesisState, type LedgerState } from '../../src/ledger/state/ledger-state.ts';
import {
  type IdentifiedTransaction,
  identifyTransaction,
  type SignedTransaction,
  signedTransactionCodec,
  transactionCodecs,
} from '../../src/ledger/transaction.ts';
import { admission, checkTransactionStateless, feeOf, mostSpentBy } from '../../src/ledger/transaction-rules.ts';
import { weightOf } from '../../src/ledger/weight.ts';
import { accountOf, accountsOf, balanceOf, bodyOf, makeGenesis, stranger } from '../ledger/network.ts';
import { sweep } from './sweep.ts';

/** Types name the kinds that the ledger has, and so not this one. */
const TABLE = new OperationTable<AnyKind>([transfer, sweep]) as unknown as typeof OPERATIONS;

const PRICE = 2n;
const PREFIX = 'tre';
const BALANCE = 1_000_000_000n;
const genesis = makeGenesis(Number(PRICE));
const alice = accountOf(genesis, 0);
const text = (number: number) => formatAddress(stranger(number), PREFIX);
const codec = transactionCodecs(TABLE).signed;

/** What a client posts: a transaction of alice with these operations. */
const posted = (operations: readonly object[], maxFee = 1000n) => ({
  transaction: {
    chainId: genesis.chainId,
    sender: formatAddress(alice, PREFIX),
    nonce: 0,
    expiresAt: 0,
    maxFee: String(maxFee),
    operations,
    memo: '',
  },
  signature: '00'.repeat(64),
});

const parse = (json: object) => signedTransactionSchemaOf(TABLE).safeParse(JSON.parse(JSON.stringify(json)));

function fromJson(json: object) {
  const parsed = parse(json);
  if (!parsed.success) throw parsed.error;
  return signedTransactionFromJson(parsed.data, PREFIX, TABLE);
}

/** From JSON to bytes, and from the bytes to what a node works with. */
function submitted(operations: readonly object[], maxFee?: bigint): IdentifiedTransaction {
  const signed = fromJson(posted(operations, maxFee));
  if (!signed.ok) throw new Error(signed.error.message);
  const identified = identifyTransaction(codec.encode(signed.value), undefined, codec);
  if (!identified.ok) throw new Error(identified.error.message);
  return identified.value;
}

function executed(state: LedgerState, item: IdentifiedTransaction, table: OperationTable = TABLE) {
  const block = execute(state, bodyOf([item]), [item], table);
  advance(state, block);
  return block.record.receipts[0]!;
}

const all = { kind: 'sweep', to: text(7), atLeast: '5' };

describe('a kind of operation that is one line in a table', () => {
  test('has bytes of its own, which a table without it refuses', () => {
    const { bytes, signed } = submitted([all]);
    expect(signed.transaction.operations).toEqual([{ kind: 'sweep', to: stranger(7), atLeast: 5n }]);
    expect(identifyTransaction(bytes)).toMatchObject({ ok: false, error: { code: 'MALFORMED' } });
  });

  test('leaves the bytes of the kinds before it as they are', () => {
    const { signed, bytes } = submitted([{ kind: 'transfer', to: text(7), amount: '5' }]);
    expect(signedTransactionCodec.encode(signed)).toEqual(bytes);
  });

  test('goes to JSON and back', () => {
    const { signed } = submitted([all]);
    expect(signedTransactionToJson(signed, PREFIX, TABLE)).toEqual(posted([all]));
  });

  test.each<[string, object, string]>([
    ['an amount beyond 64 bits', { ...all, atLeast: String(2n ** 64n) }, 'beyond 2^64 - 1'],
    ['a field left out', { kind: 'sweep', to: text(7) }, 'expected string'],
    ['a kind that no table has', { ...all, kind: 'weep' }, 'Invalid'],
  ])('is refused with %s', (_, operation, message) => {
    const parsed = parse(posted([operation]));
    expect(parsed.error?.issues[0]?.message).toContain(message);
    expect(parsed.error?.issues[0]?.path.slice(0, 3)).toEqual(['transaction', 'operations', 0]);
  });

  test('is refused with an address of another network, by its place', () => {
    const foreign = { ...all, to: formatAddress(stranger(7), 'other') };
    const refused = fromJson(posted([all, foreign]));
    expect(refused).toMatchObject({ error: { code: 'BAD_ADDRESS' } });
    expect(!refused.ok && refused.error.message).toMatch(/^transaction\.operations\[1\]\.to: /);
  });

  test('is weighed and priced as it says, alone and among others', () => {
    const { transaction } = submitted([all, { kind: 'transfer', to: text(8), amount: '5' }]).signed;
    expect(weightOf(transaction, TABLE)).toBe(1 + 4 + 1);
    expect(feeOf(transaction, genesis.ledger, TABLE)).toBe(6n * PRICE);
    const growth = 2n * BigInt(NEW_ENTRY_WEIGHT) * PRICE;
    expect(mostSpentBy(transaction, 6n * PRICE, genesis.ledger, TABLE)).toBe(6n * PRICE + growth + 2n ** 64n - 1n + 5n);
  });

  test('is let into the mempool where it can pay for its weight', () => {
    const state = genesisState(genesis);
    const verdict = ({ signed }: { signed: SignedTransaction }) => {
      const stateless = checkTransactionStateless(signed, genesis, TABLE);
      const admitted = stateless.ok ? admission(state, signed, TABLE) : stateless;
      return admitted.ok ? 'admitted' : admitted.error.code;
    };
    expect(verdict(submitted([all], 10n))).toBe('admitted');
    expect(verdict(submitted([all], 9n))).toBe('FEE_TOO_LOW');
    expect(verdict(submitted([]))).toBe('NO_OPERATIONS');
  });

  test('is executed, and its receipt goes through bytes and JSON', () => {
    const state = genesisState(genesis);
    const bob = accountOf(genesis, 1);
    const item = submitted([{ ...all, to: formatAddress(bob, PREFIX) }]);
    const receipt = executed(state, item);
    expect([balanceOf(state, alice), balanceOf(state, bob)]).toEqual([0n, 2n * BALANCE - 10n]);
    expect(TABLE.receiptCodec.decode(TABLE.receiptCodec.encode(receipt))).toEqual({ ok: true, value: receipt });
    const json = receiptToJson(receipt, PREFIX, TABLE);
    expect(json).toEqual({
      transactionId: item.id,
      code: 'OK',
      feePaid: '10',
      events: [{ kind: 'sweep', to: formatAddress(bob, PREFIX), swept: String(BALANCE - 10n) }],
    });
    expect(receiptSchemaOf(TABLE).parse(json)).toEqual(json);
  });

  test('fails with a code of its own, and takes the operations before it back', () => {
    const state = genesisState(genesis);
    const before = { kind: 'transfer', to: text(7), amount: '1' };
    const receipt = executed(state, submitted([before, { ...all, atLeast: String(BALANCE) }]));
    expect(receipt).toMatchObject({ code: 'TOO_LITTLE', feePaid: 12n, events: [] });
    expect(receiptSchemaOf(TABLE).parse(receiptToJson(receipt, PREFIX, TABLE)).code).toBe('TOO_LITTLE');
    expect(TABLE.receiptCodec.decode(TABLE.receiptCodec.encode(receipt))).toEqual({ ok: true, value: receipt });
    expect(accountsOf(state).has(stranger(7))).toBe(false);
    expect(accountsOf(state).get(alice)).toEqual({ balance: BALANCE - 12n, nonce: 1 });
    expect(balanceOf(state, FEE_POOL)).toBe(12n);
  });

  test.each<[string, AnyKind['keys']]>([
    ['the account that it pays', (sender) => [ACCOUNTS.key(sender)]],
    ['its own account', (_, { to }) => [ACCOUNTS.key(to as never)]],
  ])('touches nothing that it did not declare: not %s', (_, keys) => {
    const careless = new OperationTable<AnyKind>([transfer, { ...sweep, keys }]);
    expect(() => executed(genesisState(genesis), submitted([all]), careless)).toThrow(InvariantViolation);
  });
});

describe('a table', () => {
  const kind = (name: string, codes: Record<string, number>): AnyKind => ({ ...sweep, kind: name, codes });

  test('of the ledger has these kinds and codes, in this order', () => {
    expect(OPERATIONS.codes).toEqual([
      ...['OK', 'INSUFFICIENT_BALANCE', 'AMOUNT_ZERO', 'NOT_PAYABLE', 'FEE_TOO_LOW', 'TOO_MANY_NEW', 'BELOW_MINIMUM'],
      ...['NAMESPACE_EXISTS', 'DUPLICATE_WRITER', 'NO_NAMESPACE', 'NOT_OWNER', 'NOT_A_WRITER', 'CONDITION_FAILED'],
      ...['LEASED', 'NO_ENTRY', 'UNTIL_OUT_OF_RANGE', 'NO_LEASE', 'COUNTER_OVERFLOW'],
      ...['NOT_A_VALIDATOR', 'NOT_YOUR_VALIDATOR', 'NOT_STAKE_MODE', 'INSUFFICIENT_STAKE', 'BELOW_MIN_STAKE'],
      ...['STAKE_LIMIT', 'TOMBSTONED', 'REMOVED', 'EXITING', 'NOT_RELEASED', 'NOT_JAILED', 'JAILED_UNTIL', 'NO_VOTE'],
      ...['PROPOSALS_FULL', 'TOO_MANY_PROPOSALS', 'EXPIRES_OUT_OF_RANGE', 'NO_PROPOSAL', 'PROPOSAL_CLOSED'],
      ...['IDENTITY_TAKEN', 'NO_PLACE', 'NOT_AN_OBSERVER', 'NOTHING_CHANGES', 'PARAMETER_OUT_OF_RANGE'],
      ...['UPGRADE_OUT_OF_RANGE', 'SYSTEM_ACCOUNT', 'BAD_PEER_ID'],
    ]);
    expect([OPERATIONS.weightMin, OPERATIONS.shortWeightMax, OPERATIONS.weightMax]).toEqual([1, 1, 258]);
    expect([OPERATIONS.bytesMin, OPERATIONS.bytesPerWeightMax]).toEqual([7, 256]);
  });

  test('gives each code its number, whichever kind tells it first', () => {
    const table = new OperationTable([kind('a', { THIRD: 3, FIRST: 1 }), kind('b', { FIRST: 1, SECOND: 2 })]);
    expect(table.codes).toEqual(['OK', 'FIRST', 'SECOND', 'THIRD']);
  });

  test('bounds what a unit of weight can bring by the kind that brings most', () => {
    expect([TABLE.weightMin, TABLE.weightMax, TABLE.bytesMin, TABLE.bytesPerWeightMax]).toEqual([1, 4, 45, 45]);
  });

  test.each<[string, readonly AnyKind[]]>([
    ['a kind twice', [kind('a', {}), kind('a', {})]],
    ['two codes under one number', [kind('a', { FIRST: 1 }), kind('b', { OTHER: 1 })]],
    ['one code under two numbers', [kind('a', { FIRST: 1 }), kind('b', { FIRST: 2 })]],
    ['a number left out', [kind('a', { SECOND: 2 })]],
    ['a failure under the number of OK', [kind('a', { FIRST: 0 })]],
  ])('does not take %s', (_, kinds) => {
    expect(() => new OperationTable(kinds)).toThrow(InvariantViolation);
  });
});
