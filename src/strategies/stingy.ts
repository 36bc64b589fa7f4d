/** A liar that lets nobody catch up: it gives as little as it may, as late as it may. */
import type { Height } from '../base/brand.ts';
import type { Outgoing, StrategyFactory } from '../driver/wire/strategy.ts';
import type { SyncBlock } from '../driver/wire/wire.ts';
import { NO_BODY } from '../ledger/block.ts';

/** Ticks for which an answer is kept back: nobody else is asked yet. */
const LATE_TICKS = 6;
/** Answers that are kept back, at most. */
const HELD_MAX = 64;
/** Heights by which it says to be further than it is: it has something to give when nobody else has. */
const AHEAD = 100_000;

/** The first of these, and what proves it; null where nothing does. */
function least([first, ...rest]: readonly SyncBlock[]): readonly SyncBlock[] | null {
  if (first === undefined || first.certificate !== null) return first === undefined ? null : [first];
  const proof = rest.findIndex(({ certificate }) => certificate !== null);
  if (proof < 0) return null;
  return [first, ...rest.slice(0, proof + 1).map((block) => ({ ...block, fullBody: NO_BODY }))];
}

export const stingy: StrategyFactory = () => {
  const held: { readonly outgoing: Outgoing; readonly dueTick: number }[] = [];
  let now = 0;
  return {
    name: 'stingy',
    outgoing(outgoing) {
      const { to, message } = outgoing;
      if (message.kind === 'status') {
        const stableHeight = (message.status.stableHeight + AHEAD) as Height;
        return [{ to, message: { kind: 'status', status: { ...message.status, stableHeight } } }];
      }
      if (message.kind !== 'blocks') return [outgoing];
      const blocks = least(message.blocks);
      if (blocks === null || held.length >= HELD_MAX) return [outgoing];
      held.push({ outgoing: { to, message: { kind: 'blocks', blocks } }, dueTick: now + LATE_TICKS });
      return [];
    },
    tick() {
      now += 1;
      let due = 0;
      while ((held[due]?.dueTick ?? Number.POSITIVE_INFINITY) <= now) due += 1;
      return held.splice(0, due).map(({ outgoing }) => outgoing);
    },
  };
};
