/** What a leader does (Ongaro & Ousterhout 2014, 5.3 and 5.4.2; thesis, 6.2 and 10.2). */
import { present } from '../../../base/invariant.ts';
import { INFLIGHT_ENTRIES_MAX, LOG_ENTRIES_MAX, PAYLOAD_BYTES_MAX } from './limits.ts';
import type { MessageOf } from './messages.ts';
import {
  commitUpTo,
  isMajority,
  lastIndex,
  others,
  type Progress,
  type Replica,
  stepDown,
  termAt,
  writeLog,
} from './replica.ts';
import type { Emit } from './transition.ts';

/** Begins its term with an entry of its own, which carries nothing: only when that is committed are those of earlier
 *  terms (5.4.2, section 8). */
export function lead(replica: Replica, emit: Emit): void {
  replica.role = 'leader';
  replica.leader = replica.settings.self;
  replica.quietTicks = 0;
  replica.granted.clear();
  const next = lastIndex(replica) + 1;
  for (const to of others(replica)) replica.followers.set(to, { match: 0, next, probing: true, heard: false });
  emit({ kind: 'elected', term: replica.term });
  append(replica, new Uint8Array(0), emit);
  for (const to of replica.followers.keys()) sendEntries(replica, to, emit);
}

export function propose(replica: Replica, payload: Uint8Array, emit: Emit): void {
  const { role, leader } = replica;
  if (role !== 'leader') return emit({ kind: 'refused', payload, leader, code: 'NOT_LEADER' });
  if (payload.length === 0 || payload.length > PAYLOAD_BYTES_MAX)
    return emit({ kind: 'refused', payload, leader, code: 'BAD_SIZE' });
  if (lastIndex(replica) >= LOG_ENTRIES_MAX) return emit({ kind: 'refused', payload, leader, code: 'LOG_FULL' });
  append(replica, payload, emit);
  for (const [to, progress] of replica.followers) if (!progress.probing) sendAll(replica, to, emit);
}

function append(replica: Replica, payload: Uint8Array, emit: Emit): void {
  writeLog(replica, lastIndex(replica) + 1, [{ term: replica.term, payload }], emit);
  advanceCommit(replica, emit);
}

/** A tick of a leader. */
export function tickLeader(replica: Replica, emit: Emit): void {
  const { heartbeatTicks, electionTicksMin } = replica.settings;
  replica.quietTicks += 1;
  if (replica.quietTicks % electionTicksMin === 0 && !hearsMajority(replica)) {
    return stepDown(replica, replica.term, 'quorum-lost', emit);
  }
  if (replica.quietTicks % heartbeatTicks !== 0) return;
  for (const to of replica.followers.keys()) sendEntries(replica, to, emit);
}

/** Whether a majority answered since this was last asked. A leader that hears none could commit nothing, and its clients
 *  would wait for it for ever (thesis, 6.2). */
function hearsMajority(replica: Replica): boolean {
  let heard = 1;
  for (const progress of replica.followers.values()) {
    if (progress.heard) heard += 1;
    progress.heard = false;
  }
  return isMajority(replica, heard);
}

/** One message: entries from `next` on, or none. */
function sendEntries(replica: Replica, to: number, emit: Emit): void {
  const progress = present(replica.followers.get(to), 'follower');
  const { next, match, probing } = progress;
  const room = Math.max(0, INFLIGHT_ENTRIES_MAX - (next - 1 - match));
  const count = probing ? replica.settings.entriesPerMessage : Math.min(room, replica.settings.entriesPerMessage);
  const entries = replica.log.slice(next - 1, next - 1 + count);
  const previous = { previousIndex: next - 1, previousTerm: termAt(replica, next - 1) };
  const message = { kind: 'append-entries', term: replica.term, ...previous, commit: replica.commit, entries } as const;
  emit({ kind: 'send', to, message });
  if (!probing) progress.next += entries.length;
}

/** Everything that there is room for. */
function sendAll(replica: Replica, to: number, emit: Emit): void {
  const progress = present(replica.followers.get(to), 'follower');
  while (progress.next <= lastIndex(replica) && progress.next - 1 - progress.match < INFLIGHT_ENTRIES_MAX)
    sendEntries(replica, to, emit);
}

export function onAppendReply(replica: Replica, from: number, reply: MessageOf<'append-reply'>, emit: Emit): void {
  const progress = replica.followers.get(from);
  if (replica.role !== 'leader' || reply.term !== replica.term || progress === undefined) return;
  progress.heard = true;
  if (!reply.success) return onRefusal(replica, from, progress, reply, emit);
  if (reply.index > lastIndex(replica)) return emit({ kind: 'contradiction', from, reason: 'UNKNOWN_ENTRIES' });
  progress.match = Math.max(progress.match, reply.index);
  progress.next = progress.probing ? progress.match + 1 : Math.max(progress.next, progress.match + 1);
  progress.probing = false;
  advanceCommit(replica, emit);
  sendAll(replica, from, emit);
}

/** Goes back where the logs may part, a term at a time (end of 5.3). An answer to an older message changes nothing. */
function onRefusal(
  replica: Replica,
  from: number,
  progress: Progress,
  { index, conflictTerm, conflictIndex }: MessageOf<'append-reply'>,
  emit: Emit,
): void {
  const isStale = progress.probing ? index !== progress.next - 1 : index >= progress.next;
  if (isStale || index <= progress.match) return;
  let next = Math.min(index, conflictIndex);
  if (conflictTerm > 0) {
    // The leader's last entry of that term, or of one before it: from there on its own entries are the right ones.
    let at = index;
    while (at >= next && termAt(replica, at) > conflictTerm) at -= 1;
    if (at >= next && termAt(replica, at) === conflictTerm) next = Math.min(at + 1, index);
  }
  progress.next = Math.max(next, progress.match + 1);
  progress.probing = true;
  sendEntries(replica, from, emit);
}

/** 5.3 and 5.4.2: what a majority stores is committed, but only an entry of the leader's own term is found to be so by
 *  counting; what stands before it is committed with it. */
function advanceCommit(replica: Replica, emit: Emit): void {
  const stored = [...replica.followers.values()].map(({ match }) => match);
  stored.push(lastIndex(replica));
  stored.sort((a, b) => b - a);
  const byMajority = present(stored[Math.floor(stored.length / 2)], 'what a majority stores');
  if (byMajority <= replica.commit || termAt(replica, byMajority) !== replica.term) return;
  commitUpTo(replica, byMajority, emit);
}
