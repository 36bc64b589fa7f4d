/** Random chains of random bodies, most of whose transactions have something wrong. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Height, validatorIndex } from '../../src/base/brand.ts';
import { fromHex } from '../../src/codec/hex.ts';
import { merkleRoot } from '../../src/crypto/merkle.ts';
import { type ExecutedBlock, execute } from '../../src/ledger/execute.ts';
import { advance, genesisState, type LedgerState } from '../../src/ledger/state/ledger-state.ts';
import type { IdentifiedTransaction } from '../../src/ledger/transaction.ts';
import {
  accountOf,
  accountsOf,
  balanceOf,
  bodyOf,
  makeGenesis,
  makeTransaction,
  stranger,
  summary,
  transfer,
} from './network.ts';

const genesis = makeGenesis(2);

/** Three rich senders and two that have to be paid first. */
const people = [0, 1, 2].map((position) => accountOf(genesis, position)).concat(stranger(1), stranger(2));
const person = fc.constantFrom(...people);
const amount = fc.oneof(fc.bigInt({ min: 0n, max: 20n }), fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }));

const transaction = fc
  .record({
    sender: person,
    nonce: fc.nat(6),
    expiresAt: fc.constantFrom(0, 0, 1, 2, 3).map((at) => at as Height),
    maxFee: fc.constantFrom(0n, 4n, 100n),
    operations: fc.array(
      fc.tuple(person, amount).map(([to, paid]) => transfer(to, paid)),
      { minLength: 1, maxLength: 3 },
    ),
  })
  .map((fields) => makeTransaction({ chainId: genesis.chainId, ...fields }));

const body = fc.record({
  transactions: fc.uniqueArray(transaction, { selector: ({ id }) => id, maxLength: 30 }),
  proposer: fc.nat(3).map(validatorIndex),
  timestampMs: fc.nat(2 ** 42),
});

const bodies = fc.array(body, { minLength: 1, maxLength: 6 });

interface Step {
  readonly block: ExecutedBlock;
  readonly transactions: readonly IdentifiedTransaction[];
}

function run(chain: readonly (typeof body extends fc.Arbitrary<infer T> ? T : never)[]): [LedgerState, Step[]] {
  const state = genesisState(genesis);
  const steps = chain.map(({ transactions, ...fields }) => {
    const block = execute(state, bodyOf(transactions, fields), transactions);
    advance(state, block);
    return { block, transactions };
  });
  return [state, steps];
}

test('the supply is constant, and no balance is negative', () => {
  fc.assert(
    fc.property(bodies, (chain) => {
      const [state] = run(chain);
      const balances = [...accountsOf(state).values()].map(({ balance }) => balance);
      expect(balances.every((balance) => balance >= 0n)).toBe(true);
      expect(balances.reduce((sum, balance) => sum + balance, 0n)).toBe(genesis.supply);
    }),
  );
});

test('the executed transactions of an account have its nonces in sequence', () => {
  fc.assert(
    fc.property(bodies, (chain) => {
      const [state, steps] = run(chain);
      const next = new Map<string, number>();
      for (const { block, transactions } of steps) {
        for (const position of block.record.executed) {
          const { sender, nonce } = transactions[position]!.signed.transaction;
          expect(nonce).toBe(next.get(sender) ?? 0);
          next.set(sender, nonce + 1);
        }
      }
      for (const [address, { nonce }] of accountsOf(state)) expect(nonce).toBe(next.get(address) ?? 0);
    }),
  );
});

test('every transaction of a body is either executed or skipped, and only the executed stand under the root', () => {
  fc.assert(
    fc.property(bodies, (chain) => {
      for (const { block, transactions } of run(chain)[1]) {
        const { executed, receipts } = block.record;
        const executedIds = executed.map((position) => transactions[position]!.id);
        const skippedIds = block.skipped.map(({ id }) => id);
        expect(receipts.map(({ transactionId }) => transactionId)).toEqual(executedIds);
        expect([...executedIds, ...skippedIds].sort()).toEqual(transactions.map(({ id }) => id).sort());
        expect(block.header.transactionsRoot).toBe(merkleRoot(executedIds.map(fromHex)));
      }
    }),
  );
});

test('an id stands in the chain at most once', () => {
  fc.assert(
    fc.property(bodies, (chain) => {
      const ids = run(chain)[1].flatMap(({ block }) => block.record.receipts.map(({ transactionId }) => transactionId));
      expect(new Set(ids).size).toBe(ids.length);
    }),
  );
});

test('events say exactly how the balances changed', () => {
  fc.assert(
    fc.property(bodies, (chain) => {
      const [state, steps] = run(chain);
      const expected = new Map<string, bigint>([...genesis.accounts].map(({ address, balance }) => [address, balance]));
      const add = (address: string, difference: bigint) =>
        expected.set(address, (expected.get(address) ?? 0n) + difference);
      for (const { block, transactions } of steps) {
        for (const [index, { feePaid, events }] of block.record.receipts.entries()) {
          const { sender } = transactions[block.record.executed[index]!]!.signed.transaction;
          add(sender, -feePaid);
          add('f'.repeat(64), feePaid);
          for (const event of events) {
            if (event.kind !== 'transfer') throw new Error(`these bodies have no ${event.kind}`);
            add(event.from, -event.amount);
            add(event.to, event.amount);
          }
        }
      }
      for (const [address, balance] of expected) {
        expect(balanceOf(state, address as never)).toBe(balance);
      }
    }),
  );
});

test('the same bodies give the same blocks, by growing time', () => {
  fc.assert(
    fc.property(bodies, (chain) => {
      const steps = run(chain)[1];
      expect(run(chain)[1].map(({ block }) => summary(block))).toEqual(steps.map(({ block }) => summary(block)));
      const times = [genesis.timestampMs, ...steps.map(({ block }) => block.header.timestampMs)];
      expect(times.every((time, index) => index === 0 || time > times[index - 1]!)).toBe(true);
    }),
  );
});
