/** What the thread that carries messages and the threads that mine say to one another. Bytes are copied on the way, and read by
 *  the strict codecs, as if they came from another machine. */
import type { Hash } from '../base/brand.ts';

/** What one miner says to another. */
export type Gossip =
  | { readonly kind: 'block'; readonly bytes: Uint8Array }
  | { readonly kind: 'transaction'; readonly bytes: Uint8Array }
  | { readonly kind: 'announced'; readonly id: Hash }
  | { readonly kind: 'ask'; readonly id: Hash };

export interface WorkerSettings {
  readonly miner: number;
  /** Where the clock of all miners began, by the machine's: milliseconds since 1970. */
  readonly originMs: number;
}

export type ToMiner =
  /** Hash for a moment, to see how fast. Answered by `rehearsed`. */
  | { readonly kind: 'rehearse' }
  /** The chain begins with this difficulty. */
  | { readonly kind: 'begin'; readonly firstBits: number }
  /** Mine, or mine no more. Answered by `done`, after all that was found before. */
  | { readonly kind: 'mine'; readonly on: boolean }
  /** `from`: null of a client. Answered by `done`, after all that follows from it. */
  | { readonly kind: 'gossip'; readonly from: number | null; readonly gossip: Gossip }
  /** Answered by `standing`. */
  | { readonly kind: 'stand' };

export type FromMiner =
  | { readonly kind: 'ready' | 'done' }
  | { readonly kind: 'rehearsed'; readonly hashes: number }
  /** To one miner; null: to all but `except`. */
  | { readonly kind: 'send'; readonly to: number | null; readonly except: number | null; readonly gossip: Gossip }
  | { readonly kind: 'found'; readonly bytes: Uint8Array }
  | { readonly kind: 'tip'; readonly id: Hash }
  | { readonly kind: 'reorganised'; readonly depth: number; readonly takenBack: readonly Hash[] }
  | { readonly kind: 'standing'; readonly standing: Standing };

/** Where a miner stands. */
export interface Standing {
  readonly tip: Hash;
  /** Of its own ledger, after its best block. */
  readonly stateRoot: Hash;
  /** Transactions in its pool. */
  readonly waiting: number;
  /** Hashes that it has tried. */
  readonly hashes: number;
}
