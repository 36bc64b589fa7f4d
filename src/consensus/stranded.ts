/**
 * Who is alone in a higher view (V16). An honest replica gets there when its timer alone expires, for example while it
 * is cut off. It votes in no lower view any more (V2), and it alone is no weak quorum, so nobody joins it (V4). Without
 * it every quorum may need the votes of all liars, who can then delay each body. So the others follow it. They move by
 * one view, since an honest replica is never further ahead than that (SPEC.md, "How far apart").
 *
 * A liar can pretend to be alone. Therefore each validator is followed once in an epoch, and by all together. After
 * that it is followed only where its absence does harm, that is in a view whose bodies are slow. While all honest
 * replicas are in one view and messages arrive in time, liars cannot make its bodies slow.
 */
import type { ValidatorIndex } from '../base/brand.ts';
import { STRANDED_TIMEOUTS } from './limits.ts';
import { mark } from './marks.ts';
import type { Status } from './messages.ts';
import type { Replica } from './replica.ts';
import { isSlow } from './timer.ts';
import type { Emit } from './transition.ts';

/** Ticks after which somebody who is ahead counts as alone: in a view change of all, the others are there sooner. */
const aloneTicks = ({ instance }: Replica): number => Math.ceil(instance.baseTimeoutTicks / 2);

/** Called each tick: notes who asks for a higher view, and counts slow ticks. Only in an active view: between views we
 *  are on our way to a higher one ourselves. */
export function watchStranded(replica: Replica): void {
  const { stranded, viewChanges, followed, view, timer, instance } = replica;
  if (!replica.active || instance.self === null) return;
  let isNextAsked = false;
  for (const [voter, { viewChange }] of viewChanges) {
    if (viewChange.view <= view) continue;
    // Nobody honest is further ahead than the next view, and one VIEW-CHANGE to a far view must not count in each view
    // below it: a liar has to ask for each view anew.
    isNextAsked ||= viewChange.view === view + 1;
    if (!followed.has(voter) && !stranded.has(voter)) stranded.set(voter, timer.now - 1);
  }
  // After views that failed, and before a body is ordered, the timeout is longer, and to wait for long is no sign of
  // harm.
  if (isNextAsked && timer.failures === 0 && isSlow(replica)) replica.slow.ticks += 1;
}

/** How many slow ticks of a view are borne. More with each view that was slow: on a slow network all views are slow. */
const slowTicksBorne = ({ slow, instance }: Replica): number =>
  (slow.left + 1) * STRANDED_TIMEOUTS * instance.baseTimeoutTicks;

/** Whether it is time to follow: when somebody new has been alone for four base timeouts, or for half a base timeout if
 *  the view has failed anyway; or, even for those who were followed before, when bodies of this view were slow for long
 *  in all. The last does not count while the timeout is longer than the base, after views that failed. */
export function isTimeToFollow(replica: Replica, viewFailed: boolean): boolean {
  const { stranded, slow, timer, instance } = replica;
  if (timer.failures === 0 && slow.ticks >= slowTicksBorne(replica)) return true;
  const ticksAlone = viewFailed ? aloneTicks(replica) : STRANDED_TIMEOUTS * instance.baseTimeoutTicks;
  for (const since of stranded.values()) if (timer.now - since >= ticksAlone) return true;
  return false;
}

/** The view is left, for whatever reason. Who was alone ahead of it has now been followed, and is not followed a second
 *  time. The view counts as a slow one already at half of the ticks that are borne, since some of us leave it a little
 *  sooner than others, and all should count the same. */
export function settleStranded(replica: Replica): void {
  const { stranded, followed, slow, timer } = replica;
  for (const [voter, since] of stranded) if (timer.now - since >= aloneTicks(replica)) followed.add(voter);
  stranded.clear();
  if (slow.ticks >= slowTicksBorne(replica) / 2) slow.left += 1;
  slow.ticks = 0;
}

/** Passes on the VIEW-CHANGE of somebody who is alone ahead, to a peer in our view that does not have it (R9). If only
 *  some of us followed, those would be alone in their turn. One with each STATUS, since a VIEW-CHANGE can be large; and
 *  each time another one, since the peer may not take one of them, and the others must not wait for it. */
export function passOnStranded(replica: Replica, peer: ValidatorIndex, status: Status, emit: Emit): void {
  const { stranded, viewChanges, timer, view } = replica;
  const knows = (voter: ValidatorIndex): boolean =>
    voter === peer || status.viewChanges.some((held) => held.voter === voter && held.view > view);
  const unknown = [...stranded].filter(([voter, since]) => timer.now - since >= aloneTicks(replica) && !knows(voter));
  const [voter] = unknown[timer.now % Math.max(1, unknown.length)] ?? [];
  const viewChange = voter === undefined ? undefined : viewChanges.get(voter);
  if (viewChange === undefined) return;
  mark('R9');
  emit({ kind: 'send', to: peer, message: { kind: 'view-change', viewChange } });
}
