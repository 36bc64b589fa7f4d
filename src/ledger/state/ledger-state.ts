/**
 * The state of the ledger after some block: one mutable value, owned by whoever executes blocks. `execute` only reads it;
 * `advance` alone changes it.
 */
import { ContainerType, ListCompositeType, type ValueOf } from '@chainsafe/ssz';
import { type Epoch, type Hash, type Height, ZERO_HASH } from '../../base/brand.ts';
import { invariant } from '../../base/invariant.ts';
import { type Coded, fail, ok, type Result } from '../../base/result.ts';
import { type Codec, codec } from '../../codec/codec.ts';
import { fromHex } from '../../codec/hex.ts';
import { hex32 } from '../../codec/types.ts';
import { EMPTY_ROOT, HistoryTree } from '../../crypto/merkle.ts';
import { ACCOUNTS } from '../account.ts';
import { blockHash, type Header, HeaderType, NO_PROPOSER } from '../block.ts';
import { EpochLog, type GrowingEpochs, firstEpoch, type KnownEpoch } from '../epoch.ts';
import type { Genesis } from '../genesis.ts';
import { EVIDENCE_EPOCHS_MAX } from '../limits.ts';
import { EPOCHS, type EpochValue, knownEpochOf } from '../membership/epoch-record.ts';
import { beginMembership } from '../membership/founding.ts';
import { checkNodeHash } from '../tree/node-codec.ts';
import { ROOT_PATH } from '../tree/path.ts';
import { validatorsHash } from '../validators.ts';
import { deltaOf } from './delta.ts';
import type { StateKey } from './entry-kind.ts';
import { MemoryState } from './memory-state.ts';
import { Overlay } from './overlay.ts';
import type { StateDelta, StateSource } from './source.ts';

export interface LedgerState {
  readonly genesis: Genesis;
  /** As far as they follow from the state: the set of an epoch is known at the end of the one before. */
  readonly epochs: GrowingEpochs;
  /** The block after which the state is this. */
  head: { readonly header: Header; readonly hash: Hash };
  /** The entries of the state, and the tree over them. */
  readonly source: StateSource;
  /** Over the hashes of all blocks before the head: the head's `historyRoot`. */
  history: HistoryTree;
}

/** What the genesis puts into the empty state, and its block, which has no body. */
export function genesisBlock(genesis: Genesis): Omit<StateChange, 'nextEpoch'> {
  const nothing = new MemoryState();
  const overlay = new Overlay(nothing);
  for (const { address, balance } of genesis.accounts) overlay.set(ACCOUNTS.key(address), { balance, nonce: 0 });
  beginMembership(overlay, genesis);
  const delta = deltaOf(nothing, overlay, { from: undefined, to: 0 as Height });
  const header = genesisHeader(genesis, delta.tree.root);
  return { header, hash: blockHash(header), delta, history: new HistoryTree() };
}

/** Header of the genesis block, whose state has this root. */
export function genesisHeader(genesis: Genesis, stateRoot: Hash): Header {
  const validators = validatorsHash(genesis.validators);
  return {
    chainId: genesis.chainId,
    height: 0 as Height,
    epoch: 0 as Epoch,
    parentHash: ZERO_HASH,
    bodyHash: ZERO_HASH,
    transactionsRoot: EMPTY_ROOT,
    receiptsRoot: EMPTY_ROOT,
    stateRoot,
    historyRoot: EMPTY_ROOT,
    validatorsHash: validators,
    nextValidatorsHash: validators,
    timestampMs: genesis.timestampMs,
    proposer: NO_PROPOSER,
  };
}

/** The state at height 0, with all entries in memory. */
export function genesisState<S extends StateSource = MemoryState>(
  genesis: Genesis,
  source: S = new MemoryState() as unknown as S,
): LedgerState & { readonly source: S } {
  const { header, hash, delta, history } = genesisBlock(genesis);
  source.apply(delta);
  return { genesis, epochs: new EpochLog([firstEpoch(genesis)]), head: { header, hash }, source, history };
}

/** What a block makes of the state before it. */
export interface StateChange {
  readonly header: Header;
  readonly hash: Hash;
  readonly delta: StateDelta;
  /** Over the hashes of all blocks before this one. */
  readonly history: HistoryTree;
  /** Of the last block of an epoch, the one that comes after it. */
  readonly nextEpoch: KnownEpoch | undefined;
}

/** Makes the state that after `block`, which was executed on it. */
export function advance(state: LedgerState, block: StateChange): void {
  invariant(block.header.parentHash === state.head.hash, 'a block is applied to the state it was executed on', {
    height: block.header.height,
    head: state.head.header.height,
  });
  state.source.apply(block.delta);
  state.head = { header: block.header, hash: block.hash };
  state.history = block.history;
  if (block.nextEpoch !== undefined) state.epochs.add(block.nextEpoch);
}

const HISTORY_FRONTIER_MAX = 53;
const ChainStateType = new ContainerType({
  header: HeaderType,
  /** Frontier of the tree over the hashes of the `header.height` blocks before this one. */
  history: new ListCompositeType(hex32<Hash>() as never, HISTORY_FRONTIER_MAX),
});

/** What is stored of the state beside its entries and tree: one record, replaced with each block. */
export type ChainState = Readonly<Omit<ValueOf<typeof ChainStateType>, 'history'>> & {
  readonly history: readonly Hash[];
};
export const chainStateCodec = codec(
  'ChainState',
  ChainStateType,
  ChainStateType.maxSize,
) as unknown as Codec<ChainState>;

/** The record to store with the block. */
export const chainStateOf = ({ header, history }: Pick<StateChange, 'header' | 'history'>): ChainState => ({
  header,
  history: history.snapshot(),
});

export interface RestoreError extends Coded {
  readonly code: 'STATE_CORRUPT';
}

/** The epochs that the state with this head knows: where they stand. */
export function epochKeys({ epoch }: Pick<Header, 'epoch'>): readonly StateKey<EpochValue>[] {
  const oldest = Math.max(0, epoch - EVIDENCE_EPOCHS_MAX + 1);
  return Array.from({ length: epoch + 2 - oldest }, (_, i) => EPOCHS.key((oldest + i) as Epoch));
}

/** Undefined where one is missing. After the last block of an epoch the next is there too. */
function epochsIn(source: StateSource, header: Header): EpochLog | undefined {
  const values = epochKeys(header).map((key) => source.get(key));
  if (values.at(-1) === undefined) values.pop();
  const known = values.flatMap((value) => (value === undefined ? [] : [knownEpochOf(value)]));
  return known.length < values.length || values.length === 0 ? undefined : new EpochLog(known);
}

/** The state that was stored. `source` has the root of the tree at that height, and what stands under `epochKeys`; all that lies below is
 *  proved by it, and checked where it is fetched. Error: STATE_CORRUPT. */
export function restoreState(
  genesis: Genesis,
  chain: ChainState,
  source: StateSource,
): Result<LedgerState, RestoreError> {
  const { header } = chain;
  if (header.chainId !== genesis.chainId) return fail('STATE_CORRUPT', `stored state of chain ${header.chainId}`);
  const history = HistoryTree.restore(header.height, chain.history);
  if (!history.ok) return fail('STATE_CORRUPT', `history: ${history.error.message}`);
  if (history.value.root() !== header.historyRoot) return fail('STATE_CORRUPT', 'history has another root');
  const root = source.nodes.get({ version: header.height, path: ROOT_PATH });
  if (root === undefined) return fail('STATE_CORRUPT', `the root of the state at height ${header.height} is missing`);
  const checked = checkNodeHash(root, 0, fromHex(header.stateRoot));
  if (!checked.ok) return fail('STATE_CORRUPT', `state has another root: ${checked.error.message}`);
  const epochs = epochsIn(source, header);
  if (epochs === undefined) return fail('STATE_CORRUPT', 'an epoch of which evidence counts is missing');
  const head = { header, hash: blockHash(header) };
  return ok({ genesis, epochs, head, source, history: history.value });
}
