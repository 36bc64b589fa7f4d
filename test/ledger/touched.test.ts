/** Which entries a body touches: told before it is executed, and enough for it. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { epoch, height, validatorIndex, view } from '../../src/base/brand.ts';
import { InvariantViolation, invariant, present } from '../../src/base/invariant.ts';
import { sha256 } from '../../src/crypto/sha256.ts';
import { ACCOUNTS, FEE_POOL } from '../../src/ledger/account.ts';
import type { Body } from '../../src/ledger/block.ts';
import { execute } from '../../src/ledger/execute.ts';
import { OFFENCES } from '../../src/ledger/offence.ts';
import { type AnyKind, OperationTable } from '../../src/ledger/operations/operation-table.ts';
import { transfer as transferKind } from '../../src/ledger/operations/transfer.ts';
import { type StateKey, stateKeyBytes, stateKeyText } from '../../src/ledger/state/entry-kind.ts';
import { advance, genesisState, type LedgerState } from '../../src/ledger/state/ledger-state.ts';
import type { StateSource } from '../../src/ledger/state/source.ts';
import type { Height } from '../../src/base/brand.ts';
import { PENALTY_ACCOUNTS } from '../../src/ledger/membership/penalties.ts';
import { VALIDATORS } from '../../src/ledger/membership/validator-record.ts';
import { keysTouched } from '../../src/ledger/touched.ts';
import type { IdentifiedTransaction } from '../../src/ledger/transaction.ts';
import { nodesToFetch } from '../../src/ledger/tree/lookup.ts';
import type { StoredNodes, TreeNode } from '../../src/ledger/tree/node.ts';
import { type NodeKey, nodeKeyText, ROOT_PATH } from '../../src/ledger/tree/path.ts';
import type { Evidence } from '../../src/ledger/evidence.ts';
import { VOTE_KINDS, type VoteKind } from '../../src/ledger/vote.ts';
import { accountOf, bodyOf, hashOf, makeGenesis, makeTransaction, stranger, summary, transfer } from './network.ts';
import { anyOperation } from './operations/chains.ts';

const PRICE = 2;
const genesis = makeGenesis(PRICE);
const people = [0, 1, 2].map((position) => accountOf(genesis, position)).concat(stranger(1), stranger(2), FEE_POOL);
const person = fc.constantFrom(...people);
const transaction = fc
  .record({
    sender: person,
    nonce: fc.nat(3),
    expiresAt: fc.constantFrom(0, 0, 1, 2).map(height),
    maxFee: fc.constantFrom(4n, 100n),
    operations: fc.array(anyOperation, { minLength: 1, maxLength: 3 }),
  })
  .map((fields) => makeTransaction({ chainId: genesis.chainId, ...fields }));

const proof = (kind: VoteKind, at: number, validator: number): Evidence => {
  const signed = (digit: string) => ({
    vote: { kind, epoch: epoch(at), view: view(0), height: height(1), hash: hashOf(digit) },
    voter: validatorIndex(validator),
    signature: new Uint8Array(64),
  });
  return { kind: 'equivocation', first: signed('1'), second: signed('2') };
};
const evidence = fc.tuple(fc.constantFrom(...VOTE_KINDS), fc.nat(2), fc.nat(3)).map((of) => proof(...of));

const bodies = fc.array(
  fc.record({
    transactions: fc.uniqueArray(transaction, { selector: ({ id }) => id, maxLength: 12 }),
    evidence: fc.array(evidence, { maxLength: 3 }),
  }),
  { minLength: 1, maxLength: 5 },
);

/** What was fetched before execution: the entries under these keys, the root and the nodes on the paths to them, nothing else. */
class Fetched implements StateSource {
  readonly nodes: StoredNodes;
  readonly #entries = new Map<string, unknown>();

  constructor({ source, head }: LedgerState, keys: readonly StateKey[]) {
    for (const key of keys) this.#entries.set(stateKeyText(key), source.get(key));
    const nodes = new Map<string, TreeNode>();
    const here = { get: (key: NodeKey) => nodes.get(nodeKeyText(key)) };
    // Each version has a root of its own, so even a block that changes nothing is made from the root before it.
    const root: NodeKey = { version: head.header.height, path: ROOT_PATH };
    nodes.set(nodeKeyText(root), present(source.nodes.get(root), 'root'));
    for (;;) {
      const missing = nodesToFetch(
        here,
        head.header.height,
        keys.map((key) => this.treeKey(key)),
      );
      if (missing.length === 0) break;
      for (const { key } of missing) nodes.set(nodeKeyText(key), present(source.nodes.get(key), nodeKeyText(key)));
    }
    this.nodes = {
      get: (key) => present(here.get(key), `the node ${nodeKeyText(key)}, which is on no path,`),
      differenceOf: (key) => source.nodes.differenceOf(key),
    };
  }

  get<V>(key: StateKey<V>): V | undefined {
    const text = stateKeyText(key);
    invariant(this.#entries.has(text), 'execution reads only what was declared', { text });
    return this.#entries.get(text) as V | undefined;
  }

  treeKey(key: StateKey): Uint8Array {
    return sha256(stateKeyBytes(key));
  }

  apply(): void {
    throw new Error('execution leaves the state as it is');
  }
}

const next = ({ head }: LedgerState): Height => height(head.header.height + 1);

/** Executes with what the keys lead to alone. */
const executeOn = (
  state: LedgerState,
  body: Body,
  transactions: readonly (IdentifiedTransaction | null)[],
  keys: Iterable<StateKey> = keysTouched(state.epochs, next(state), body, transactions),
) => execute({ ...state, source: new Fetched(state, [...keys]) }, body, transactions);

describe('the keys that a body touches', () => {
  test('are enough to execute it: the block is the same where nothing else was fetched', () => {
    fc.assert(
      fc.property(bodies, (chain) => {
        const state = genesisState(genesis);
        for (const { transactions, ...fields } of chain) {
          const body = bodyOf(transactions, fields);
          const block = execute(state, body, transactions);
          const other = executeOn(state, body, transactions);
          expect(summary(other)).toEqual(summary(block));
          expect(other.delta).toEqual(block.delta);
          advance(state, block);
        }
      }),
      { numRuns: 200 },
    );
  });

  test('are enough where execution is told what it skips', () => {
    fc.assert(
      fc.property(bodies, (chain) => {
        const state = genesisState(genesis);
        for (const { transactions, ...fields } of chain) {
          const body = bodyOf(transactions, fields);
          const block = execute(state, body, transactions);
          const executed = new Set(block.record.executed);
          const told = transactions.map((item, position) => (executed.has(position) ? item : null));
          const other = executeOn(state, body, told);
          expect([other.record, other.delta]).toEqual([block.record, block.delta]);
          advance(state, block);
        }
      }),
    );
  });

  const alice = accountOf(genesis, 0);
  const pay = makeTransaction({ chainId: genesis.chainId, sender: alice, operations: [transfer(stranger(7), 5n)] });
  const guilt = proof('commit', 0, 3);
  const body = bodyOf([pay], { evidence: [guilt] });
  const offence = OFFENCES.key({ epoch: epoch(0), validator: validatorIndex(3) });
  const punished = [offence, VALIDATORS.key(validatorIndex(3)), ...PENALTY_ACCOUNTS.map((of) => ACCOUNTS.key(of))];
  const keys = [...punished, ACCOUNTS.key(FEE_POOL), ACCOUNTS.key(alice), ACCOUNTS.key(stranger(7))];
  const state = genesisState(genesis);

  test.each<[string, readonly [Body, Parameters<typeof keysTouched>[3]], readonly StateKey[]]>([
    ['nothing at all: none', [bodyOf([]), []], []],
    ['evidence alone: its offences', [bodyOf([], { evidence: [guilt] }), []], punished],
    ['a transfer and evidence: both accounts, the pool and the offence', [body, [pay]], keys],
    ['a transfer that is skipped: its own not', [bodyOf([pay]), [null]], [ACCOUNTS.key(FEE_POOL)]],
  ])('of a body with %s', (_, given, expected) => {
    const texts = (some: Iterable<StateKey>) => [...new Set([...some].map(stateKeyText))].sort();
    expect(texts(keysTouched(state.epochs, height(1), ...given))).toEqual(texts(expected));
  });

  // Where nothing is at stake a penalty moves nothing.
  const needed = keys.filter(({ text }) => !PENALTY_ACCOUNTS.some((of) => of === text));
  test.each(needed.map((key) => [stateKeyText(key), key] as const))('are all needed: not without %s', (_, left) => {
    const state = genesisState(genesis);
    expect(() => executeOn(state, body, [pay], keys)).not.toThrow();
    const others = keys.filter((key) => key !== left);
    expect(() => executeOn(state, body, [pay], others)).toThrow(InvariantViolation);
  });

  test('are those of the table that it is executed by, and the sender whatever its operations declare', () => {
    const gift: AnyKind = {
      ...transferKind,
      keys: () => [ACCOUNTS.key(stranger(9))],
      execute: ({ sender, state }, { to }) => {
        expect(state.get(ACCOUNTS.key(stranger(9)))).toBeUndefined();
        return { kind: 'transfer', from: sender, to, amount: 5n };
      },
    };
    const table = new OperationTable<AnyKind>([gift]);
    const state = genesisState(genesis);
    const touched = [...keysTouched(state.epochs, next(state), body, [pay], table)];
    const block = execute({ ...state, source: new Fetched(state, touched) }, body, [pay], table);
    expect(block.record.receipts.map(({ code }) => code)).toEqual(['OK']);
  });
});
