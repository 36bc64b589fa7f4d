/**
 * When a block may say it was found, and how hard it has to be: what follows from the blocks before it. As Bitcoin's rules, but
 * where those are known to be wrong.
 *
 * Every `retargetBlocks` blocks the target changes with the time that they took. Bitcoin measures from the first block of a
 * period to its last, one interval too few, so that no period begins where the one before it ended: who mines most blocks makes
 * every period look long, and difficulty falls as low as they like (the time-warp attack). Here a period is measured from the
 * last block of the one before. Then all that was ever measured is the time that went by, and what one period gains the next
 * one loses. That alone leaves a second way: let time run back over a period once, at the price of one clamp, and forward over
 * many. So a period must not end before the one before it did (as BIP 54 proposes for Bitcoin).
 */
import { invariant, present } from '../base/invariant.ts';
import type { PowHeader } from './header.ts';
import { MEDIAN_BLOCKS, RETARGET_CLAMP } from './limits.ts';
import { bitsOf, targetOf } from './target.ts';

export interface DifficultyRules {
  /** The easiest target of all, as bits. */
  readonly limitBits: number;
  /** Blocks of a period. */
  readonly retargetBlocks: number;
  /** Seconds that a period ought to take. */
  readonly periodS: number;
}

/** What of a block's past its children are held to. */
export interface Lineage {
  readonly height: number;
  readonly bits: number;
  /** Times of this block and of those before it, oldest first: eleven, where there are so many. */
  readonly times: readonly number[];
  /** Time of the block that ended the period before this block's. */
  readonly periodStart: number;
}

/** Of the first block, which is a period of its own. */
export const firstLineage = ({ time, bits }: PowHeader): Lineage => ({
  height: 0,
  bits,
  times: [time],
  periodStart: time,
});

/** Of a block on top of another. */
export function nextLineage(parent: Lineage, { time, bits }: PowHeader, { retargetBlocks }: DifficultyRules): Lineage {
  return {
    height: parent.height + 1,
    bits,
    times: [...parent.times, time].slice(-MEDIAN_BLOCKS),
    periodStart: parent.height % retargetBlocks === 0 ? timeOf(parent) : parent.periodStart,
  };
}

/** The bits that the next block has to have. */
export function nextBits(parent: Lineage, rules: DifficultyRules): number {
  if (parent.height === 0 || parent.height % rules.retargetBlocks !== 0) return parent.bits;
  return retarget(parent.bits, timeOf(parent) - parent.periodStart, rules);
}

/** The bits after a period that took so many seconds: no more than four times as hard or as easy, never easier than the limit. */
export function retarget(bits: number, measuredS: number, { limitBits, periodS }: DifficultyRules): number {
  const clamped = Math.min(Math.max(measuredS, periodS / RETARGET_CLAMP), periodS * RETARGET_CLAMP);
  // In thousandths of a second, since a quarter of a period may be no whole second.
  const target = (known(bits) * BigInt(Math.round(clamped * 1000))) / BigInt(periodS * 1000);
  const limit = known(limitBits);
  return bitsOf(target > limit ? limit : target > 0n ? target : 1n);
}

/** The earliest time that the next block may have: later than the median of the last eleven, so that no few miners can hold
 *  time back; and, where it ends a period, later than the end of the one before. */
export function earliestTime(parent: Lineage, { retargetBlocks }: DifficultyRules): number {
  const sorted = parent.times.toSorted((a, b) => a - b);
  const median = present(sorted[Math.floor(sorted.length / 2)], 'a block has a time');
  const endsPeriod = (parent.height + 1) % retargetBlocks === 0;
  // The parent of a period's last block is of the same period, unless a period is one block.
  const ended = parent.height % retargetBlocks === 0 ? timeOf(parent) : parent.periodStart;
  return 1 + (endsPeriod ? Math.max(median, ended) : median);
}

const timeOf = ({ times }: Lineage): number => present(times.at(-1), 'a block has a time');

/** Of bits that were checked before. */
function known(bits: number): bigint {
  const target = targetOf(bits);
  invariant(target.ok, 'the bits of a block that was taken in are a target', { bits });
  return target.value;
}
