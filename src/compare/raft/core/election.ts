/** Elections (Ongaro & Ousterhout 2014, 5.2 and 5.4.1), each after a pre-vote (thesis, 9.6). */
import { lead } from './leading.ts';
import type { Message, MessageOf } from './messages.ts';
import { isMajority, lastIndex, lastTerm, others, persistTerm, type Replica, restartTimer } from './replica.ts';
import type { Emit } from './transition.ts';

/** A tick of a server that does not lead. */
export function waitForLeader(replica: Replica, emit: Emit): void {
  replica.quietTicks += 1;
  if (replica.quietTicks >= replica.timeoutTicks) return askBeforehand(replica, emit);
  // 5.1: who did not answer is asked again.
  const isAsking = replica.role === 'candidate' || replica.role === 'pre-candidate';
  if (isAsking && replica.quietTicks % replica.settings.heartbeatTicks === 0) ask(replica, emit);
}

/** Who was cut off and comes back, or cannot win, finds out without a new term: nobody has to step down for it. */
function askBeforehand(replica: Replica, emit: Emit): void {
  replica.role = 'pre-candidate';
  replica.leader = null;
  canvass(replica, emit);
}

function stand(replica: Replica, emit: Emit): void {
  replica.role = 'candidate';
  replica.term += 1;
  replica.votedFor = replica.settings.self;
  persistTerm(replica, emit);
  canvass(replica, emit);
}

function canvass(replica: Replica, emit: Emit): void {
  restartTimer(replica);
  replica.granted.clear();
  ask(replica, emit);
  take(replica, replica.settings.self, emit);
}

/** All who have not said yes. */
function ask(replica: Replica, emit: Emit): void {
  const preVote = replica.role === 'pre-candidate';
  const term = preVote ? replica.term + 1 : replica.term;
  const log = { lastIndex: lastIndex(replica), lastTerm: lastTerm(replica) };
  for (const to of others(replica))
    if (!replica.granted.has(to)) emit({ kind: 'send', to, message: { kind: 'request-vote', preVote, term, ...log } });
}

/** Somebody, first of all the server itself, is for it. */
function take(replica: Replica, voter: number, emit: Emit): void {
  replica.granted.add(voter);
  if (!isMajority(replica, replica.granted.size)) return;
  if (replica.role === 'pre-candidate') stand(replica, emit);
  else lead(replica, emit);
}

/** 5.4.1: the log with the later last term is more up to date, of two with the same the longer one. */
const isUpToDate = (replica: Replica, { lastTerm: term, lastIndex: index }: MessageOf<'request-vote'>): boolean =>
  term > lastTerm(replica) || (term === lastTerm(replica) && index >= lastIndex(replica));

/** It leads, or heard its leader less than the shortest election timeout ago. */
const hasLeader = ({ role, leader, quietTicks, settings }: Replica): boolean =>
  role === 'leader' || (leader !== null && quietTicks < settings.electionTicksMin);

export function onRequestVote(replica: Replica, from: number, request: MessageOf<'request-vote'>, emit: Emit): void {
  const { preVote, term } = request;
  const answer = (granted: boolean, of: number): void =>
    emit({ kind: 'send', to: from, message: { kind: 'vote', preVote, term: of, granted } });
  if (preVote) {
    const would = term > replica.term && isUpToDate(replica, request) && !hasLeader(replica);
    return answer(would, would ? term : replica.term);
  }
  const isFree = replica.votedFor === null || replica.votedFor === from;
  if (term < replica.term || !isFree || !isUpToDate(replica, request)) return answer(false, replica.term);
  if (replica.votedFor === null) {
    replica.votedFor = from;
    persistTerm(replica, emit);
  }
  // Whoever voted lets the other try, and is no candidate itself.
  replica.role = 'follower';
  restartTimer(replica);
  answer(true, replica.term);
}

export function onVote(
  replica: Replica,
  from: number,
  { preVote, term, granted }: MessageOf<'vote'>,
  emit: Emit,
): void {
  const asked = preVote ? replica.role === 'pre-candidate' : replica.role === 'candidate';
  const of = preVote ? replica.term + 1 : replica.term;
  if (asked && granted && term === of) take(replica, from, emit);
}

/** The term of a pre-vote is one that nobody is in yet: hearing of it changes nobody's (thesis, 9.6). */
export const isHypothetical = (message: Message): boolean =>
  message.kind === 'request-vote' ? message.preVote : message.kind === 'vote' && message.preVote && message.granted;
