/** What a run of Raft tells to whoever measures or checks it. Every method may be left out. */
import type { Message } from './core/messages.ts';
import type { Replica } from './core/replica.ts';
import type { Contradiction, Effect } from './core/transition.ts';
import type { Entry } from './core/messages.ts';

/** Those of the protocol, and those between clients and servers. */
export type WireKind = Message['kind'] | 'client-request' | 'client-reply';

export interface RaftObserver {
  /** A message left; whether it arrives is another matter. `bytes`: of its encoding, without any frame around it. Of a liar
   *  too. What a client says to the server beside it does not travel, and is not told. */
  sent?(from: number, to: number, kind: WireKind, bytes: number): void;
  /** An honest server leads. */
  elected?(server: number, term: number): void;
  /** It led until now. */
  steppedDown?(server: number, term: number): void;
  /** An honest server holds this final, and applies it. After a restart it applies its log again from the first entry. A payload
   *  may come at a second index, where its client asked twice: applying it again has to change nothing. */
  committed?(server: number, index: number, entry: Entry): void;
  /** The client of this payload was told that it is committed, be it by a liar. Once for each. */
  answered?(payload: Uint8Array): void;
  /** A server starts, or starts again from its disk. */
  started?(server: number, replica: Replica): void;
  crashed?(server: number): void;
  /** An honest server was told what no honest one can say. */
  contradicted?(server: number, from: number, reason: Contradiction): void;
  /** An honest server took a step; its effects are not carried out yet. For checkers. */
  stepped?(server: number, replica: Replica, effects: readonly Effect[]): void;
}
