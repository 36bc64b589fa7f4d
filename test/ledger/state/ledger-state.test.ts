import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { epoch, type Height, height, validatorIndex, view, ZERO_HASH } from '../../../src/base/brand.ts';
import { InvariantViolation, present } from '../../../src/base/invariant.ts';
import type { Codec } from '../../../src/codec/codec.ts';
import { EMPTY_ROOT } from '../../../src/crypto/merkle.ts';
import { firstEpoch } from '../../../src/ledger/epoch.ts';
import { EPOCHS, recordOf } from '../../../src/ledger/membership/epoch-record.ts';
import { GOVERNANCE } from '../../../src/ledger/membership/proposal.ts';
import { newValidator, VALIDATORS } from '../../../src/ledger/membership/validator-record.ts';
import { ACCOUNTS, type Account } from '../../../src/ledger/account.ts';
import { blockHash, NO_PROPOSER } from '../../../src/ledger/block.ts';
import { type ExecutedBlock, execute } from '../../../src/ledger/execute.ts';
import type { Genesis } from '../../../src/ledger/genesis.ts';
import { OFFENCES } from '../../../src/ledger/offence.ts';
import type { StateKey } from '../../../src/ledger/state/entry-kind.ts';
import {
  advance,
  type ChainState,
  chainStateCodec,
  chainStateOf,
  genesisBlock,
  genesisState,
  type LedgerState,
  restoreState,
} from '../../../src/ledger/state/ledger-state.ts';
import { MemoryState } from '../../../src/ledger/state/memory-state.ts';
import type { StateSource } from '../../../src/ledger/state/source.ts';
import type { TreeNode } from '../../../src/ledger/tree/node.ts';
import { ROOT_PATH } from '../../../src/ledger/tree/path.ts';
import { validatorsHash } from '../../../src/ledger/validators.ts';
import type { Evidence } from '../../../src/ledger/evidence.ts';
import {
  accountOf,
  accountsOf,
  append,
  bodyOf,
  hashOf,
  makeGenesis,
  makeTransaction,
  offencesOf,
  stranger,
  summary,
  transfer,
} from '../network.ts';
import { NaiveState, stateOf } from './kit.ts';

const genesis = makeGenesis(1);
const pay = (nonce: number) =>
  makeTransaction({
    chainId: genesis.chainId,
    sender: accountOf(genesis, 0),
    nonce,
    operations: [transfer(stranger(nonce + 1), 5n)],
  });

const evidenceAt = (at: number): Evidence => {
  const vote = { kind: 'prepare', epoch: epoch(0), view: view(0), height: height(at) } as const;
  const signed = (hash: string) => ({
    vote: { ...vote, hash: hashOf(hash) },
    voter: validatorIndex(at % 3),
    signature: new Uint8Array(64),
  });
  return { kind: 'equivocation', first: signed('1'), second: signed('2') };
};

/** All that a state says, to compare two. */
const contentOf = (state: LedgerState) => ({
  genesis: state.genesis,
  head: state.head,
  accounts: accountsOf(state),
  offences: offencesOf(state),
  hasRoot: state.source.nodes.get({ version: state.head.header.height, path: ROOT_PATH }) !== undefined,
  history: [state.history.size, ...state.history.snapshot()],
  next: state.epochs.at((state.head.header.height + 1) as Height),
});

/** What a store has of a state. */
interface Stored {
  readonly chain: ChainState;
  readonly entries: readonly (readonly [StateKey, unknown])[];
}

/** Five blocks with new accounts and offences, and what a store would have of them. */
function someChain() {
  const state = genesisState(genesis);
  let block: ExecutedBlock | undefined;
  for (let nonce = 0; nonce < 5; nonce++) {
    const transactions = [pay(nonce)];
    block = execute(state, bodyOf(transactions, { evidence: [evidenceAt(5 - nonce)] }), transactions);
    advance(state, block);
  }
  const stored: Stored = { chain: chainStateOf(present(block, 'block')), entries: [...state.source.entries()] };
  return { state, stored };
}

function again<T>(codec: Codec<T>, value: T): T {
  const result = codec.decode(codec.encode(value));
  if (!result.ok) throw new Error(result.error.message);
  return result.value;
}

/** Through bytes and back. */
const reread = ({ chain, entries }: Stored): Stored => ({
  chain: again(chainStateCodec, chain),
  entries: entries.map(([key, value]) => [key, again(key.kind.codec, value)] as const),
});

/** The tree of entries that were read back, in another order than they came in. */
const sourceOf = ({ chain, entries }: Stored): MemoryState => stateOf(entries.toReversed(), chain.header.height);

describe('a stored state', () => {
  test('is restored, and the next block on it is the same', () => {
    const { state, stored } = someChain();
    const back = reread(stored);
    const restored = restoreState(genesis, back.chain, sourceOf(back));
    if (!restored.ok) throw new Error(restored.error.message);
    expect(contentOf(restored.value)).toEqual(contentOf(state));
    expect([accountsOf(state).size, offencesOf(state).length]).toEqual([20, 3]);
    expect(summary(append(restored.value, [pay(5)]))).toEqual(summary(append(state, [pay(5)])));
  });

  test.each<[string, Genesis]>([
    ['the genesis', genesis],
    ['a genesis without accounts', { ...genesis, accounts: [] }],
  ])('is restored where it is %s', (_, founded) => {
    const state = genesisState(founded);
    const chain = again(chainStateCodec, chainStateOf(genesisBlock(founded)));
    const restored = restoreState(founded, chain, state.source);
    if (!restored.ok) throw new Error(restored.error.message);
    expect(contentOf(restored.value)).toEqual(contentOf(state));
  });

  const entry = (stored: Stored, key: StateKey, value: unknown): Stored => ({
    ...stored,
    entries: [...stored.entries.filter(([each]) => each.text !== key.text), [key, value] as const],
  });
  const alice = ACCOUNTS.key(accountOf(genesis, 0));
  const first = ACCOUNTS.key(stranger(1));
  const offence = OFFENCES.key({ epoch: epoch(0), validator: validatorIndex(2) });
  const change = <V>(stored: Stored, key: StateKey<V>, to: (value: V) => V | undefined): Stored =>
    entry(stored, key, to(present(stored.entries.find(([each]) => each.text === key.text)?.[1] as V, 'entry')));

  test.each<[string, (stored: Stored) => Stored]>([
    ['an account is missing', (stored) => change(stored, first, () => undefined)],
    [
      'an account is there that was never made',
      (stored) => entry(stored, ACCOUNTS.key(stranger(99)), { balance: 0n, nonce: 0 }),
    ],
    [
      'money moved',
      (stored) => {
        const by = (amount: bigint) => (account: Account) => ({ ...account, balance: account.balance + amount });
        return change(change(stored, alice, by(1n)), first, by(-1n));
      },
    ],
    ['a nonce went back', (stored) => change(stored, alice, (account) => ({ ...account, nonce: 0 }))],
    ['an offence is missing', (stored) => change(stored, offence, () => undefined)],
    ['an offence is another', (stored) => change(stored, offence, (said) => ({ ...said, view: view(1) }))],
    ['it holds nothing', (stored) => ({ ...stored, entries: [] })],
  ])('is refused when %s', (_, spoil) => {
    const stored = spoil(someChain().stored);
    expect(restoreState(genesis, stored.chain, sourceOf(stored))).toEqual(refused(/^state has another root: /));
  });

  test.each<[string, RegExp, (chain: ChainState) => ChainState]>([
    ['history is too short', /^history: /, (chain) => ({ ...chain, history: chain.history.slice(1) })],
    [
      'history is another',
      /^history has another root$/,
      (chain) => ({ ...chain, history: chain.history.map(() => hashOf('5')) }),
    ],
    [
      'it is of another chain',
      /^stored state of chain 66/,
      (chain) => ({ ...chain, header: { ...chain.header, chainId: hashOf('6') } }),
    ],
    [
      'its header tells of another state',
      /^state has another root: /,
      (chain) => ({ ...chain, header: { ...chain.header, stateRoot: hashOf('7') } }),
    ],
  ])('is refused when %s', (_, message, spoil) => {
    const { stored } = someChain();
    expect(restoreState(genesis, spoil(stored.chain), sourceOf(stored))).toEqual(refused(message));
  });

  test.each<[string, (stored: Stored) => MemoryState]>([
    ['is of the block before', ({ entries }) => stateOf(entries, height(4))],
    ['is of the block after', ({ entries }) => stateOf(entries, height(6))],
    ['is not there', () => new MemoryState()],
  ])('is refused when the tree %s', (_, sourceFrom) => {
    const { stored } = someChain();
    expect(restoreState(genesis, stored.chain, sourceFrom(stored))).toEqual(
      refused(/^the root of the state at height 5 is missing$/),
    );
  });

  test('is refused when a byte of a hash in the root node is another', () => {
    const { stored } = someChain();
    const source = sourceOf(stored);
    const node = present(source.nodes.get({ version: height(5), path: ROOT_PATH }), 'root');
    // After the eight bytes that say what is in each slot stand the hashes of the four quarters.
    for (let at = 8; at < 8 + 4 * 32; at++) {
      const nodes = { get: () => node.with(at, (node[at] ?? 0) ^ 1) as TreeNode, differenceOf: () => undefined };
      const spoiled: StateSource = {
        nodes,
        get: (key) => source.get(key),
        treeKey: (key) => source.treeKey(key),
        apply: (delta) => source.apply(delta),
      };
      expect(restoreState(genesis, stored.chain, spoiled)).toEqual(refused(/^state has another root: /));
    }
  });
});

const refused = (message: RegExp) => ({
  ok: false,
  error: { code: 'STATE_CORRUPT', message: expect.stringMatching(message) as unknown },
});

describe('the block of a genesis', () => {
  test('has an entry for each account, for each validator and for the first epoch, and the root over them', () => {
    const { header, hash, delta, history } = genesisBlock(genesis);
    const first = firstEpoch(genesis);
    const entries: readonly (readonly [StateKey, unknown])[] = [
      ...Array.from(
        genesis.accounts,
        ({ address, balance }) => [ACCOUNTS.key(address), { balance, nonce: 0 }] as const,
      ),
      ...genesis.validators.members.map(({ index, name, publicKey, peerId }) => {
        const member = { index, name, publicKey, peerId };
        const account = present(genesis.validatorAccounts[member.index], 'account');
        const given = { ...member, account, status: 'active', since: height(0), stake: 0n } as const;
        return [VALIDATORS.key(member.index), newValidator(given)] as const;
      }),
      [GOVERNANCE, { nextProposal: 0 }],
      [EPOCHS.key(first.epoch), recordOf(first)],
    ];
    expect(delta.height).toBe(0);
    expect(delta.entries.map(({ key, before, after }) => [key, before, after])).toEqual(
      entries.map(([key, value]) => [key, undefined, value]),
    );
    expect(delta.tree).toMatchObject({ root: NaiveState.of(entries).root(), stale: [] });
    expect(header).toEqual({
      chainId: genesis.chainId,
      height: 0,
      epoch: 0,
      parentHash: ZERO_HASH,
      bodyHash: ZERO_HASH,
      transactionsRoot: EMPTY_ROOT,
      receiptsRoot: EMPTY_ROOT,
      stateRoot: delta.tree.root,
      historyRoot: EMPTY_ROOT,
      validatorsHash: validatorsHash(genesis.validators),
      nextValidatorsHash: validatorsHash(genesis.validators),
      timestampMs: genesis.timestampMs,
      proposer: NO_PROPOSER,
    });
    expect(hash).toBe(blockHash(header));
    expect(history.size).toBe(0);
  });

  test('without accounts has the validators, and the first epoch', () => {
    const { delta } = genesisBlock({ ...genesis, accounts: [] });
    const kinds = delta.entries.map(({ key }) => key.kind.name);
    expect(kinds).toEqual([...Array.from({ length: 4 }, () => 'validator'), 'governance', 'epoch']);
  });

  test('is the same in whatever order the accounts stand', () => {
    const more = Array.from({ length: 40 }, (_, i) => ({ address: stranger(i), balance: BigInt(i) }));
    const accounts = [...genesis.accounts, ...more];
    const { header, delta } = genesisBlock({ ...genesis, accounts });
    const shuffled = fc.shuffledSubarray(accounts, { minLength: accounts.length });
    fc.assert(
      fc.property(shuffled, (order) => {
        const other = genesisBlock({ ...genesis, accounts: order });
        expect(other.header).toEqual(header);
        expect(other.delta.tree).toEqual(delta.tree);
      }),
      { numRuns: 20 },
    );
  });

  test('is put into the source that is given, and another in each call without one', () => {
    const source = new MemoryState();
    const state = genesisState(genesis, source);
    expect(state.source).toBe(source);
    append(state, [pay(0)]);
    expect(accountsOf(genesisState(genesis)).size).toBe([...genesis.accounts].length);
  });
});

test('a block is applied to the state it was executed on alone, and another leaves the state as it is', () => {
  const [state, other] = [genesisState(genesis), genesisState(genesis)];
  append(other, [pay(0)]);
  const block = execute(other, bodyOf([]), []);
  expect(() => advance(state, block)).toThrow(InvariantViolation);
  expect(contentOf(state)).toEqual(contentOf(genesisState(genesis)));
});
