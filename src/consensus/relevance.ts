/**
 * Whether a message could change anything here: asked before its signatures are checked, which cost a thousand times more,
 * and again when it is handled. What is of no use is dropped; STATUS brings it back should it become so.
 */
import { invariant } from '../base/invariant.ts';
import { placeKey } from '../ledger/offence.ts';
import type { SignedVote } from '../ledger/vote.ts';
import { mark } from './marks.ts';
import type { Message } from './messages.ts';
import { inWindow, type Replica, stableHeight, windowEnd } from './replica.ts';

export function isOfUse(replica: Replica, message: Message): boolean {
  switch (message.kind) {
    case 'vote':
      return message.vote.vote.kind === 'checkpoint'
        ? isUsefulCheckpoint(replica, message.vote)
        : isUsefulVote(replica, message.vote);
    case 'view-change': {
      const { voter, view } = message.viewChange.viewChange;
      if (view < replica.view || (view === replica.view && replica.active)) return false;
      const known = replica.viewChanges.get(voter);
      return known === undefined || known.viewChange.view < view;
    }
    case 'new-view': {
      const { view } = message.newView.newView;
      return view > replica.view || (view === replica.view && !replica.active);
    }
    case 'certificate':
      return message.certificate.height > stableHeight(replica);
    case 'status':
      return true;
  }
}

type Ballot = Pick<SignedVote, 'vote' | 'voter'>;

/** The voter signed two different votes in this place, and was reported: a third one would prove nothing more. */
const isReported = (replica: Replica, { vote, voter }: Ballot): boolean =>
  replica.reported.has(placeKey({ ...vote, validator: voter }));

/** Whether it is of a place that is voted on now, and is not held here already. A second, different vote is of use: it
 *  is evidence. */
function isUsefulVote(replica: Replica, { vote, voter }: Ballot): boolean {
  if (!replica.active) {
    mark('V2');
    return false;
  }
  if (vote.view !== replica.view || !inWindow(replica, vote.height)) {
    mark('N10');
    return false;
  }
  if (isReported(replica, { vote, voter })) return false;
  const slot = replica.slots.get(vote.height);
  switch (vote.kind) {
    case 'pre-prepare':
      return slot?.prePrepare?.vote.hash !== vote.hash;
    case 'prepare':
      return slot?.prepares.get(voter)?.vote.hash !== vote.hash;
    case 'commit':
      return slot?.commits.get(voter)?.vote.hash !== vote.hash;
    case 'checkpoint':
      invariant(false, 'CHECKPOINTs have no view');
  }
}

function isUsefulCheckpoint(replica: Replica, { vote, voter }: Ballot): boolean {
  if (vote.height <= lowestCheckpoint(replica) || vote.height > windowEnd(replica)) return false;
  if (isReported(replica, { vote, voter })) return false;
  return replica.checkpoints.get(vote.height)?.get(voter)?.vote.hash !== vote.hash;
}

/** CHECKPOINTs are kept above this height, a window below the certificate. Those below it may still complete
 *  certificates of their own, and we give ours to peers that lack them. */
export const lowestCheckpoint = (replica: Replica): number => stableHeight(replica) - replica.instance.window;
