/**
 * Liars of Raft, which assumes that there are none. As with validators (src/driver/wire/strategy.ts) a liar is an honest server
 * whose outgoing messages pass through a strategy; it can say what it likes, but only in its own name.
 */
import type { Message } from './core/messages.ts';

export interface RaftStrategy {
  /** What is sent to `to` in the place of what the honest server sends. */
  outgoing(to: number, message: Message): Message;
  /** A message of another server; the honest server gets it too. */
  incoming?(from: number, message: Message): void;
}

/** For the server with this number. */
export type RaftStrategyFactory = (self: number) => RaftStrategy;

/** Another payload in the place of one; the same each time. */
export type Forge = (payload: Uint8Array) => Uint8Array;

/** The last bit is another one. */
const flipped: Forge = (payload) => payload.map((byte, at) => (at === payload.length - 1 ? byte ^ 1 : byte));

/**
 * A leader that tells servers of odd numbers other entries than those of even numbers, at the same index and term. Followers
 * compare terms and nothing else (5.3), so both halves acknowledge, and commit what they were told. `forge` says what the
 * odd ones get: a transaction that spends the same money elsewhere, for instance.
 */
export const twoFaced =
  (forge: Forge = flipped): RaftStrategyFactory =>
  () => ({
    outgoing(to, message) {
      if (message.kind !== 'append-entries' || to % 2 === 0) return message;
      const entries = message.entries.map(({ term, payload }) => ({
        term,
        payload: payload.length === 0 ? payload : forge(payload),
      }));
      return { ...message, entries };
    },
  });

/** A candidate whose log is said to be longer and newer than any other (against 5.4.1): it leads without the entries that are
 *  committed, and puts its own in their place. */
const longerLog: RaftStrategyFactory = () => ({
  outgoing(_to, message) {
    if (message.kind !== 'request-vote') return message;
    return { ...message, lastTerm: message.term, lastIndex: message.lastIndex + 1_000_000 };
  },
});

/** A voter for everybody, as often as asked (against 5.2). With 3 or 5 servers two candidates of one term can both win by it;
 *  with 4 they cannot: two majorities of 4 share two servers, one of them honest. */
const votesForAll: RaftStrategyFactory = () => {
  const asked = new Map<number, { readonly preVote: boolean; readonly term: number }>();
  return {
    incoming(from, message) {
      if (message.kind === 'request-vote') asked.set(from, { preVote: message.preVote, term: message.term });
    },
    outgoing(to, message) {
      return message.kind === 'vote' ? { ...message, ...asked.get(to), granted: true } : message;
    },
  };
};

export const raftStrategies: ReadonlyMap<string, RaftStrategyFactory> = new Map([
  ['two-faced', twoFaced()],
  ['longer-log', longerLog],
  ['votes-for-all', votesForAll],
]);
