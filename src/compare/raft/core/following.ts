/** What a follower does with its leader's entries (Ongaro & Ousterhout 2014, 5.3; figure 2, "AppendEntries RPC"). */
import type { MessageOf } from './messages.ts';
import { commitUpTo, lastIndex, type Replica, termAt, writeLog } from './replica.ts';
import type { Contradiction, Emit } from './transition.ts';

type AppendEntries = MessageOf<'append-entries'>;

export function onAppendEntries(replica: Replica, from: number, message: AppendEntries, emit: Emit): void {
  const { term, previousIndex, entries, commit } = message;
  const reply = (success: boolean, index: number, conflictTerm = 0, conflictIndex = 0): void => {
    const answer = { kind: 'append-reply', term: replica.term, success, index, conflictTerm, conflictIndex } as const;
    emit({ kind: 'send', to: from, message: answer });
  };
  // Its leader learns from the term that there is a newer one.
  if (term < replica.term) return reply(false, previousIndex);
  const reason = contradictionIn(replica, from, message);
  if (reason !== null) return emit({ kind: 'contradiction', from, reason });
  replica.role = 'follower';
  replica.leader = from;
  replica.quietTicks = 0;
  if (previousIndex > lastIndex(replica)) return reply(false, previousIndex, 0, lastIndex(replica) + 1);
  const here = termAt(replica, previousIndex);
  if (here !== message.previousTerm) return reply(false, previousIndex, here, firstIndexOf(replica, previousIndex));
  // An old message may end before the log does: what agrees stays, and only what conflicts is cut off.
  const parting = partingOf(replica, message);
  if (parting <= previousIndex + entries.length) {
    if (parting <= replica.commit) return emit({ kind: 'contradiction', from, reason: 'OVERWRITES_COMMITTED' });
    writeLog(replica, parting, entries.slice(parting - previousIndex - 1), emit);
  }
  const agreed = previousIndex + entries.length;
  // What lies beyond may still be another leader's.
  commitUpTo(replica, Math.min(commit, agreed), emit);
  reply(true, agreed);
}

/** The first of the message's indices that the log has not, or has of another term; the one after all where there is none. */
function partingOf(replica: Replica, { previousIndex, entries }: AppendEntries): number {
  let index = previousIndex + 1;
  for (const { term } of entries) {
    if (index > lastIndex(replica) || termAt(replica, index) !== term) return index;
    index += 1;
  }
  return index;
}

/** The first index of the term that stands at an index. What is committed no leader lacks. */
function firstIndexOf(replica: Replica, index: number): number {
  const term = termAt(replica, index);
  let first = index;
  while (first > replica.commit + 1 && termAt(replica, first - 1) === term) first -= 1;
  return first;
}

function contradictionIn(replica: Replica, from: number, message: AppendEntries): Contradiction | null {
  const { leader, role } = replica;
  if (role === 'leader' || (leader !== null && leader !== from)) return 'SECOND_LEADER';
  let before = message.previousTerm;
  for (const { term } of message.entries) {
    if (term < before || term > message.term) return 'IMPOSSIBLE_TERMS';
    before = term;
  }
  return null;
}
