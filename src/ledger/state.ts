/**
 * The state of the ledger after some block: one mutable value, owned by whoever executes blocks. `execute` only reads it;
 * `advance` alone changes it.
 */
import { ContainerType, ListCompositeType, type ValueOf } from '@chainsafe/ssz';
import { type Address, type Epoch, type Hash, type Height, ZERO_HASH } from '../base/brand.ts';
import { invariant, present } from '../base/invariant.ts';
import { type Coded, fail, ok, type Result } from '../base/result.ts';
import { type Codec, codec } from '../codec/codec.ts';
import { fromHex } from '../codec/hex.ts';
import { hex32 } from '../codec/types.ts';
import { EMPTY_ROOT, HistoryTree, merkleRoot } from '../crypto/merkle.ts';
import type { Account, StoredAccount } from './account.ts';
import { AccountTree } from './account-tree.ts';
import { blockHash, type Header, HeaderType, NO_PROPOSER } from './block.ts';
import { type Epochs, epochsOf } from './epoch.ts';
import type { Genesis } from './genesis.ts';
import { type Offence, offenceCodec, offenceKey } from './offence.ts';
import { validatorsHash } from './validators.ts';

export interface LedgerState {
  readonly genesis: Genesis;
  /** As far as they follow from the state: the set of an epoch is known at the end of the one before. */
  readonly epochs: Epochs;
  /** The block after which the state is this. */
  head: { readonly header: Header; readonly hash: Hash };
  readonly accounts: Map<Address, Account>;
  accountTree: AccountTree;
  /** By `offenceKey`, in the order in which they were recorded. */
  readonly offences: Map<string, Offence>;
  offenceTree: HistoryTree;
  /** Over the hashes of all blocks before the head: the head's `historyRoot`. */
  history: HistoryTree;
}

/** The state at height 0. Its head is the genesis block, which has no body. */
export function genesisState(genesis: Genesis): LedgerState {
  const accounts = new Map(genesis.accounts.map(({ address, balance }) => [address, { balance, nonce: 0 }]));
  const accountTree = AccountTree.EMPTY.with(accounts);
  const offenceTree = new HistoryTree();
  const epochs = epochsOf(genesis);
  const validators = validatorsHash(present(epochs.of(0 as Epoch), 'the first epoch').validators);
  const header: Header = {
    chainId: genesis.chainId,
    height: 0 as Height,
    epoch: 0 as Epoch,
    parentHash: ZERO_HASH,
    bodyHash: ZERO_HASH,
    transactionsRoot: EMPTY_ROOT,
    receiptsRoot: EMPTY_ROOT,
    stateRoot: stateRoot(accountTree, offenceTree),
    historyRoot: EMPTY_ROOT,
    validatorsHash: validators,
    nextValidatorsHash: validators,
    timestampMs: genesis.timestampMs,
    proposer: NO_PROPOSER,
  };
  return {
    genesis,
    epochs,
    head: { header, hash: blockHash(header) },
    accounts,
    accountTree,
    offences: new Map(),
    offenceTree,
    history: new HistoryTree(),
  };
}

/** RFC 9162 tree over two leaves: the root of the accounts by address, and that of the offences in order. */
export const stateRoot = (accounts: AccountTree, offences: HistoryTree): Hash =>
  merkleRoot([fromHex(accounts.root), fromHex(offences.root())]);

/** What a block makes of the state before it. */
export interface StateChange {
  readonly header: Header;
  readonly hash: Hash;
  /** Accounts that are not as before, with what they are now. */
  readonly changes: ReadonlyMap<Address, Account>;
  /** Offences that were not recorded before, in the order of the body. */
  readonly offences: readonly Offence[];
  readonly accountTree: AccountTree;
  readonly offenceTree: HistoryTree;
  /** Over the hashes of all blocks before this one. */
  readonly history: HistoryTree;
}

/** Makes the state that after `block`, which was executed on it. */
export function advance(state: LedgerState, block: StateChange): void {
  invariant(block.header.parentHash === state.head.hash, 'a block is applied to the state it was executed on', {
    height: block.header.height,
    head: state.head.header.height,
  });
  for (const [address, account] of block.changes) state.accounts.set(address, account);
  for (const offence of block.offences) state.offences.set(offenceKey(offence), offence);
  state.head = { header: block.header, hash: block.hash };
  state.accountTree = block.accountTree;
  state.offenceTree = block.offenceTree;
  state.history = block.history;
}

const HISTORY_FRONTIER_MAX = 53;
const ChainStateType = new ContainerType({
  header: HeaderType,
  /** Frontier of the tree over the hashes of the `header.height` blocks before this one. */
  history: new ListCompositeType(hex32<Hash>() as never, HISTORY_FRONTIER_MAX),
});

/** What is stored of the state beside accounts and offences: one entry, replaced with each block. */
export type ChainState = Readonly<Omit<ValueOf<typeof ChainStateType>, 'history'>> & {
  readonly history: readonly Hash[];
};
export const chainStateCodec = codec(
  'ChainState',
  ChainStateType,
  ChainStateType.maxSize,
) as unknown as Codec<ChainState>;

/** The entry to store with the block. */
export const chainStateOf = ({ header, history }: Pick<StateChange, 'header' | 'history'>): ChainState => ({
  header,
  history: history.snapshot(),
});

export interface StoredState {
  readonly chain: ChainState;
  /** In any order. */
  readonly accounts: Iterable<StoredAccount>;
  /** In the order in which they were recorded. */
  readonly offences: Iterable<Offence>;
}

export interface RestoreError extends Coded {
  readonly code: 'STATE_CORRUPT';
}

/** The state from what was stored of it; every entry is checked against the header. Error: STATE_CORRUPT. */
export function restoreState(genesis: Genesis, stored: StoredState): Result<LedgerState, RestoreError> {
  const { header } = stored.chain;
  if (header.chainId !== genesis.chainId) return fail('STATE_CORRUPT', `stored state of chain ${header.chainId}`);
  const history = HistoryTree.restore(header.height, stored.chain.history);
  if (!history.ok) return fail('STATE_CORRUPT', `history: ${history.error.message}`);
  if (history.value.root() !== header.historyRoot) return fail('STATE_CORRUPT', 'history has another root');
  const accounts = new Map<Address, Account>();
  let supply = 0n;
  for (const { address, balance, nonce } of stored.accounts) {
    accounts.set(address, { balance, nonce });
    supply += balance;
  }
  if (supply !== genesis.supply) return fail('STATE_CORRUPT', `supply ${supply}, genesis has ${genesis.supply}`);
  const offences = new Map<string, Offence>();
  const offenceTree = new HistoryTree();
  for (const offence of stored.offences) {
    offences.set(offenceKey(offence), offence);
    offenceTree.append(offenceCodec.encode(offence));
  }
  const accountTree = AccountTree.EMPTY.with(accounts);
  if (stateRoot(accountTree, offenceTree) !== header.stateRoot) return fail('STATE_CORRUPT', 'state has another root');
  const head = { header, hash: blockHash(header) };
  const epochs = epochsOf(genesis);
  return ok({ genesis, epochs, head, accounts, accountTree, offences, offenceTree, history: history.value });
}
