/** Random chains of random bodies with operations of all kinds, most of which have something wrong, under random parameters. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { present } from '../../../src/base/invariant.ts';
import { ACCOUNTS, type Account, DEPOSITS, FEE_POOL } from '../../../src/ledger/account.ts';
import { receiptCodec } from '../../../src/ledger/block.ts';
import { type ExecutedBlock, execute } from '../../../src/ledger/execute.ts';
import { OPERATIONS } from '../../../src/ledger/operations/table.ts';
import { ENTRY_KINDS } from '../../../src/ledger/state/kinds.ts';
import { advance } from '../../../src/ledger/state/ledger-state.ts';
import { height } from '../../../src/base/brand.ts';
import { keysTouched } from '../../../src/ledger/touched.ts';
import type { IdentifiedTransaction } from '../../../src/ledger/transaction.ts';
import { feeOf, mostSpentBy } from '../../../src/ledger/transaction-rules.ts';
import { bodyOf, summary } from '../network.ts';
import { only } from '../told.ts';
import { BEGINNING, type Chain, chains, transactionsOf } from './chains.ts';
import { Ledger } from './kit.ts';

interface Step {
  readonly block: ExecutedBlock;
  readonly transactions: readonly IdentifiedTransaction[];
}

/** Runs the chain; `look` sees the ledger before each block is applied to it. */
function run({ parameters, bodies }: Chain, look?: (ledger: Ledger, step: Step) => void): Ledger {
  const ledger = new Ledger(parameters);
  expect(ledger.send(ledger.alice, BEGINNING).code).toBe('OK');
  for (const body of bodies) {
    const transactions = transactionsOf(ledger.genesis.chainId, body, (of) => ledger.account(of)?.nonce ?? 0);
    const source = only(
      ledger.state.source,
      keysTouched(ledger.state.epochs, height(ledger.height + 1), bodyOf(transactions), transactions),
    );
    const block = execute({ ...ledger.state, source }, bodyOf(transactions), transactions);
    look?.(ledger, { block, transactions });
    advance(ledger.state, block);
  }
  return ledger;
}

const assertAll = (check: (chain: Chain) => void, numRuns = 150): void =>
  fc.assert(fc.property(chains, check), { numRuns });

describe('of bodies with operations of all kinds', () => {
  test('nothing throws, the supply stays, and what lies with the deposits is what entries keep', () => {
    assertAll((chain) => {
      const ledger = run(chain);
      expect(ledger.supply()).toBe(ledger.genesis.supply);
      expect(ledger.deposits()).toBe(ledger.kept());
    });
  });

  test('two executions agree, on what was told before alone', () => {
    assertAll((chain) => {
      const blocks: unknown[] = [];
      run(chain, (_, { block }) => blocks.push(summary(block)));
      run(chain, (_, { block }) => expect(summary(block)).toEqual(blocks.shift()));
    });
  });

  test('a sender never has less than what was left after the most that its transactions can spend', () => {
    assertAll((chain) => {
      run(chain, (ledger, { block, transactions }) => {
        const most = new Map<string, bigint>();
        for (const position of block.record.executed) {
          const { transaction } = transactions[position]!.signed;
          const spent = mostSpentBy(transaction, feeOf(transaction, ledger.genesis.ledger), ledger.genesis.ledger);
          most.set(transaction.sender, (most.get(transaction.sender) ?? 0n) + spent);
        }
        for (const { key: changed, before, after } of block.delta.entries) {
          if (changed.kind !== ACCOUNTS) continue;
          const [was, is] = [before, after].map((value) => (value as Account | undefined)?.balance ?? 0n) as [
            bigint,
            bigint,
          ];
          if (changed.text !== DEPOSITS) expect(was - is).toBeLessThanOrEqual(most.get(changed.text) ?? 0n);
        }
      });
    });
  });

  test('no account pays more than it offered, and receipts go through bytes', () => {
    assertAll((chain) => {
      run(chain, (_, { block, transactions }) => {
        for (const [index, receipt] of block.record.receipts.entries()) {
          const { maxFee, operations } = transactions[block.record.executed[index]!]!.signed.transaction;
          expect(receipt.feePaid).toBeLessThanOrEqual(maxFee);
          expect(receipt.events.map(({ kind }) => kind)).toEqual(
            receipt.code === 'OK' ? operations.map(({ kind }) => kind) : [],
          );
          expect(receiptCodec.decode(receiptCodec.encode(receipt))).toEqual({ ok: true, value: receipt });
        }
      });
    });
  });

  test('what is stored of an entry is read back by the kind that its key names', () => {
    assertAll((chain) => {
      run(chain, (_, { block }) => {
        for (const { key, after, bytes } of block.delta.entries) {
          if (bytes === undefined) continue;
          const kind = present(ENTRY_KINDS.get(key.kind.name), key.kind.name);
          expect(kind.codec.decode(bytes)).toEqual({ ok: true, value: after });
        }
      });
    });
  });

  test('one alone that fails changes nothing but its sender’s account and the pool of fees', () => {
    assertAll(({ parameters, bodies }) => {
      run({ parameters, bodies: bodies.flat().map((one) => [one]) }, (_, { block, transactions }) => {
        const [receipt] = block.record.receipts;
        if (receipt === undefined || receipt.code === 'OK') return;
        const changed = block.delta.entries.map(({ key: { kind, text } }) => [kind.name, text]);
        const allowed = [transactions[0]!.signed.transaction.sender, FEE_POOL].map((of) => ['account', of]);
        for (const one of changed) expect(allowed).toContainEqual(one);
      });
    }, 60);
  });

  test('every code comes up that there is, but for those of validators', () => {
    const seen = new Set<string>();
    const seed = 20_261_123;
    fc.assert(
      fc.property(chains, (chain) => {
        run(chain, (_, { block }) => {
          for (const { code } of block.record.receipts) seen.add(code);
        });
      }),
      { numRuns: 400, seed },
    );
    // ../membership/chains.property.test.ts asks for those.
    const others = (['bond', 'unbond', 'withdraw', 'unjail', 'propose', 'vote'] as const).flatMap((kind) =>
      Object.keys(OPERATIONS.kindOf({ kind }).codes),
    );
    const asked = OPERATIONS.codes.filter((code) => DATA_CODES.has(code) || !others.includes(code));
    expect(asked.filter((code) => !seen.has(code))).toEqual([]);
  });
});

/** Codes that operations on accounts and data may fail by. */
const DATA_CODES: ReadonlySet<string> = new Set(Object.keys(OPERATIONS.kindOf({ kind: 'transfer' }).codes));
