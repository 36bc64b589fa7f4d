/** What one server of a Raft cluster knows. Plain data, named as in figure 2; `step` (step.ts) is the only writer. */
import { invariant, present } from '../../../base/invariant.ts';
import type { Durable } from './durable.ts';
import { ENTRIES_PER_MESSAGE_MAX, SERVERS_MAX } from './limits.ts';
import type { Entry } from './messages.ts';
import type { Emit } from './transition.ts';

export interface Settings {
  readonly self: number;
  /** How many; they are numbered from 0. */
  readonly servers: number;
  /** A server that hears of no leader for so many ticks wants to lead; drawn anew each time between the two (5.2). */
  readonly electionTicksMin: number;
  readonly electionTicksMax: number;
  /** Ticks between a leader's messages to each follower; well below `electionTicksMin`. */
  readonly heartbeatTicks: number;
  readonly entriesPerMessage: number;
  /** A whole number from `from` to `to`, both included: the only chance, and it comes from the caller. */
  readonly draw: (from: number, to: number) => number;
}

/** `pre-candidate`: asks whether it would be elected, before it disturbs anybody with a new term (thesis, 9.6). */
export type Role = 'follower' | 'pre-candidate' | 'candidate' | 'leader';

/** What a leader knows of one follower. */
export interface Progress {
  /** Up to here its log is known to be the leader's. */
  match: number;
  /** The first entry of the next message. */
  next: number;
  /** Where the logs part is not known yet: one message at a time, until one is taken. Else messages follow one another
   *  without waiting for their answers. */
  probing: boolean;
  /** It answered since a majority was last counted. */
  heard: boolean;
}

export interface Replica extends Durable {
  readonly settings: Settings;
  role: Role;
  /** Of this term, where known. */
  leader: number | null;
  /** The commit index. What is committed was applied in the same step: there is no second index for that. */
  commit: number;
  /** Ticks since the leader was heard, a vote was given, or a candidacy began; of a leader, ticks of its term. */
  quietTicks: number;
  /** As many quiet ticks make a candidate. */
  timeoutTicks: number;
  /** Who would vote, or votes, for this candidate. */
  readonly granted: Set<number>;
  /** Of a leader; else empty. */
  readonly followers: Map<number, Progress>;
}

/** A server that starts, for the first time or again from its disk (5.1: everyone starts as a follower). */
export function replicaFrom(settings: Settings, { term, votedFor, log }: Durable): Replica {
  const { servers, self, electionTicksMin, electionTicksMax, heartbeatTicks, entriesPerMessage } = settings;
  invariant(
    servers > 0 && servers <= SERVERS_MAX && self >= 0 && self < servers,
    'a server is one of its cluster, whose size keeps to its limit',
    { self },
  );
  invariant(heartbeatTicks > 0 && heartbeatTicks < electionTicksMin, 'heartbeats come more often than elections');
  invariant(electionTicksMin <= electionTicksMax, 'the shortest election timeout is no longer than the longest');
  invariant(
    entriesPerMessage > 0 && entriesPerMessage <= ENTRIES_PER_MESSAGE_MAX,
    'a message carries entries, and no more than its limit',
  );
  return {
    settings,
    term,
    votedFor,
    log: [...log],
    role: 'follower',
    leader: null,
    commit: 0,
    quietTicks: 0,
    timeoutTicks: settings.draw(electionTicksMin, electionTicksMax),
    granted: new Set(),
    followers: new Map(),
  };
}

export const lastIndex = (replica: Replica): number => replica.log.length;

/** 0 before the first entry. */
export const termAt = (replica: Replica, index: number): number =>
  index === 0 ? 0 : present(replica.log[index - 1], 'entry').term;

export const lastTerm = (replica: Replica): number => termAt(replica, lastIndex(replica));

/** More than half, the server itself among them. */
export const isMajority = (replica: Replica, count: number): boolean => 2 * count > replica.settings.servers;

export function* others({ settings: { servers, self } }: Replica): Generator<number> {
  for (let server = 0; server < servers; server++) if (server !== self) yield server;
}

export function restartTimer(replica: Replica): void {
  const { draw, electionTicksMin, electionTicksMax } = replica.settings;
  replica.quietTicks = 0;
  replica.timeoutTicks = draw(electionTicksMin, electionTicksMax);
}

export const persistTerm = ({ term, votedFor }: Replica, emit: Emit): void =>
  emit({ kind: 'persist', record: { kind: 'term', term, votedFor } });

/** Cuts the log before `from`, and appends. */
export function writeLog(replica: Replica, from: number, entries: readonly Entry[], emit: Emit): void {
  replica.log.length = from - 1;
  replica.log.push(...entries);
  emit({ kind: 'persist', record: { kind: 'log', from, entries } });
}

/** Commits up to an index, in order. */
export function commitUpTo(replica: Replica, index: number, emit: Emit): void {
  while (replica.commit < index) {
    const entry = present(replica.log[replica.commit], 'committed entry');
    replica.commit += 1;
    emit({ kind: 'committed', index: replica.commit, entry });
  }
}

/** Becomes a follower of nobody yet, in this term, which is not below its own. */
export function stepDown(replica: Replica, term: number, reason: 'higher-term' | 'quorum-lost', emit: Emit): void {
  const led = replica.role === 'leader' ? replica.term : null;
  replica.role = 'follower';
  replica.leader = null;
  replica.granted.clear();
  replica.followers.clear();
  if (term > replica.term) {
    replica.term = term;
    replica.votedFor = null;
    persistTerm(replica, emit);
  }
  if (led === null) return;
  restartTimer(replica);
  emit({ kind: 'stepped-down', term: led, reason });
}
