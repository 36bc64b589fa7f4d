import { describe, expect, test } from 'vitest';
import { figureEight, figureSeven, raftFigures } from '../../../src/compare/raft/figures.ts';

test('figure 7: every follower comes to have the log of the leader, whatever it had', () => {
  const table = figureSeven();
  const leaders = [1, 1, 1, 4, 4, 5, 5, 6, 6, 6, 8];
  expect([0, 1, 2, 3, 4, 5, 6].map((server) => table.log(server))).toEqual(Array.from({ length: 7 }, () => leaders));
  expect(table.replica(0).commit).toBe(leaders.length);
});

describe('figure 8: an entry of an older term that a majority has', () => {
  test('is not committed by that, and may be overwritten (d)', () => {
    const table = figureEight('overwritten');
    expect(table.replica(4).role).toBe('leader');
    expect([1, 2, 3, 4].map((server) => table.log(server))).toEqual(Array.from({ length: 4 }, () => [1, 3, 5]));
    expect(table.checker.violations).toEqual([]);
  });

  test('is committed with an entry of the present term, and then no server without it can lead (e)', () => {
    const table = figureEight('committed');
    expect(table.checker.committedIndex).toBe(3);
    expect(table.replica(4).role).not.toBe('leader');
    expect(table.log(1)).toEqual([1, 2, 4]);
    expect(table.log(2)).toEqual([1, 2, 4]);
    expect(table.checker.violations).toEqual([]);
  });
});

test.each([...raftFigures])('%s breaks none of the five properties', (_, play) => {
  expect(play().checker.violations).toEqual([]);
});
