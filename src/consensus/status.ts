/**
 * STATUS: where a replica stands; its peers answer with exactly what it lacks (Castro's thesis, 5.2 "retransmission").
 * Replicas repeat only their own votes; certificates, a NEW-VIEW above all, anyone may pass on.
 */
import type { Height, ValidatorIndex, View } from '../base/brand.ts';
import { memberAfter } from '../ledger/validators.ts';
import type { SignedVote } from '../ledger/vote.ts';
import { mark } from './marks.ts';
import type { SignedNewView, SlotStatus, Status } from './messages.ts';
import { promised } from './promises.ts';
import { type Lack, type Replica, stableHeight, windowEnd } from './replica.ts';
import { passOnStranded } from './stranded.ts';
import { signersOf } from './tally.ts';
import { heard } from './timer.ts';
import { type Emit, statusMessage, voteMessage } from './transition.ts';

/** What we tell our peers of ourselves. */
export function statusOf(replica: Replica): Status {
  const low = stableHeight(replica);
  const slots: SlotStatus[] = [];
  for (let height = (low + 1) as Height; height <= windowEnd(replica); height = (height + 1) as Height) {
    const slot = replica.slots.get(height);
    const checkpoints = replica.checkpoints.get(height);
    if (slot === undefined && checkpoints === undefined) continue;
    slots.push({
      height,
      hasPrePrepare: (slot?.prePrepare ?? null) !== null,
      prepares: signersOf(slot?.prepares.keys() ?? []),
      commits: signersOf(slot?.commits.keys() ?? []),
      checkpoints: signersOf(checkpoints?.keys() ?? []),
    });
  }
  return {
    epoch: replica.instance.epoch,
    view: replica.view,
    active: replica.active,
    stableHeight: low,
    executedHeight: replica.executedHeight,
    viewChanges: [...replica.viewChanges.values()].map(({ viewChange: { voter, view } }) => ({ voter, view })),
    slots,
  };
}

export const sendStatus = (replica: Replica, to: ValidatorIndex | 'all', emit: Emit): void =>
  emit({ kind: 'send', to, message: statusMessage(statusOf(replica)) });

/** Sends a peer what it lacks and we can give. If it says that it is ahead of us, we believe nothing yet: it is whom to
 *  ask. */
export function onStatus(replica: Replica, from: ValidatorIndex, status: Status, emit: Emit): void {
  heard(replica, from);
  if (status.stableHeight > replica.orderedHeight) {
    mark('R7');
    emit({ kind: 'behind', height: status.stableHeight, peer: from });
  }
  if (status.epoch !== replica.instance.epoch) return;
  answerView(replica, from, status, emit);
  if (replica.active && status.active && status.view === replica.view) {
    answerVotes(replica, from, status, emit);
    passOnStranded(replica, from, status, emit);
  }
  answerCheckpoints(replica, from, status, emit);
  giveBack(replica, from, status, emit);
  answerCertificate(replica, from, status, emit);
}

function answerView(replica: Replica, from: ValidatorIndex, status: Status, emit: Emit): void {
  if (status.view > replica.view) {
    mark('R6');
    return sendStatus(replica, from, emit);
  }
  const lacksView = status.view < replica.view || !status.active;
  if (!lacksView) return;
  if (replica.active) {
    if (replica.newView === null || !takeTurn(replica, replica.lacking.view, from, status.view)) return;
    mark('R2');
    return emit({ kind: 'send', to: from, message: { kind: 'new-view', newView: replica.newView } });
  }
  const { self } = replica.instance;
  const own = self === null ? undefined : replica.viewChanges.get(self);
  if (self === null || own === undefined) return;
  if (status.viewChanges.some(({ voter, view }) => voter === self && view >= replica.view)) return;
  mark('R3');
  emit({ kind: 'send', to: from, message: { kind: 'view-change', viewChange: own } });
}

/** Notes that a peer lacks something that each of us could give it, and says whether it is our turn to give it. One
 *  copy is enough: the peer's neighbour by index gives it, and each time that the peer says again that it lacks it, the
 *  next one. So somebody honest helps it, even if the first third of us are dead or liars. Replicas that heard the peer
 *  more or less often than others count differently; then it gets more than one copy, or waits for one STATUS more. */
function takeTurn(
  { instance: { self, validators } }: Replica,
  lacking: Map<ValidatorIndex, Lack>,
  peer: ValidatorIndex,
  at: View | Height,
): boolean {
  const before = lacking.get(peer);
  const times = before?.at === at ? before.times + 1 : 0;
  lacking.set(peer, { at, times });
  return memberAfter(validators, peer, 1 + (times % (validators.members.length - 1))) === self;
}

/** The NEW-VIEW for a node without a vote that says for so many times that it stands there; null where it lacks none, or it is the turn
 *  of somebody else to give it (R11). */
export function newViewFor(
  { instance, active, view, newView }: Replica,
  status: Status,
  times: number,
): SignedNewView | null {
  const { self, epoch, validators } = instance;
  if (self === null || !active || newView === null || status.epoch !== epoch) return null;
  if (status.view > view || (status.view === view && status.active)) return null;
  const turn = memberAfter(validators, newView.newView.voter, 1 + (times % validators.members.length));
  if (turn !== self) return null;
  mark('R11');
  return newView;
}

function answerVotes(replica: Replica, from: ValidatorIndex, status: Status, emit: Emit): void {
  const { self } = replica.instance;
  if (self === null) return;
  const known = new Map(status.slots.map((slot) => [slot.height, slot]));
  const give = (vote: SignedVote | undefined, has: boolean | undefined): void => {
    if (vote === undefined || has === true) return;
    mark('R4');
    emit({ kind: 'send', to: from, message: voteMessage(vote) });
  };
  // The loop ends at what we may have voted on. A peer may claim any height, and above 2^53 adding one changes nothing:
  // a loop to what it claims might never end.
  const end = Math.min(status.stableHeight + replica.instance.window, windowEnd(replica));
  for (let height = (status.stableHeight + 1) as Height; height <= end; height = (height + 1) as Height) {
    const theirs = known.get(height);
    give(promised(replica.promises, 'pre-prepare', replica.view, height), theirs?.hasPrePrepare);
    give(promised(replica.promises, 'prepare', replica.view, height), theirs?.prepares.get(self));
    give(promised(replica.promises, 'commit', replica.view, height), theirs?.commits.get(self));
  }
}

/** Gives a peer its own votes that it does not know of (R10): whoever forgot them could contradict them. */
function giveBack(replica: Replica, from: ValidatorIndex, status: Status, emit: Emit): void {
  const give = (vote: SignedVote | null | undefined): void => {
    if (vote === undefined || vote === null || vote.voter !== from) return;
    mark('R10');
    emit({ kind: 'send', to: from, message: voteMessage(vote) });
  };
  const known = new Map(status.slots.map((slot) => [slot.height, slot]));
  const isShown = (height: Height): boolean =>
    height > status.stableHeight && height <= status.stableHeight + replica.instance.window;
  for (const [height, slot] of replica.active && status.active && status.view === replica.view ? replica.slots : []) {
    const theirs = known.get(height);
    if (!isShown(height)) continue;
    if (theirs?.hasPrePrepare !== true) give(slot.prePrepare);
    if (theirs?.prepares.get(from) !== true) give(slot.prepares.get(from));
    if (theirs?.commits.get(from) !== true) give(slot.commits.get(from));
  }
  for (const [height, votes] of replica.checkpoints)
    if (isShown(height) && known.get(height)?.checkpoints.get(from) !== true) give(votes.get(from));
}

function answerCheckpoints(replica: Replica, from: ValidatorIndex, status: Status, emit: Emit): void {
  const { self } = replica.instance;
  if (self === null) return;
  const known = new Map(status.slots.map((slot) => [slot.height, slot]));
  for (const [height, votes] of replica.checkpoints) {
    const own = votes.get(self);
    if (own === undefined || height <= status.stableHeight || height > status.stableHeight + replica.instance.window)
      continue;
    if (known.get(height)?.checkpoints.get(self) === true) continue;
    mark('R5');
    emit({ kind: 'send', to: from, message: voteMessage(own) });
  }
}

/** Whether a certificate of this height, which we hold, is passed on to a peer that stands there: it executed the block and lacks
 *  the certificate. Who missed the CHECKPOINTs of a block may never get a quorum of them again: some that signed may be gone,
 *  and some that hold the certificate got the block by state transfer and never signed. `isTurn` tells where others could give it too. */
export function passesOn(held: Height, { stableHeight: stable, executedHeight }: Status, isTurn = () => true): boolean {
  if (held <= stable || held > executedHeight || !isTurn()) return false;
  mark('R8');
  return true;
}

function answerCertificate(replica: Replica, from: ValidatorIndex, status: Status, emit: Emit): void {
  const { stable, lacking } = replica;
  const isTurn = (): boolean => takeTurn(replica, lacking.certificate, from, status.stableHeight);
  if (stable === null || !passesOn(stable.height, status, isTurn)) return;
  emit({ kind: 'send', to: from, message: { kind: 'certificate', certificate: stable } });
}
