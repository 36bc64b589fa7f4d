/** Raft's own search; `npm run hunt -- --search raft --count 2000` runs as many as one likes. */
import { describe, expect, test } from 'vitest';
import { runRaftSeed, type SeedVerdict } from '../../../src/compare/raft/seeds.ts';

const SEEDS = 300;

describe(`the first ${SEEDS} seeds`, () => {
  const verdicts: SeedVerdict[] = [];
  const sum = (of: (verdict: SeedVerdict) => number): number => verdicts.reduce((total, each) => total + of(each), 0);

  test('break no property, recover, and are not disturbed by who returns', () => {
    for (let seed = 1; seed <= SEEDS; seed++) verdicts.push(runRaftSeed(seed));
    const failed = verdicts.filter(({ violations }) => violations.length > 0);
    expect(failed.map(({ seed, violations }) => ({ seed, violations }))).toEqual([]);
    expect(verdicts.every(({ recoveryMs }) => recoveryMs !== null)).toBe(true);
  });

  test('are such that something could have broken', () => {
    expect(new Set(verdicts.map(({ servers }) => servers))).toEqual(new Set([3, 4, 5, 7]));
    expect(sum(({ elections }) => elections)).toBeGreaterThan(3 * SEEDS);
    expect(sum(({ crashes }) => crashes)).toBeGreaterThan(10 * SEEDS);
    expect(sum(({ committed }) => committed)).toBeGreaterThan(50 * SEEDS);
  });
});

test('a seed gives the same verdict again', () => {
  expect(runRaftSeed(7)).toEqual(runRaftSeed(7));
});
