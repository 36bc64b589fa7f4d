import { describe, expect, test } from 'vitest';
import { validatorIndex } from '../../src/base/brand.ts';
import { type Body, fullBodyCodec, fullBodySize, NO_PROPOSER } from '../../src/ledger/block.ts';
import { checkBody } from '../../src/ledger/body-check.ts';
import { MEMO_BYTES_MAX, OPERATIONS_MAX } from '../../src/ledger/limits.ts';
import type { IdentifiedTransaction, Transaction } from '../../src/ledger/transaction.ts';
import { accountOf, bodyOf, hashOf, makeGenesis, makeTransaction, transfer } from './network.ts';

const genesis = makeGenesis();
const [alice, bob] = [accountOf(genesis, 0), accountOf(genesis, 1)];
const make = (nonce: number, fields: Partial<Transaction> = {}) =>
  makeTransaction({ chainId: genesis.chainId, sender: alice, operations: [transfer(bob, 1n)], nonce, ...fields });
const many = (count: number, fields: Partial<Transaction> = {}) =>
  Array.from({ length: count }, (_, nonce) => make(nonce, fields));

const verdict = (body: Body, transactions: readonly IdentifiedTransaction[], within = genesis): string => {
  const result = checkBody(body, transactions, within, within.validators);
  return result.ok ? 'fit' : result.error.code;
};

describe('a body', () => {
  const [a, b] = [make(0), make(1)];
  const foreign = make(2, { chainId: hashOf('1') });
  const idle = make(3, { operations: [] });

  test.each<[string, string, Body, readonly IdentifiedTransaction[]]>([
    ['of two transactions', 'fit', bodyOf([a, b]), [a, b]],
    ['of none', 'fit', bodyOf([]), []],
    ['by nobody', 'NOT_A_VALIDATOR', bodyOf([], { proposer: NO_PROPOSER }), []],
    ['by a validator that is not in the set', 'NOT_A_VALIDATOR', bodyOf([], { proposer: validatorIndex(4) }), []],
    ['with a transaction missing', 'TRANSACTIONS_MISMATCH', bodyOf([a, b]), [a]],
    ['with the transactions in another order', 'TRANSACTIONS_MISMATCH', bodyOf([a, b]), [b, a]],
    ['with one transaction twice', 'DUPLICATE_TRANSACTION', bodyOf([a, a]), [a, a]],
    ['with a transaction of another chain', 'WRONG_CHAIN', bodyOf([a, foreign]), [a, foreign]],
    ['with a transaction that does nothing', 'NO_OPERATIONS', bodyOf([idle]), [idle]],
  ])('%s is %s', (_, expected, body, transactions) => {
    expect(verdict(body, transactions)).toBe(expected);
  });

  test('of exactly the greatest weight is fit, and one more transaction is too much', () => {
    const transactions = many(2001);
    expect(verdict(bodyOf(transactions.slice(0, 2000)), transactions.slice(0, 2000))).toBe('fit');
    expect(verdict(bodyOf(transactions), transactions)).toBe('BODY_TOO_HEAVY');
  });

  test('that does not fit a frame is refused, whatever weight the genesis allows', () => {
    const roomy = { ...genesis, ledger: { ...genesis.ledger, blockWeightMax: 139_264 } };
    const operations = Array.from({ length: OPERATIONS_MAX }, () => transfer(bob, 1n));
    const transactions = many(8000, { operations, memo: new Uint8Array(MEMO_BYTES_MAX) });
    expect(verdict(bodyOf(transactions), transactions, roomy)).toBe('BODY_TOO_LARGE');
    const some = transactions.slice(0, 6500);
    expect(verdict(bodyOf(some), some, roomy)).toBe('fit');
  });

  test('has the size of its encoding', () => {
    const transactions = many(7, { memo: new Uint8Array(9) });
    const body = bodyOf(transactions);
    const encoded = fullBodyCodec.encode({ body, transactions: transactions.map(({ bytes }) => bytes) });
    const bytes = transactions.reduce((sum, each) => sum + each.bytes.length, 0);
    expect(fullBodySize(body, bytes)).toBe(encoded.length);
  });
});
