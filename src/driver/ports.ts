/**
 * What the driver needs from the world. A node gives it LevelDB, libp2p, worker threads and the wall clock; the simulator
 * gives it virtual time, a faulty network and a faulty disk. Nothing here is a promise: an answer comes back as a call,
 * which the driver treats as one more input, so that one seed decides the order of everything.
 */
import type { Address, Epoch, Hash, Height, ValidatorIndex, View } from '../base/brand.ts';
import type { BlockRecord, FullBody } from '../ledger/block.ts';
import type { Evidence } from '../ledger/evidence.ts';
import type { Certificate, VoteKind } from '../ledger/vote.ts';
import type { AdmissionCode } from '../ledger/transaction-rules.ts';

/** libp2p peer id, in its text form. */
export type PeerId = string;

export interface Clock {
  /** Milliseconds since 1970. */
  nowMs(): number;
  /** Runs the driver's next turn soon, after the inputs that are already there: one pending call at most. */
  soon(turn: () => void): void;
}

/** Ordered key-value store. Keys are ASCII text, values bytes. */
export interface Store {
  /** One atomic batch. `done()` means: durable, survives power loss. Batches take effect in the order of the calls.
   *  `done(error)` is final: the store is broken and the node stops. */
  write(batch: readonly StoreOperation[], done: (error?: Error) => void): void;
  /** Values in the order of the keys, undefined where there is none. Sees all batches that are done. */
  read(keys: readonly string[], done: (values: readonly (Uint8Array | undefined)[], error?: Error) => void): void;
  /** Entries with `from <= key < to`, ascending, at most `limit`. */
  scan(range: StoreRange, done: (entries: readonly (readonly [string, Uint8Array])[], error?: Error) => void): void;
}

export type StoreOperation =
  | { readonly kind: 'put'; readonly key: string; readonly value: Uint8Array }
  | { readonly kind: 'delete'; readonly key: string };

export interface StoreRange {
  readonly from: string;
  readonly to: string;
  readonly limit: number;
}

/** Which queue of a peer a message waits in. Each is bounded; when one is full its oldest message is dropped, which the
 *  protocol repairs (STATUS, FETCH). `consensus` goes first. */
export type Lane = 'consensus' | 'transactions' | 'sync';

export interface Transport {
  /** Queues one message for a connected peer; for one that is not connected it is dropped. All that is queued in one
   *  turn of the event loop leaves in one write. */
  send(to: PeerId, lane: Lane, message: Uint8Array): void;
  /** Closes the connection of a peer that broke the protocol, and keeps it away for a while. */
  punish(peer: PeerId, code: string, message: string): void;
  /** Reads nothing more from the peer while it is held: what it sends waits at its own side. Without a way to do so, what is
   *  too much is dropped. */
  hold?(peer: PeerId, held: boolean): void;
  /** An epoch begins which these may follow, its validators among them: others are not let in any more, and are disconnected. Without a
   *  way to do so they stay connected, and are observers. */
  admit?(peers: ReadonlySet<PeerId>): void;
}

export interface SignatureCheck {
  /** 32 bytes. */
  readonly publicKey: Uint8Array;
  readonly message: Uint8Array;
  /** 64 bytes. */
  readonly signature: Uint8Array;
}

export interface Verifier {
  /** At once, on this thread: votes. */
  check(check: SignatureCheck): boolean;
  /** Elsewhere, in bulk: transactions. `done` gets one verdict for each, in order. */
  checkBatch(checks: readonly SignatureCheck[], done: (verdicts: readonly boolean[]) => void): void;
}

/** The validator's key. */
export interface Signer {
  /** 64 bytes. Deterministic (RFC 8032). */
  sign(message: Uint8Array): Uint8Array;
}

/** What the driver tells the rest of the node; it waits for no answer. */
export interface Observer {
  /** The block is executed here and its finality certificate, or that of a later block, is known: it is final. In the
   *  order of heights, each once. `certificate` is this block's own, if this node has it. */
  finalized(block: FinalizedBlock): void;
  /** A transaction left the mempool without standing in a block, or was refused from a peer. */
  rejected(id: Hash, code: AdmissionCode): void;
  /** A validator signed two things where the protocol allows one. */
  offence(evidence: Evidence): void;
  /** A line for the log. */
  note(note: DriverNote): void;
  /** Our own bug or a broken disk: the driver has stopped and will not sign again. */
  halted(error: Error): void;
}

export interface FinalizedBlock {
  readonly hash: Hash;
  readonly record: BlockRecord;
  readonly body: FullBody;
  readonly certificate: Certificate | null;
}

export type DriverNote =
  | { readonly kind: 'view-change-started'; readonly view: View; readonly reason: string }
  | { readonly kind: 'view-entered'; readonly view: View; readonly primary: ValidatorIndex }
  | { readonly kind: 'catching-up'; readonly from: Height; readonly to: Height }
  | { readonly kind: 'caught-up'; readonly height: Height }
  | {
      readonly kind: 'misbehaviour';
      readonly peer: PeerId;
      readonly validator: ValidatorIndex | null;
      readonly code: string;
      readonly message: string;
    }
  | { readonly kind: 'suspected'; readonly primary: ValidatorIndex; readonly reason: string }
  /** Our key signed a vote that this node did not cast: it follows until the epoch ends. */
  | { readonly kind: 'key-in-use'; readonly epoch: Epoch; readonly height: Height; readonly vote: VoteKind }
  /** The chain decided on rules that this software does not know; it ends before this height. */
  | { readonly kind: 'upgrade-needed'; readonly version: number; readonly height: Height };

/** An account as readers see it. One that nobody has paid yet has balance 0 and nonce 0. */
export interface AccountView {
  readonly address: Address;
  readonly balance: bigint;
  /** Transactions in final blocks. */
  readonly nonce: number;
  /** `nonce` and those that wait here without a gap. */
  readonly pendingNonce: number;
  /** Of the block after which it is this. */
  readonly height: Height;
}
