import { describe, expect, test } from 'vitest';
import { epoch, type Height, height, validatorIndex, view } from '../../src/base/brand.ts';
import { InvariantViolation } from '../../src/base/invariant.ts';
import { fromHex } from '../../src/codec/hex.ts';
import { EMPTY_ROOT, merkleRoot } from '../../src/crypto/merkle.ts';
import { nobleEd25519 } from '../../src/crypto/ed25519.ts';
import { ACCOUNTS, FEE_POOL } from '../../src/ledger/account.ts';
import { NO_PROPOSER, NULL_BODY, NULL_BODY_HASH, receiptCodec } from '../../src/ledger/block.ts';
import { execute } from '../../src/ledger/execute.ts';
import { advance, genesisState } from '../../src/ledger/state/ledger-state.ts';
import { ROOT_PATH } from '../../src/ledger/tree/path.ts';
import type { Transaction } from '../../src/ledger/transaction.ts';
import { admission, feeOf } from '../../src/ledger/transaction-rules.ts';
import type { Evidence } from '../../src/ledger/evidence.ts';
import type { SignedVote, VoteKind } from '../../src/ledger/vote.ts';
import { weightOf } from '../../src/ledger/weight.ts';
import {
  accountOf,
  accountsOf,
  append,
  balanceOf,
  bodyOf,
  hashOf,
  makeGenesis,
  makeTransaction,
  nonceOf,
  offencesOf,
  stranger,
  summary,
  transfer,
} from './network.ts';

const BALANCE = 1_000_000_000n;

/** A chain on which a unit of weight costs `price`, and a writer of alice's transactions. */
function chain(price = 0) {
  const genesis = makeGenesis(price);
  const state = genesisState(genesis);
  const alice = accountOf(genesis, 0);
  const bob = accountOf(genesis, 1);
  const byAlice = (fields: Partial<Transaction>) =>
    makeTransaction({ chainId: genesis.chainId, sender: alice, operations: [transfer(bob, 5n)], ...fields });
  return { genesis, state, alice, bob, byAlice };
}

describe('a transfer', () => {
  test('moves the amount, pays the fee into the pool and uses the nonce', () => {
    const { state, alice, bob, byAlice } = chain(3);
    const transaction = byAlice({});
    const block = append(state, [transaction]);
    expect(balanceOf(state, alice)).toBe(BALANCE - 5n - 6n);
    expect(balanceOf(state, bob)).toBe(BALANCE + 5n);
    expect(balanceOf(state, FEE_POOL)).toBe(6n);
    expect([nonceOf(state, alice), nonceOf(state, bob)]).toEqual([1, 0]);
    expect(block.record.executed).toEqual([0]);
    expect(block.record.receipts).toEqual([
      {
        transactionId: transaction.id,
        code: 'OK',
        feePaid: 6n,
        events: [{ kind: 'transfer', from: alice, to: bob, amount: 5n }],
      },
    ]);
  });

  test('without fees touches two accounts', () => {
    const { state, alice, bob, byAlice } = chain();
    const block = append(state, [byAlice({})]);
    const changed = block.delta.entries.map(({ key }) => key);
    expect(changed.toSorted((a, b) => (a.text < b.text ? -1 : 1))).toEqual(
      [alice, bob].sort().map((who) => ACCOUNTS.key(who)),
    );
  });

  test('to oneself changes the nonce alone', () => {
    const { state, alice, byAlice } = chain();
    append(state, [byAlice({ operations: [transfer(alice, 5n)] })]);
    expect([balanceOf(state, alice), nonceOf(state, alice)]).toEqual([BALANCE, 1]);
  });

  test('makes an account of an address that was never paid', () => {
    const { state, byAlice } = chain();
    append(state, [byAlice({ operations: [transfer(stranger(7), 5n)] })]);
    expect(accountsOf(state).get(stranger(7))).toEqual({ balance: 5n, nonce: 0 });
  });

  test('of all there is empties the account', () => {
    const { state, alice, byAlice } = chain();
    append(state, [byAlice({ operations: [transfer(stranger(7), BALANCE)] })]);
    expect(accountsOf(state).get(alice)).toEqual({ balance: 0n, nonce: 1 });
  });

  test('spends what came in earlier in the same block', () => {
    const { genesis, state, bob, byAlice } = chain();
    const onwards = makeTransaction({
      chainId: genesis.chainId,
      sender: bob,
      operations: [transfer(stranger(7), BALANCE + 5n)],
    });
    append(state, [byAlice({}), onwards]);
    expect(balanceOf(state, stranger(7))).toBe(BALANCE + 5n);
  });
});

describe('a transaction is skipped, without receipt and fee,', () => {
  test.each([
    ['NONCE_TOO_LOW', 'when its nonce is used', { nonce: 0 }, 2],
    ['NONCE_TOO_HIGH', 'when an earlier one is missing', { nonce: 2 }, 1],
    ['EXPIRED', 'one height after its last', { nonce: 1, expiresAt: 1 as Height }, 1],
    ['FEE_TOO_LOW', 'when it offers less than the fee', { nonce: 1, maxFee: 5n }, 1],
  ] as const)('%s %s', (code, _, fields, sent) => {
    const { state, alice, byAlice } = chain(3);
    append(
      state,
      Array.from({ length: sent }, (_unused, nonce) => byAlice({ nonce })),
    );
    const before = accountsOf(state);
    const transaction = byAlice(fields);
    const block = append(state, [transaction]);
    expect(block.skipped).toEqual([{ id: transaction.id, code }]);
    expect(block.record).toMatchObject({ executed: [], receipts: [] });
    expect(block.header.transactionsRoot).toBe(EMPTY_ROOT);
    expect(nonceOf(state, alice)).toBe(sent);
    expect(accountsOf(state)).toEqual(before);
  });

  test('INSUFFICIENT_BALANCE when its sender cannot pay the fee', () => {
    const { genesis, state, byAlice } = chain(3);
    append(state, [byAlice({ operations: [transfer(stranger(7), 5n)] })]);
    const poor = makeTransaction({
      chainId: genesis.chainId,
      sender: stranger(7),
      operations: [transfer(stranger(8), 1n)],
    });
    expect(append(state, [poor]).skipped).toEqual([{ id: poor.id, code: 'INSUFFICIENT_BALANCE' }]);
  });

  test('and may come again when its time has come', () => {
    const { state, byAlice } = chain();
    const second = byAlice({ nonce: 1 });
    append(state, [second]);
    const block = append(state, [byAlice({ nonce: 0 }), second]);
    expect(block.skipped).toEqual([]);
    expect(block.record.executed).toEqual([0, 1]);
  });
});

test('a transaction is executed when its fee is all that its sender has', () => {
  const { genesis, state, byAlice } = chain(3);
  append(state, [byAlice({ operations: [transfer(stranger(7), 6n)] })]);
  const last = makeTransaction({
    chainId: genesis.chainId,
    sender: stranger(7),
    operations: [transfer(stranger(8), 1n)],
  });
  const block = append(state, [last]);
  expect(block.record.receipts.map(({ code }) => code)).toEqual(['INSUFFICIENT_BALANCE']);
  expect(accountsOf(state).get(stranger(7))).toEqual({ balance: 0n, nonce: 1 });
});

test('a transaction is executed at the last height of its life', () => {
  const { state, byAlice } = chain();
  expect(append(state, [byAlice({ expiresAt: height(1) })]).skipped).toEqual([]);
});

describe('a transaction fails as a whole, and pays for it,', () => {
  test.each([
    ['INSUFFICIENT_BALANCE', [transfer(stranger(1), 10n), transfer(stranger(2), BALANCE)]],
    ['INSUFFICIENT_BALANCE', [transfer(stranger(1), BALANCE)]],
    ['AMOUNT_ZERO', [transfer(stranger(1), 10n), transfer(stranger(2), 0n)]],
  ] as const)('with %s', (code, operations) => {
    const { genesis, state, alice, byAlice } = chain(3);
    const transaction = byAlice({ operations });
    const fee = feeOf(transaction.signed.transaction, genesis.ledger);
    const block = append(state, [transaction]);
    expect(block.record.receipts).toEqual([{ transactionId: transaction.id, code, feePaid: fee, events: [] }]);
    expect(accountsOf(state).get(alice)).toEqual({ balance: BALANCE - fee, nonce: 1 });
    expect(balanceOf(state, stranger(1))).toBe(0n);
    expect(balanceOf(state, FEE_POOL)).toBe(fee);
  });
});

describe('fees', () => {
  test.each([
    [1, 2],
    [2, 3],
    [16, 17],
  ])('of %i transfers are for a weight of %i', (count, weight) => {
    const { genesis, bob, byAlice } = chain(7);
    const { signed } = byAlice({ operations: Array.from({ length: count }, () => transfer(bob, 1n)) });
    expect(weightOf(signed.transaction)).toBe(weight);
    expect(feeOf(signed.transaction, genesis.ledger)).toBe(7n * BigInt(weight));
  });

  test('cannot be taken out of the pool: no signature is valid for its address', () => {
    const message = new Uint8Array(1);
    const signature = nobleEd25519.sign(new Uint8Array(32).fill(1), message);
    expect(nobleEd25519.verify(fromHex(FEE_POOL), message, signature)).toBe(false);
    expect(nobleEd25519.verify(fromHex(FEE_POOL), message, new Uint8Array(64))).toBe(false);
  });
});

describe('a header', () => {
  test('binds body, roots, parent and history', () => {
    const { genesis, state, byAlice } = chain();
    const genesisBlock = state.head;
    const first = append(state, [byAlice({ nonce: 0 }), byAlice({ nonce: 5 }), byAlice({ nonce: 1 })]);
    const second = append(state, []);
    const { receipts } = first.record;
    expect(first.record.executed).toEqual([0, 2]);
    expect(first.header).toMatchObject({
      chainId: genesis.chainId,
      height: 1,
      parentHash: genesisBlock.hash,
      transactionsRoot: merkleRoot(receipts.map(({ transactionId }) => fromHex(transactionId))),
      receiptsRoot: merkleRoot(receipts.map((receipt) => receiptCodec.encode(receipt))),
      historyRoot: merkleRoot([fromHex(genesisBlock.hash)]),
      proposer: 0,
    });
    expect(second.header).toMatchObject({
      height: 2,
      parentHash: first.hash,
      historyRoot: merkleRoot([fromHex(genesisBlock.hash), fromHex(first.hash)]),
      stateRoot: first.header.stateRoot,
    });
  });

  test.each([
    ["the body's time where it is later", 5000, 5000],
    ["one millisecond after the parent's where the body's is the same", 0, 1],
    ["one millisecond after the parent's where the body's is earlier", -5000, 1],
  ])('has %s', (_, bodyOffset, expected) => {
    const { genesis, state } = chain();
    const block = execute(state, bodyOf([], { timestampMs: genesis.timestampMs + bodyOffset }), []);
    expect(block.header.timestampMs - genesis.timestampMs).toBe(expected);
  });

  test('of a null body is that of an empty block by nobody', () => {
    const { genesis, state } = chain();
    const block = execute(state, NULL_BODY, []);
    expect(block.header).toMatchObject({
      bodyHash: NULL_BODY_HASH,
      proposer: NO_PROPOSER,
      timestampMs: genesis.timestampMs + 1,
      stateRoot: state.head.header.stateRoot,
    });
  });
});

describe('evidence', () => {
  const voteOf = (hash: string, voter: number, kind: VoteKind): SignedVote => ({
    vote: { kind, epoch: epoch(0), view: view(2), height: height(9), hash: hashOf(hash) },
    voter: validatorIndex(voter),
    signature: new Uint8Array(64),
  });
  const evidence = (first: string, second: string, voter = 3, kind: VoteKind = 'commit'): Evidence => ({
    kind: 'equivocation',
    first: voteOf(first, voter, kind),
    second: voteOf(second, voter, kind),
  });
  const offence = { kind: 'commit', epoch: 0, view: 2, height: 9, validator: 3 };

  test('is recorded as an offence, which the state root binds', () => {
    const { state } = chain();
    const block = execute(state, bodyOf([], { evidence: [evidence('1', '2')] }), []);
    expect(block.offences).toEqual([offence]);
    expect(block.header.stateRoot).not.toBe(state.head.header.stateRoot);
    advance(state, block);
    expect(offencesOf(state)).toEqual([offence]);
  });

  test('of an offence that is on record, in this body or an earlier one, changes nothing', () => {
    const { state } = chain();
    const first = execute(state, bodyOf([], { evidence: [evidence('1', '2'), evidence('3', '4')] }), []);
    const once = execute(state, bodyOf([], { evidence: [evidence('1', '2')] }), []);
    expect(first.offences).toEqual([offence]);
    expect(first.header.stateRoot).toBe(once.header.stateRoot);
    advance(state, first);
    const second = execute(state, bodyOf([], { evidence: [evidence('1', '2')] }), []);
    expect(second.offences).toEqual([]);
    expect(second.header.stateRoot).toBe(first.header.stateRoot);
  });

  test('of another validator counts by itself, of another vote in the same epoch does not', () => {
    const { state } = chain();
    const pieces = [evidence('1', '2'), evidence('1', '2', 1), evidence('1', '2', 3, 'prepare')];
    const { offences } = execute(state, bodyOf([], { evidence: pieces }), []);
    expect(offences.map(({ validator }) => validator)).toEqual([3, 1]);
  });
});

describe('execution', () => {
  test('leaves the state as it is, and gives the same block again', () => {
    const { state, byAlice } = chain(3);
    const transactions = [byAlice({ nonce: 0 }), byAlice({ nonce: 1 })];
    const now = () => ({
      entries: [...state.source.entries()],
      root: state.source.nodes.get({ version: height(0), path: ROOT_PATH }),
      next: state.source.nodes.get({ version: height(1), path: ROOT_PATH }),
      head: state.head,
      history: state.history.snapshot(),
    });
    const before = now();
    expect(before).toMatchObject({ root: expect.any(Uint8Array) as unknown, next: undefined });
    const block = execute(state, bodyOf(transactions), transactions);
    expect(now()).toEqual(before);
    expect(summary(execute(state, bodyOf(transactions), transactions))).toEqual(summary(block));
  });

  test('wants the transactions of the body', () => {
    const { state, byAlice } = chain();
    const [first, second] = [byAlice({ nonce: 0 }), byAlice({ nonce: 1 })];
    expect(() => execute(state, bodyOf([first]), [])).toThrow(InvariantViolation);
    expect(() => execute(state, bodyOf([first]), [second])).toThrow(InvariantViolation);
  });

  test('is not applied to another state than its own', () => {
    const { state } = chain();
    const block = execute(state, bodyOf([]), []);
    advance(state, block);
    expect(() => advance(state, block)).toThrow(InvariantViolation);
  });
});

describe('admission to the mempool', () => {
  test.each([
    ['the next transaction', {}, 'admitted'],
    ['one that is early', { nonce: 9 }, 'admitted'],
    ['one whose nonce is used', { nonce: 0 }, 'NONCE_TOO_LOW'],
    ['one that expired', { expiresAt: 1 as Height }, 'EXPIRED'],
    ['one that can just be in the next block', { expiresAt: 2 as Height }, 'admitted'],
    ['one that offers too little', { maxFee: 5n }, 'FEE_TOO_LOW'],
    ['one whose sender cannot pay the fee', { nonce: 0, sender: stranger(1) }, 'INSUFFICIENT_BALANCE'],
  ])('%s: %s', (_, fields, expected) => {
    const { state, byAlice } = chain(3);
    append(state, [byAlice({ nonce: 0 })]);
    const result = admission(state, byAlice({ nonce: 1, ...fields }).signed);
    expect(result.ok ? 'admitted' : result.error.code).toBe(expected);
  });
});
