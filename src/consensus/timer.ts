/** The view timer (Castro & Liskov 1999, 4.4 and 4.5.2), in ticks. */
import type { ValidatorIndex } from '../base/brand.ts';
import { isQuorum, isWeakQuorum, powerOf } from '../ledger/validators.ts';
import { FORGIVING_TIMEOUTS, SLOW_PART, SLOW_TICKS_MIN } from './limits.ts';
import { mark } from './marks.ts';
import { type Replica, type Slot, stableHeight } from './replica.ts';

/** Patience with the current view: doubles with each view that failed, up to the cap. */
const timeoutTicks = ({ instance, timer }: Replica): number =>
  Math.min(instance.baseTimeoutTicks * 2 ** Math.min(timer.failures, 30), instance.timeoutCapTicks);

/** Something is awaited of the primary: a valid transaction waits, or a height is under way. It is until its certificate
 *  is here: those who did not see it committed may wait in the next view, too few to be joined and too many to do without. */
function awaits(replica: Replica): boolean {
  const settled = stableHeight(replica);
  if (replica.timer.demand || replica.ordered > settled) return true;
  for (const slot of replica.slots.values()) if (slot.height > settled && isUnderWay(replica, slot)) return true;
  return false;
}

/** The primary began it, or it may have been committed somewhere, or somebody honest votes for it. The votes of a few prove
 *  nothing: liars could make everybody wait for what nobody proposed. */
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
  if (!replica.active || !timer.reach || timer.deadline !== null || !awaits(replica)) return;
  timer.deadline = timer.now + timeoutTicks(replica);
}

/** A height was ordered in this view: the primary does its work. */
export function madeProgress(replica: Replica): void {
  const { timer } = replica;
  timer.progressAt = timer.now;
  if (!replica.active) return;
  timer.failures = 0;
  timer.deadline = null;
  startTimer(replica);
}

/** Nothing is awaited any more, or something newly is. */
export function setDemand(replica: Replica, demand: boolean): void {
  replica.timer.demand = demand;
  if (replica.active && !awaits(replica)) replica.timer.deadline = null;
  startTimer(replica);
}

/** Cut off from a quorum no view can do better than this one: patience stands still until we are back. */
export function setReach(replica: Replica, quorum: boolean): void {
  replica.timer.reach = quorum;
  if (replica.active && !quorum) {
    mark('V15');
    replica.timer.deadline = null;
  }
  startTimer(replica);
}

/** We moved to a view and await its NEW-VIEW. The clock starts when a quorum moves with us: without one the primary
 *  cannot begin, and replicas that count alone drift apart (4.5.2). */
export function awaitNewView(replica: Replica): void {
  const { timer } = replica;
  timer.deadline = null;
  timer.lonelySince = timer.now;
  quorumMoved(replica);
}

/** Starts the clock of an awaited view once a quorum of VIEW-CHANGEs to it is here. */
export function quorumMoved(replica: Replica): void {
  const { timer, instance } = replica;
  if (replica.active || timer.deadline !== null) return;
  const moved: ValidatorIndex[] = [];
  for (const [voter, { viewChange }] of replica.viewChanges) if (viewChange.view >= replica.view) moved.push(voter);
  if (!isQuorum(instance.validators, powerOf(instance.validators, moved))) return;
  mark('V5');
  timer.lonelySince = null;
  timer.deadline = timer.now + timeoutTicks(replica);
}

/** The NEW-VIEW is here. The clock that ran while the view was awaited goes on until a body is ordered (4.4): a primary that
 *  begins its view at the last moment, and then does nothing, gets no second timeout. */
export function viewEntered(replica: Replica, wasAwaited: boolean): void {
  const { timer } = replica;
  if (!wasAwaited || !timer.reach || !awaits(replica)) timer.deadline = null;
  timer.lonelySince = null;
  timer.progressAt = timer.now;
  startTimer(replica);
}

/** One tick. True when the time of the current view is over. */
export function tick(replica: Replica): boolean {
  const { timer, instance } = replica;
  timer.now += 1;
  // Without a quorum nobody is to blame: however long it lasts, patience starts from the base when the quorum is back.
  if (timer.lonelySince !== null && timer.now - timer.lonelySince >= instance.baseTimeoutTicks) {
    mark('V14');
    timer.failures = 0;
  }
  if (timer.deadline === null || timer.now < timer.deadline) return false;
  timer.deadline = null;
  return true;
}

/** A body has been awaited for longer than in a view in which nobody keeps back its vote. */
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
 * A replica said where it stands. If it was silent for the longest timeout, the quorum may have been gone without us
 * noticing: liars can change views with us, and make us patient, while they vote for nothing. Once in a while only, so that
 * liars that come and go cannot keep a slow network impatient.
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

/** Ticks between STATUS messages: eight in a base timeout while something is awaited and nothing moves, else one. */
export function statusDue(replica: Replica): boolean {
  const { timer, instance } = replica;
  const stuck = !replica.active || awaits(replica) || replica.executed !== stableHeight(replica);
  const eager = Math.max(1, Math.floor(instance.baseTimeoutTicks / 8));
  const since = timer.now - timer.statusAt;
  const due = stuck && timer.now - timer.progressAt >= eager ? since >= eager : since >= instance.baseTimeoutTicks;
  if (due) timer.statusAt = timer.now;
  return due;
}
