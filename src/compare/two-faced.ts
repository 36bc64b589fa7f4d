/**
 * The liar of the comparison: as primary it gives each half another body and votes for both (the simulator's `equivocate`), and
 * signs the block of each half when it hears of it, so that enough of its kind make two blocks final.
 */
import type { Outgoing, StrategyFactory } from '../driver/wire/strategy.ts';
import { equivocate } from '../strategies/equivocate.ts';
import { ownVote, resign } from '../strategies/lies.ts';

export const twoFaced: StrategyFactory = (context) => {
  const base = equivocate(context);
  let due: Outgoing[] = [];
  return {
    name: 'two-faced',
    incoming(from, message) {
      base.incoming?.(from, message);
      if (message.kind !== 'vote' || message.vote.voter !== from || message.vote.vote.kind !== 'checkpoint') return;
      const vote = resign(context, { ...message.vote, voter: context.self }, {});
      due.push({ to: from, message: { kind: 'vote', vote } });
    },
    outgoing(outgoing) {
      // Its own block's CHECKPOINT would tell the others that there are two.
      if (ownVote(context, outgoing.message)?.vote.kind === 'checkpoint') return [];
      return base.outgoing(outgoing);
    },
    tick() {
      const now = due;
      due = [];
      return now;
    },
  };
};
