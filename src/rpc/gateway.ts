/** What the HTTP server needs of a node. The node implements it over its driver and store; the tests over a map. */
import type { Address, Epoch, Hash, Height, Power, ValidatorIndex, View } from '../base/brand.ts';
import type { ReadinessReason } from '../api/status.ts';
import type { FinalizedBlock, PeerId } from '../driver/ports.ts';
import type { Receipt } from '../ledger/block.ts';
import type { Evidence } from '../ledger/vote.ts';

export interface Gateway {
  /** Takes in the signed bytes of up to 256 transactions; one outcome for each, in order. The same bytes again are the
   *  same transaction. */
  submit(signedBytes: readonly Uint8Array[]): Promise<readonly SubmitOutcome[]>;

  transaction(id: Hash): Promise<TransactionState>;

  /** As soon as the transaction is committed or rejected, or after the timeout or the signal: what is known of it. It
   *  waits for one that is unknown too, since that may be on its way. */
  waitFor(id: Hash, timeoutMs: number, signal: AbortSignal): Promise<TransactionState>;

  /** An account that nobody has paid yet has balance 0 and nonce 0. */
  account(address: Address): Promise<Account>;

  /** A final block, undefined where this node has none at that height. */
  block(height: Height | 'latest'): Promise<FinalizedBlock | undefined>;

  /** Microseconds of this thread that reading blocks and transactions has taken since the start. */
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

export type SubmitOutcome =
  | { readonly id: Hash; readonly status: 'pending' | 'committed' }
  | { readonly code: string; readonly message: string; readonly id?: Hash };

export type TransactionState =
  | { readonly status: 'unknown' | 'pending' }
  | CommittedState
  | { readonly status: 'rejected'; readonly code: string; readonly message?: string };

export interface CommittedState {
  readonly status: 'committed';
  readonly height: Height;
  /** Position among the block's executed transactions. */
  readonly index: number;
  readonly blockHash: Hash;
  readonly receipt: Receipt;
}

export interface Account {
  readonly address: Address;
  readonly balance: bigint;
  /** Transactions in final blocks. */
  readonly nonce: number;
  /** `nonce` and those that wait here. */
  readonly pendingNonce: number;
}

export interface NodeStatus {
  readonly chainId: Hash;
  readonly name: string;
  readonly dev: boolean;
  readonly version: string;
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
  readonly certifiedHeight: Height;
  /** Of the block at `certifiedHeight`. */
  readonly blockHash: Hash;
  readonly validators: readonly ValidatorStatus[];
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

/** Broken rules that are no evidence: garbage, bad signatures, stale messages. One entry for each validator and code. */
export interface Misbehaviour {
  readonly validator: ValidatorIndex | null;
  readonly code: string;
  readonly count: number;
  /** What the newest one was, for people. */
  readonly last: string;
}
