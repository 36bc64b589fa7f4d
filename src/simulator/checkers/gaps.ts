/** Honest validators examine bodies by growing height: a primary that leaves a height out gets no vote beyond it. */
import type { Height } from '../../base/brand.ts';
import type { PeerMessage } from '../../driver/wire/wire.ts';
import type { SignedVote, Vote } from '../../ledger/vote.ts';
import type { Checker, Violate } from '../world/checker.ts';

const placeOf = ({ epoch, view }: Vote, height: number): string => `${epoch}/${view}/${height}`;

/** Below a PREPARE every height is certified, committed by somebody, or proposed in the same view. */
export function gaps(violate: Violate): Checker {
  const settled = new Map<number, number>();
  const proposed = new Set<string>();
  const committed = new Set<Height>();
  const note = (message: PeerMessage): void => {
    for (const { vote } of votesIn(message)) {
      if (vote.kind === 'pre-prepare') proposed.add(placeOf(vote, vote.height));
      if (vote.kind === 'commit') committed.add(vote.height);
    }
  };
  return {
    name: 'gaps',
    certified: ({ slot }, { height }) => void settled.set(slot, Math.max(settled.get(slot) ?? 0, height)),
    lied: (_, message) => note(message),
    sent(node, message) {
      note(message);
      if (!node.isHonest || message.kind !== 'vote' || message.vote.vote.kind !== 'prepare') return;
      const { vote, voter } = message.vote;
      // Votes of others are passed on to them (R10).
      if (voter !== node.validator) return;
      for (let height = (settled.get(node.slot) ?? 0) + 1; height < vote.height; height++)
        if (!proposed.has(placeOf(vote, height)) && !committed.has(height as Height))
          violate(`node ${node.slot} sent PREPARE at height ${vote.height}, nobody proposed height ${height}`);
    },
  };
}

function votesIn(message: PeerMessage): readonly SignedVote[] {
  if (message.kind === 'vote' || message.kind === 'pre-prepare') return [message.vote];
  return message.kind === 'new-view' ? message.newView.newView.prePrepares : [];
}
