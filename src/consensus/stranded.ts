/**
 * Who is alone in a higher view. An honest replica gets there when it loses patience alone, say while it is cut off. It votes
 * in no lower view any more (V2), and is too few to be joined (V4): without it every quorum may need the votes of all liars,
 * who set the pace then. So the others come for it, to the next view, where alone it can be (SPEC.md, "How far apart").
 * A liar can pretend to be one: therefore once an epoch for each, and all together. Afterwards they come only where being
 * alone does harm: in a view that keeps us waiting. Where messages are prompt no liar can bring that about while all honest
 * replicas are in it.
 */
import type { ValidatorIndex } from '../base/brand.ts';
import { STRANDED_TIMEOUTS } from './limits.ts';
import { mark } from './marks.ts';
import type { Status } from './messages.ts';
import type { Replica } from './replica.ts';
import { isSlow } from './timer.ts';
import type { Emit } from './transition.ts';

/** Ticks for which somebody has to be ahead to count as alone: in a view change of all the others follow sooner. */
const aloneTicks = ({ instance }: Replica): number => Math.ceil(instance.baseTimeoutTicks / 2);

/** One tick more, in which VIEW-CHANGEs may have come. Counted in an active view: between views all are on the way already. */
export function watchStranded(replica: Replica): void {
  const { stranded, viewChanges, followed, view, timer, instance } = replica;
  if (!replica.active || instance.self === null) return;
  let isNextAsked = false;
  for (const [voter, { viewChange }] of viewChanges) {
    if (viewChange.view <= view) continue;
    // Who is honest is no further: a liar has to ask for each view by itself.
    isNextAsked ||= viewChange.view === view + 1;
    if (!followed.has(voter) && !stranded.has(voter)) stranded.set(voter, timer.now - 1);
  }
  // Before the first body after views that failed, patience is what grew with them.
  if (isNextAsked && timer.failures === 0 && isSlow(replica)) replica.slow.ticks += 1;
}

/** Slow ticks of a view that are borne. More each time: on a slow network all views are. */
const slowTicksBorne = ({ slow, instance }: Replica): number =>
  (slow.left + 1) * STRANDED_TIMEOUTS * instance.baseTimeoutTicks;

/** Whether it is time to come for them: after four base timeouts, or when the view has failed anyway; and for those who were
 *  followed before, when bodies of this view were slow for so long in all. Before its first body a view has the patience that
 *  grew with the failures. */
export function isTimeToFollow(replica: Replica, viewFailed: boolean): boolean {
  const { stranded, slow, timer, instance } = replica;
  if (timer.failures === 0 && slow.ticks >= slowTicksBorne(replica)) return true;
  const patience = viewFailed ? aloneTicks(replica) : STRANDED_TIMEOUTS * instance.baseTimeoutTicks;
  for (const since of stranded.values()) if (timer.now - since >= patience) return true;
  return false;
}

/** The view is left, for whatever reason: those who were alone ahead of it have been followed, and are no second time. Some of us
 *  leave a slow view a little before the others. */
export function settleStranded(replica: Replica): void {
  const { stranded, followed, slow, timer } = replica;
  for (const [voter, since] of stranded) if (timer.now - since >= aloneTicks(replica)) followed.add(voter);
  stranded.clear();
  if (slow.ticks >= slowTicksBorne(replica) / 2) slow.left += 1;
  slow.ticks = 0;
}

/** A peer in our view does not know of somebody who is alone ahead. If only some of us came for it, they would be alone in
 *  their turn, and the liars could do without both. One at a time, by turns: a VIEW-CHANGE can be large, and one that the peer
 *  does not take must not keep back the others. */
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
