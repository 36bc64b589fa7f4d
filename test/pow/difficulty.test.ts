import { describe, expect, test } from 'vitest';
import { hash } from '../../src/base/brand.ts';
import {
  type DifficultyRules,
  earliestTime,
  firstLineage,
  type Lineage,
  nextBits,
  nextLineage,
  retarget,
} from '../../src/pow/difficulty.ts';
import type { PowHeader } from '../../src/pow/header.ts';
import { bitsOf, targetOf, targetOfWork, workOf } from '../../src/pow/target.ts';

const START = 1_800_000_000;
const RULES: DifficultyRules = { limitBits: bitsOf(targetOfWork(64n)), retargetBlocks: 20, periodS: 12_000 };
const FIRST_BITS = bitsOf(targetOfWork(2n ** 40n));

const headerAt = (time: number, bits: number): PowHeader => ({
  version: 1,
  parent: hash('0'.repeat(64)),
  root: hash('0'.repeat(64)),
  time,
  bits,
  nonce: 0,
});

const workOfBits = (bits: number): number => {
  const target = targetOf(bits);
  if (!target.ok) throw new Error(target.error.message);
  return Number(workOf(target.value));
};

const first = firstLineage(headerAt(START, FIRST_BITS));
const timeOf = ({ times }: Lineage): number => times.at(-1) ?? 0;

/** Blocks one after the other, each so many seconds after the one before. */
function grow(from: Lineage, gapsS: readonly number[], rules = RULES): Lineage {
  return gapsS.reduce(
    (lineage, gap) => nextLineage(lineage, headerAt(timeOf(lineage) + gap, nextBits(lineage, rules)), rules),
    from,
  );
}

const even = (count: number, gapS: number): number[] => Array.from({ length: count }, () => gapS);

describe('difficulty', () => {
  test.each([
    [600, 1, 'stays where periods take their time'],
    [300, 2, 'doubles where they take half of it'],
    [1200, 0.5, 'halves where they take twice as long'],
    [10, 4, 'grows by four at most'],
    [60_000, 0.25, 'falls by four at most'],
  ])('with %i s from block to block is %f times what it was: it %s', (gapS, factor) => {
    const period = grow(first, even(20, gapS));
    expect(workOfBits(nextBits(period, RULES)) / workOfBits(FIRST_BITS)).toBeCloseTo(factor, 3);
  });

  test('changes after a whole period, and at no other height', () => {
    for (let count = 1; count < 20; count++) expect(nextBits(grow(first, even(count, 1)), RULES)).toBe(FIRST_BITS);
    const second = grow(first, even(21, 1));
    expect(second.bits).not.toBe(FIRST_BITS);
    expect(nextBits(second, RULES)).toBe(second.bits);
  });

  test('drops with the hash power, by four a period, and never below the limit', () => {
    // Half a year without miners, and then one who is left alone: each period takes as long as the clamp lets it.
    let lineage = grow(first, even(20, 600));
    const works: number[] = [];
    for (let period = 0; period < 20; period++) {
      lineage = grow(lineage, even(20, 600_000));
      works.push(workOfBits(nextBits(lineage, RULES)));
    }
    for (const [index, work] of works.entries())
      expect(work / (works[index - 1] ?? workOfBits(FIRST_BITS))).toBeGreaterThan(0.2499);
    expect(works.at(-1)).toBe(64);
  });

  test('is measured in whole periods where a quarter of one is no whole second', () => {
    const odd = { ...RULES, periodS: 6 };
    expect(workOfBits(retarget(FIRST_BITS, 0, odd)) / workOfBits(FIRST_BITS)).toBeCloseTo(4, 3);
  });
});

describe('the time of a block', () => {
  test('is later than the median of the last eleven', () => {
    const times = [5, 1, 9, 2, 8, 3, 7, 4, 6, 10, 0].map((second) => START + second);
    expect(earliestTime({ height: 11, bits: 0, times, periodStart: START }, RULES)).toBe(START + 6);
  });

  test('of the first blocks is later than the median of those there are', () => {
    expect(earliestTime(first, RULES)).toBe(START + 1);
    expect(earliestTime(grow(first, [100]), RULES)).toBe(START + 101);
    expect(earliestTime(grow(first, [100, 100]), RULES)).toBe(START + 101);
  });

  test('that ends a period is later than the end of the one before', () => {
    // One far ahead ends the first period; those after it are early again, as the median lets them be.
    const lineage = grow(grow(first, [...even(19, 1), 100_000]), [-99_990, ...even(18, 1)]);
    expect(lineage.height).toBe(39);
    expect(earliestTime(lineage, RULES)).toBe(START + 100_019 + 1);
    expect(earliestTime({ ...lineage, height: 38 }, RULES)).toBeLessThan(START + 1000);
  });
});

/** What who has all the hash power can do to the difficulty with the times alone. Each block takes them as long as its work says;
 *  `timeFor` says what time they give it. Returns the blocks they found in so many periods' time. */
function attack(
  timeFor: (lineage: Lineage, nowS: number, rules: DifficultyRules) => number,
  bitsAfter: (lineage: Lineage, periodTimes: readonly number[]) => number,
  periods: number,
): number {
  const hashesPerS = workOfBits(FIRST_BITS) / 600;
  const endS = START + periods * RULES.periodS;
  let [lineage, nowS, blocks] = [first, START, 0];
  let periodTimes: number[] = [];
  while (blocks < 100_000) {
    const bits = bitsAfter(lineage, periodTimes);
    nowS += workOfBits(bits) / hashesPerS;
    if (nowS > endS) break;
    if (lineage.height % RULES.retargetBlocks === 0) periodTimes = [];
    lineage = nextLineage(lineage, headerAt(timeFor(lineage, Math.floor(nowS), RULES), bits), RULES);
    periodTimes.push(timeOf(lineage));
    blocks += 1;
  }
  return blocks;
}

/** Time stands almost still, but at the end of each period it is told truly. */
const warp = (lineage: Lineage, nowS: number, rules: DifficultyRules): number =>
  (lineage.height + 1) % rules.retargetBlocks === 0 ? nowS : earliestTime(lineage, rules);

const ours = (lineage: Lineage): number => nextBits(lineage, RULES);

describe('a time-warp', () => {
  test('works where a period is measured from its first block to its last, as Bitcoin measures', () => {
    const bitcoins = (lineage: Lineage, times: readonly number[]): number =>
      lineage.height % RULES.retargetBlocks === 0 && lineage.height > 0
        ? retarget(lineage.bits, (times.at(-1) ?? 0) - (times[0] ?? 0), RULES)
        : lineage.bits;
    expect(attack((_, nowS) => nowS, bitcoins, 12)).toBeLessThan(13 * RULES.retargetBlocks);
    expect(attack(warp, bitcoins, 12)).toBe(100_000);
  });

  test('does nothing where it is measured from the last block of the one before', () => {
    const honest = attack((_, nowS) => nowS, ours, 12);
    expect(honest).toBe(12 * RULES.retargetBlocks);
    expect(attack(warp, ours, 12)).toBe(honest);
  });

  test('that lets time run back once and forward often does nothing, since a period must not end before the last one did', () => {
    // Each of three periods seems to take four times as long as it ought to; then time runs back over all of them.
    const backAndForth = (lineage: Lineage, nowS: number, rules: DifficultyRules): number => {
      const earliest = earliestTime(lineage, rules);
      if ((lineage.height + 1) % rules.retargetBlocks !== 0) return earliest;
      const step = Math.floor(lineage.height / rules.retargetBlocks) % 4;
      const wanted = step === 3 ? START : Math.min(nowS, START + 4 * (step + 1) * rules.periodS);
      return Math.max(wanted, earliest);
    };
    const honest = attack((_, nowS) => nowS, ours, 60);
    expect(attack(backAndForth, ours, 60)).toBeLessThanOrEqual(honest + RULES.retargetBlocks);
    const withoutTheRule = (lineage: Lineage, nowS: number, rules: DifficultyRules): number =>
      backAndForth({ ...lineage, periodStart: 0 }, nowS, rules);
    expect(attack(withoutTheRule, ours, 60)).toBe(100_000);
  });
});
