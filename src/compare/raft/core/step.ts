/**
 * Raft (Ongaro & Ousterhout, "In Search of an Understandable Consensus Algorithm", 2014; Ongaro's thesis, 2014): one server
 * as a function of its state and one input, without a clock, chance or I/O. It assumes that servers crash and forget what
 * was not synced, and that none lies. The state is updated in place and belongs to the caller; effects are carried out in
 * their order, each `persist` durable before any effect after it.
 *
 * Beside what the paper asks for: pre-vote (thesis, 9.6), so that who was away does not disturb; a leader that hears no majority
 * steps down (6.2); and it sends on without waiting for answers (10.2.1).
 *
 * Left out: changes of membership (section 6), snapshots (section 7), reads without an entry (section 8), and the passing
 * on of leadership (thesis, 3.10). The log is as long as the run.
 */
import { unreachable } from '../../../base/invariant.ts';
import { isHypothetical, onRequestVote, onVote, waitForLeader } from './election.ts';
import { onAppendEntries } from './following.ts';
import { checkInvariants } from './invariants.ts';
import { onAppendReply, propose, tickLeader } from './leading.ts';
import type { Message } from './messages.ts';
import { type Replica, stepDown } from './replica.ts';
import type { Effect, Emit, Input } from './transition.ts';

/** Throws InvariantViolation in a state that cannot be. */
export function step(replica: Replica, input: Input): readonly Effect[] {
  const effects: Effect[] = [];
  const emit: Emit = (effect) => void effects.push(effect);
  handle(replica, input, emit);
  checkInvariants(replica);
  return effects;
}

function handle(replica: Replica, input: Input, emit: Emit): void {
  switch (input.kind) {
    case 'tick':
      return replica.role === 'leader' ? tickLeader(replica, emit) : waitForLeader(replica, emit);
    case 'message':
      // 5.1: who hears of a higher term is a follower in it.
      if (input.message.term > replica.term && !isHypothetical(input.message))
        stepDown(replica, input.message.term, 'higher-term', emit);
      return onMessage(replica, input.from, input.message, emit);
    case 'propose':
      return propose(replica, input.payload, emit);
    default:
      unreachable(input);
  }
}

function onMessage(replica: Replica, from: number, message: Message, emit: Emit): void {
  switch (message.kind) {
    case 'request-vote':
      return onRequestVote(replica, from, message, emit);
    case 'vote':
      return onVote(replica, from, message, emit);
    case 'append-entries':
      return onAppendEntries(replica, from, message, emit);
    case 'append-reply':
      return onAppendReply(replica, from, message, emit);
    default:
      unreachable(message);
  }
}
