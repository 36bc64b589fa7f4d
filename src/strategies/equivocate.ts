/** Two bodies for two halves, and a vote for both. */
import { ForgetfulMap } from '../base/bounded.ts';
import type { Hash } from '../base/brand.ts';
import type { StrategyFactory } from '../driver/wire/strategy.ts';
import { type Body, bodyHash } from '../ledger/block.ts';
import { inSecondHalf, otherHash, ownVote, placeOf, resign } from './lies.ts';

/** The body of one half made of that of the other. */
const shifted = (body: Body, ms: number): Body => ({ ...body, timestampMs: body.timestampMs + ms });

/** Liars need not know one another: who was told one body by another liar knows what the other half was told, and votes for
 *  it there. */
export const equivocate: StrategyFactory = (context) => {
  /** By place, what the first and the second half were told. */
  const told = new ForgetfulMap<string, readonly [Hash, Hash]>(256);
  return {
    name: 'equivocate',
    incoming(from, message) {
      if (message.kind !== 'pre-prepare' || message.vote.voter !== from) return;
      const { vote, body } = { vote: message.vote.vote, body: message.body };
      const other = bodyHash(shifted(body, inSecondHalf(context.self) ? -1 : 1));
      told.set(placeOf(vote), inSecondHalf(context.self) ? [other, vote.hash] : [vote.hash, other]);
    },
    outgoing(outgoing) {
      const { to, message } = outgoing;
      const vote = ownVote(context, message);
      if (vote === null || vote.vote.kind === 'checkpoint') return [outgoing];
      const place = placeOf(vote.vote);
      if (message.kind === 'pre-prepare') {
        const second = shifted(message.body, 1);
        const hash = bodyHash(second);
        told.set(place, [vote.vote.hash, hash]);
        if (!inSecondHalf(to)) return [outgoing];
        return [{ to, message: { kind: 'pre-prepare', vote: resign(context, vote, { hash }), body: second } }];
      }
      const [first, second] = told.get(place) ?? [vote.vote.hash, otherHash(vote.vote.hash)];
      return [
        { to, message: { kind: 'vote', vote: resign(context, vote, { hash: inSecondHalf(to) ? second : first }) } },
      ];
    },
  };
};
