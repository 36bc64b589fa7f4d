/** Liars whose votes are just enough, and just in time. */
import type { Outgoing, StrategyFactory } from '../driver/wire/strategy.ts';
import { colluding } from './coalition.ts';
import { ownVote } from './lies.ts';

/** Of a base timeout: what is left is for the way, and for the votes that follow. */
const LATEST = 0.8;
/** Votes kept back, at most. */
const HELD_MAX = 1024;

/**
 * The honest get all votes of the coalition but the one that makes a quorum; where they are a quorum by themselves, one
 * of them gets none, another one at each height. When the timeouts of the others are nearly over the votes come after
 * all: nobody is suspected, and heights take as long as they may.
 */
export const oneShort: StrategyFactory = colluding('one-short', (context, coalition) => {
  const held: { readonly outgoing: Outgoing; readonly dueTick: number }[] = [];
  const heldFor = Math.floor(LATEST * context.genesis.consensus.baseTimeoutTicks);
  return {
    outgoing(outgoing) {
      const { to, message } = outgoing;
      if (message.kind !== 'vote') return [outgoing];
      const vote = ownVote(context, message)?.vote;
      if (vote === undefined || vote.kind === 'checkpoint' || vote.kind === 'pre-prepare') return [outgoing];
      const { honest, members, needed } = coalition;
      if (members.indexOf(context.self) < needed - 1) return [outgoing];
      // Where the honest are no quorum without us, all of them are victims.
      const isVictim = needed > 0 || honest[vote.height % Math.max(1, honest.length)] === to;
      if (!isVictim || held.length >= HELD_MAX) return [outgoing];
      held.push({ outgoing, dueTick: coalition.now + heldFor });
      return [];
    },
    tick() {
      let due = 0;
      while ((held[due]?.dueTick ?? Number.POSITIVE_INFINITY) <= coalition.now) due += 1;
      return held.splice(0, due).map(({ outgoing }) => outgoing);
    },
  };
});
