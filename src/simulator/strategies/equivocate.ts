/** Two bodies for two halves, and a vote for both. */
import type { Hash } from '../../base/brand.ts';
import { ForgetfulMap } from '../../base/bounded.ts';
import type { Outgoing, StrategyFactory } from '../../driver/strategy.ts';
import type { Genesis } from '../../ledger/genesis.ts';
import { bodyHash } from '../../ledger/block.ts';
import { inSecondHalf, otherHash, ownVote, placeOf, resign } from './lies.ts';

/** The second body of each place, known to all liars of one process: so they vote for each other's. */
const plots = new WeakMap<Genesis, ForgetfulMap<string, Hash>>();

export const equivocate: StrategyFactory = (context) => {
  const twins = plots.get(context.genesis) ?? new ForgetfulMap<string, Hash>(256);
  plots.set(context.genesis, twins);
  return {
    name: 'equivocate',
    outgoing(outgoing: Outgoing): readonly Outgoing[] {
      const { to, message } = outgoing;
      const vote = ownVote(context, message);
      if (vote === null || vote.vote.kind === 'checkpoint') return [outgoing];
      if (message.kind === 'pre-prepare') {
        const body = { ...message.body, timestampMs: message.body.timestampMs + 1 };
        const hash = bodyHash(body);
        twins.set(placeOf(vote), hash);
        if (!inSecondHalf(context, to)) return [outgoing];
        return [{ to, message: { kind: 'pre-prepare', vote: resign(context, vote, { hash }), body } }];
      }
      if (!inSecondHalf(context, to)) return [outgoing];
      const hash = twins.get(placeOf(vote)) ?? otherHash(vote.vote.hash);
      return [{ to, message: { kind: 'vote', vote: resign(context, vote, { hash }) } }];
    },
  };
};
