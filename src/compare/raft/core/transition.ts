/** What goes into Raft's core and what comes out of it. */
import type { DurableRecord } from './durable.ts';
import type { Entry, Message } from './messages.ts';

export type Input =
  /** A tick went by; how long one is the caller knows. */
  | { readonly kind: 'tick' }
  /** Of another server of the cluster. */
  | { readonly kind: 'message'; readonly from: number; readonly message: Message }
  /** A client wants this in the log. */
  | { readonly kind: 'propose'; readonly payload: Uint8Array };

/** Carried out in order. A `persist` is durable before anything after it happens. */
export type Effect =
  | { readonly kind: 'persist'; readonly record: DurableRecord }
  | { readonly kind: 'send'; readonly to: number; readonly message: Message }
  /** Apply it to the state machine. By growing index without gaps, after a restart again from the first. */
  | { readonly kind: 'committed'; readonly index: number; readonly entry: Entry }
  /** This server leads this term. */
  | { readonly kind: 'elected'; readonly term: number }
  /** It led this term: a higher one exists, or it no longer hears a majority. */
  | { readonly kind: 'stepped-down'; readonly term: number; readonly reason: 'higher-term' | 'quorum-lost' }
  /** Not taken. `leader`: whom to ask instead, null where that is not known. */
  | {
      readonly kind: 'refused';
      readonly payload: Uint8Array;
      readonly leader: number | null;
      readonly code: 'NOT_LEADER' | 'LOG_FULL' | 'BAD_SIZE';
    }
  /** Another server said what no honest one can say. Raft has no answer to that: the message is passed over. */
  | { readonly kind: 'contradiction'; readonly from: number; readonly reason: Contradiction };

export type Contradiction =
  /** Two leaders of one term. */
  | 'SECOND_LEADER'
  /** An entry in the place of a committed one. */
  | 'OVERWRITES_COMMITTED'
  /** Terms of entries that fall, or lie beyond the leader's own. */
  | 'IMPOSSIBLE_TERMS'
  /** It has entries that its leader never had. */
  | 'UNKNOWN_ENTRIES';

export type Emit = (effect: Effect) => void;
