/** What the HTTP server needs of a node. The node implements it over its driver and store; the tests over a map. */
import type { Address, Epoch, Hash, Height, Power, ValidatorIndex, View } from '../base/brand.ts';
import type { Misbehaviour, ReadinessReason } from '../api/status.ts';
import type { AccountView, FinalizedBlock, PeerId } from '../driver/ports.ts';
import type { SubmitOutcome, TransactionState } from '../driver/transactions/fate.ts';
import type { Evidence } from '../ledger/evidence.ts';
import type { HandOver } from '../ledger/hand-over.ts';
import type { FixedRules } from '../ledger/membership/parameters.ts';
import type { Upgrade } from '../ledger/membership/observer.ts';
import type { ReadableState } from './readable-state.ts';
import type { Trace } from './trace.ts';

export interface Gateway {
  /** Takes in the signed bytes of up to 256 transactions; one outcome for each, in order. The same bytes again are the
   *  same transaction. */
  submit(signedBytes: readonly Uint8Array[]): Promise<readonly SubmitOutcome[]>;

  transaction(id: Hash): Promise<TransactionState>;

  /** As soon as the transaction is committed or rejected, or after the timeout or the signal: what is known of it. It
   *  waits for one that is unknown too, since that may be on its way. */
  waitFor(id: Hash, timeoutMs: number, signal: AbortSignal): Promise<TransactionState>;

  /** As executed here, which may be ahead of what is final. */
  account(address: Address): Promise<AccountView>;

  /** A final block, undefined where this node has none at that height. */
  block(height: Height | 'latest'): Promise<FinalizedBlock | undefined>;

  /** As `block`, but 'without' where the block lacks one of the traces, which is much cheaper to see than to read it. */
  blockWith(height: Height, traces: readonly Trace[]): Promise<FinalizedBlock | 'without' | undefined>;

  /** The lowest height from this one on at which this node has a final block; undefined where it has none. */
  nextHeight(from: Height): Promise<Height | undefined>;

  /** Who validates in this epoch, as the final block before it says; undefined where this node has none. */
  handOver(epoch: Epoch): Promise<HandOver | undefined>;

  /** The state after final blocks, with proofs. */
  readonly state: ReadableState;

  /** Microseconds of this thread that reading blocks, transactions and the state has taken since the start. */
  readMicros(): number;

  status(): NodeStatus;

  /** Why the node is not ready; empty when it is. */
  readiness(): readonly ReadinessReason[];

  /** What validators were caught at, oldest first. Bounded by the node. */
  offences(): readonly Evidence[];

  /** Calls the listener with each block that becomes final from now on, in order, when `block` already finds it. Returns
   *  how to end it. */
  subscribe(listener: (block: FinalizedBlock) => void): () => void;
}

export interface NodeStatus {
  readonly chainId: Hash;
  readonly name: string;
  /** What the genesis fixes of how rules may change. */
  readonly fixed: Pick<FixedRules, 'mode' | 'window' | 'blockWeightMax'>;
  readonly dev: boolean;
  readonly version: string;
  /** The newest change of the rules that is decided. */
  readonly upgrade: Upgrade | null;
  /** Which validator this node is; null for an observer. */
  readonly index: ValidatorIndex | null;
  readonly peerId: PeerId;
  readonly epoch: Epoch;
  readonly view: View;
  /** False while the view changes. */
  readonly active: boolean;
  readonly primary: ValidatorIndex;
  /** Newest executed height. */
  readonly height: Height;
  /** Newest height whose block is executed here and final. */
  readonly finalHeight: Height;
  /** Of the block at `finalHeight`. */
  readonly blockHash: Hash;
  /** The oldest height whose state can be read. */
  readonly oldestHeight: Height;
  readonly validators: readonly ValidatorStatus[];
  /** Whom the epoch admits beside them: observers, and validators without a seat. */
  readonly followers: readonly Omit<ValidatorStatus, 'index' | 'power'>[];
  readonly mempool: { readonly size: number; readonly bytes: number };
  readonly misbehaviour: readonly Misbehaviour[];
}

export interface ValidatorStatus {
  readonly index: ValidatorIndex;
  readonly name: string;
  readonly power: Power;
  readonly peerId: PeerId;
  /** True for the node itself. */
  readonly connected: boolean;
  /** What it last said it had executed. */
  readonly height?: Height;
}
