/** View changes: VIEW-CHANGE and NEW-VIEW (Castro & Liskov 1999, 4.4). */
import type { ValidatorIndex, View } from '../base/brand.ts';
import { invariant } from '../base/invariant.ts';
import { isQuorum, isWeakQuorum, powerOf } from '../ledger/validators.ts';
import { onCertificate } from './checkpoint.ts';
import { exposeAmnesia } from './evidence.ts';
import {
  newViewSigningBytes,
  type NewView,
  type SignedNewView,
  type SignedViewChange,
  type ViewChange,
  viewChangeSigningBytes,
} from './messages.ts';
import { newestCertificate, reproposals } from './new-view.ts';
import { adopt, cast, checkBodies } from './normal-case.ts';
import { forgetViews } from './promises.ts';
import { isOfUse } from './relevance.ts';
import { inWindow, primaryOfView, type Replica, slotAt, stableHeight } from './replica.ts';
import { sendStatus } from './status.ts';
import { settleStranded } from './stranded.ts';
import { awaitNewView, startIfQuorumMoved, viewEntered } from './timer.ts';
import type { Emit, ViewChangeReason } from './transition.ts';
import { mark } from './marks.ts';

/** Leaves the current view for a higher one (4.4): sends VIEW-CHANGE, after which we vote in no lower view. */
export function moveTo(replica: Replica, view: View, reason: ViewChangeReason, emit: Emit): void {
  const { self } = replica.instance;
  if (self === null) return;
  invariant(view > replica.view, 'views only grow', { from: replica.view, to: view });
  settleStranded(replica);
  replica.view = view;
  replica.active = false;
  replica.newView = null;
  clearVotes(replica);
  const viewChange: ViewChange = {
    epoch: replica.instance.epoch,
    view,
    voter: self,
    stable: replica.stable,
    prepared: [...replica.slots.values()]
      .flatMap(({ prepared }) => (prepared !== null && prepared.height > stableHeight(replica) ? [prepared] : []))
      .sort((a, b) => a.height - b.height),
  };
  const signature = replica.instance.sign(viewChangeSigningBytes(replica.instance.chainId, viewChange));
  const signed: SignedViewChange = { viewChange, signature };
  replica.viewChanges.set(self, signed);
  mark('V3');
  emit({ kind: 'view-change-started', view, reason });
  emit({ kind: 'persist', record: { kind: 'view-change', viewChange: signed } });
  forgetViews(replica.promises, view);
  emit({ kind: 'send', to: 'all', message: { kind: 'view-change', viewChange: signed } });
  awaitNewView(replica);
  beginView(replica, emit);
}

/** Forgets the votes of the view that is left: they do not count in another. What was prepared and committed stays. */
function clearVotes(replica: Replica): void {
  for (const slot of replica.slots.values()) {
    slot.prePrepare = null;
    slot.body = 'unchecked';
    slot.prepares.clear();
    slot.commits.clear();
  }
  for (const [place, { kind }] of replica.reported)
    if (kind !== 'checkpoint' && kind !== 'amnesia') replica.reported.delete(place);
}

/** A VIEW-CHANGE of another replica. */
export function onViewChange(replica: Replica, signed: SignedViewChange, emit: Emit): void {
  if (!isOfUse(replica, { kind: 'view-change', viewChange: signed })) return;
  replica.viewChanges.set(signed.viewChange.voter, signed);
  exposeAmnesia(replica, signed, emit);
  join(replica, emit);
  startIfQuorumMoved(replica);
  beginView(replica, emit);
}

/** The paper's f + 1 rule (4.5.2). When a weak quorum, a third of the power or more, asks for views above ours, one of
 *  them is honest, and without them our view has no quorum. We move to the smallest of their views, even if our timer
 *  has not expired. */
function join(replica: Replica, emit: Emit): void {
  if (replica.instance.self === null) return;
  const { validators } = replica.instance;
  const ahead: ValidatorIndex[] = [];
  let smallest: View | undefined;
  for (const [voter, { viewChange }] of replica.viewChanges) {
    if (viewChange.view <= replica.view) continue;
    ahead.push(voter);
    if (smallest === undefined || viewChange.view < smallest) smallest = viewChange.view;
  }
  if (smallest === undefined || !isWeakQuorum(validators, powerOf(validators, ahead))) return;
  mark('V4');
  moveTo(replica, smallest, 'joined', emit);
  // Of those that were ahead a weak quorum may be ahead of this view too.
  join(replica, emit);
}

/** The primary of the view that we moved to begins it, as soon as a quorum moved with it. */
function beginView(replica: Replica, emit: Emit): void {
  const { self, validators, epoch, chainId, firstHeight, sign } = replica.instance;
  if (self === null || replica.active || primaryOfView(replica, replica.view) !== self) return;
  const viewChanges = [...replica.viewChanges.values()]
    .filter(({ viewChange }) => viewChange.view === replica.view)
    .sort((a, b) => a.viewChange.voter - b.viewChange.voter);
  const moved = viewChanges.map(({ viewChange }) => viewChange.voter);
  if (!isQuorum(validators, powerOf(validators, moved))) return;
  const prePrepares = [];
  for (const { height, bodyHash } of reproposals(firstHeight, viewChanges)) {
    const signed = cast(replica, 'pre-prepare', height, bodyHash, emit);
    // Before a crash we may have signed another PRE-PREPARE here, and may not contradict it. We do not begin this view,
    // the others' timers expire, and the next view does it.
    if (signed === null) return;
    prePrepares.push(signed);
  }
  const newView: NewView = { epoch, view: replica.view, voter: self, viewChanges, prePrepares };
  const signed = { newView, signature: sign(newViewSigningBytes(chainId, newView)) };
  mark('V7');
  enter(replica, signed, emit);
  emit({ kind: 'send', to: 'all', message: { kind: 'new-view', newView: signed } });
}

/** A NEW-VIEW. That it proposes what follows from its VIEW-CHANGEs was checked before (V10, authenticate.ts). */
export function onNewView(replica: Replica, signed: SignedNewView, emit: Emit): void {
  if (!isOfUse(replica, { kind: 'new-view', newView: signed })) return;
  mark('V11');
  for (const viewChange of signed.newView.viewChanges) exposeAmnesia(replica, viewChange, emit);
  enter(replica, signed, emit);
}

/** Begins a view: takes over the newest certificate and the PRE-PREPAREs of the NEW-VIEW. */
function enter(replica: Replica, signed: SignedNewView, emit: Emit): void {
  const { newView } = signed;
  const wasAwaited = !replica.active && replica.view === newView.view;
  settleStranded(replica);
  replica.view = newView.view;
  replica.active = true;
  replica.newView = signed;
  clearVotes(replica);
  emit({ kind: 'persist', record: { kind: 'new-view', newView: signed } });
  forgetViews(replica.promises, newView.view);
  for (const [voter, { viewChange }] of replica.viewChanges)
    if (viewChange.view <= newView.view) replica.viewChanges.delete(voter);
  emit({ kind: 'view-entered', view: newView.view, primary: newView.voter });
  const certificate = newestCertificate(newView.viewChanges);
  if (certificate !== null) onCertificate(replica, certificate, emit);
  for (const prePrepare of newView.prePrepares)
    if (inWindow(replica, prePrepare.vote.height)) adopt(replica, slotAt(replica, prePrepare.vote.height), prePrepare);
  viewEntered(replica, wasAwaited);
  checkBodies(replica, true, emit);
  sendStatus(replica, 'all', emit);
}
