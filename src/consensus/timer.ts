/**
 * The view-change timer (Castro & Liskov 1999, 4.4 and 4.5.2), in ticks. It runs while this replica awaits something of
 * the primary. When it expires, the view has failed, and the replica moves to the next one (V1).
 */
import type { ValidatorIndex } from '../base/brand.ts';
import { isQuorum, isWeakQuorum, powerOf } from '../ledger/validators.ts';
import { FORGIVING_TIMEOUTS, SLOW_PART, SLOW_TICKS_MIN } from './limits.ts';
import { mark } from './marks.ts';
import { type Replica, type Slot, stableHeight } from './replica.ts';

/** The timeout of the current view: doubled for each view in a row that failed, up to the cap (V6). */
const timeoutTicks = ({ instance, timer }: Replica): number =>
  Math.min(instance.baseTimeoutTicks * 2 ** Math.min(timer.failures, 30), instance.timeoutCapTicks);

/** Whether something is awaited of the primary: a valid transaction waits, or a height is under way. A height stays
 *  under way until its certificate is here, not only until it is committed here. Else those who saw it committed would
 *  stop their timers, and the others would move to the next view alone: too few to make anybody follow (V4), and
 *  without them the rest may be no quorum. */
function isAwaiting(replica: Replica): boolean {
  const stable = stableHeight(replica);
  if (replica.timer.demand || replica.orderedHeight > stable) return true;
  for (const slot of replica.slots.values()) if (slot.height > stable && isUnderWay(replica, slot)) return true;
  return false;
}

/** Whether the primary proposed this height, or it may have been committed somewhere, or a weak quorum votes for it, in
 *  which somebody is honest. Fewer votes prove nothing: liars could make everybody wait for what nobody proposed. */
function isUnderWay(
  { instance: { validators } }: Replica,
  { prePrepare, prepared, committed, ...votes }: Slot,
): boolean {
  if (prePrepare !== null || prepared !== null || committed !== null) return true;
  const voters = [...votes.prepares.keys(), ...votes.commits.keys()];
  return isWeakQuorum(validators, powerOf(validators, voters));
}

/** Runs the timer of an active view if something is awaited and it does not run. */
export function startTimer(replica: Replica): void {
  const { timer } = replica;
  if (!replica.active || !timer.reach || timer.deadline !== null || !isAwaiting(replica)) return;
  timer.deadline = timer.now + timeoutTicks(replica);
}

/** A height was ordered. In an active view this shows that the primary does its work: the timeout is the base again. */
export function madeProgress(replica: Replica): void {
  const { timer } = replica;
  timer.progressAt = timer.now;
  if (!replica.active) return;
  timer.failures = 0;
  timer.deadline = null;
  startTimer(replica);
}

/** The driver says whether the primary owes a body. The timer stops when nothing is awaited any more, and may start
 *  else. */
export function setDemand(replica: Replica, demand: boolean): void {
  replica.timer.demand = demand;
  if (replica.active && !isAwaiting(replica)) replica.timer.deadline = null;
  startTimer(replica);
}

/** Whether a quorum is connected. While it is not, no other view could do better than this one, so the timer is
 *  stopped. */
export function setReach(replica: Replica, quorum: boolean): void {
  replica.timer.reach = quorum;
  if (replica.active && !quorum) {
    mark('V15');
    replica.timer.deadline = null;
  }
  startTimer(replica);
}

/** We moved to a view and await its NEW-VIEW. The timer starts only when a quorum moved too (4.5.2): without one the
 *  primary cannot begin the view, and a replica whose timer ran alone would go on to view after view, away from the
 *  others. */
export function awaitNewView(replica: Replica): void {
  const { timer } = replica;
  timer.deadline = null;
  timer.quorumMissingSince = timer.now;
  startIfQuorumMoved(replica);
}

/** Starts the timer of an awaited view once VIEW-CHANGEs of a quorum, to it or beyond, are here. */
export function startIfQuorumMoved(replica: Replica): void {
  const { timer, instance } = replica;
  if (replica.active || timer.deadline !== null) return;
  const moved: ValidatorIndex[] = [];
  for (const [voter, { viewChange }] of replica.viewChanges) if (viewChange.view >= replica.view) moved.push(voter);
  if (!isQuorum(instance.validators, powerOf(instance.validators, moved))) return;
  mark('V5');
  timer.quorumMissingSince = null;
  timer.deadline = timer.now + timeoutTicks(replica);
}

/** The NEW-VIEW is here. If the timer ran while this view was awaited, it goes on until a body is ordered (4.4): a
 *  primary that begins its view at the last moment, and then does nothing, gets no second timeout. */
export function viewEntered(replica: Replica, wasAwaited: boolean): void {
  const { timer } = replica;
  if (!wasAwaited || !timer.reach || !isAwaiting(replica)) timer.deadline = null;
  timer.quorumMissingSince = null;
  timer.progressAt = timer.now;
  startTimer(replica);
}

/** One tick. True when the time of the current view is over. */
export function tick(replica: Replica): boolean {
  const { timer, instance } = replica;
  timer.now += 1;
  // Without a quorum nobody is to blame. However long that lasts, the timeout is the base when the quorum is back.
  if (timer.quorumMissingSince !== null && timer.now - timer.quorumMissingSince >= instance.baseTimeoutTicks) {
    mark('V14');
    timer.failures = 0;
  }
  if (timer.deadline === null || timer.now < timer.deadline) return false;
  timer.deadline = null;
  return true;
}

/** Whether a body has been awaited for longer than it takes where nobody keeps back a vote. */
export const isSlow = (replica: Replica): boolean => {
  const { timer, instance } = replica;
  if (timer.deadline === null) return false;
  const slowAfter = Math.max(SLOW_TICKS_MIN, Math.ceil(SLOW_PART * instance.baseTimeoutTicks));
  return timer.now > timer.deadline - timeoutTicks(replica) + slowAfter;
};

/** The view has failed, and its primary may be to blame: the next one gets more time. */
export function viewFailed({ timer }: Replica): void {
  mark('V6');
  timer.failures += 1;
}

/**
 * A replica said where it stands. If it was silent for the longest timeout before, there may have been no quorum for a
 * while, and we could not tell: liars may have changed views with us, so that our timeout doubled, and voted for
 * nothing. So the timeout is the base again. Only once in a while: else liars that come and go could keep the timeout
 * at the base, where a slow network needs a longer one.
 */
export function heard({ timer, instance }: Replica, from: ValidatorIndex): void {
  const silence = timer.now - (timer.heardAt.get(from) ?? 0);
  timer.heardAt.set(from, timer.now);
  if (timer.failures === 0 || silence < instance.timeoutCapTicks) return;
  if (timer.now - timer.forgivenAt < FORGIVING_TIMEOUTS * instance.timeoutCapTicks) return;
  mark('V14');
  timer.forgivenAt = timer.now;
  timer.failures = 0;
  if (timer.deadline !== null) timer.deadline = Math.min(timer.deadline, timer.now + instance.baseTimeoutTicks);
}

/** Whether a STATUS should go out: eight times in a base timeout while something is awaited and nothing moves, else
 *  once. */
export function isStatusDue(replica: Replica): boolean {
  const { timer, instance } = replica;
  const isBusy = !replica.active || isAwaiting(replica) || replica.executedHeight !== stableHeight(replica);
  const eager = Math.max(1, Math.floor(instance.baseTimeoutTicks / 8));
  const isStuck = isBusy && timer.now - timer.progressAt >= eager;
  return timer.now - timer.statusAt >= (isStuck ? eager : instance.baseTimeoutTicks);
}

/** The regular STATUS goes out now: the next one is due some time after it. */
export function statusSent({ timer }: Replica): void {
  timer.statusAt = timer.now;
}
