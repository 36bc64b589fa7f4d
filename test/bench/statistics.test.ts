import { describe, expect, test } from 'vitest';
import { latencyOf, mean, quantile } from './statistics.ts';

describe('a quantile', () => {
  test.each([
    { values: [7], part: 0.5, expected: 7 },
    { values: [2, 1], part: 0.5, expected: 1 },
    { values: [3, 1, 2], part: 0.5, expected: 2 },
    { values: [10, 9, 8, 7, 6, 5, 4, 3, 2, 1], part: 0.99, expected: 10 },
    { values: [1, 2, 3], part: 0, expected: 1 },
    { values: [1, 2, 3], part: 1, expected: 3 },
  ])('of $part of $values is $expected', ({ values, part, expected }) => {
    expect(quantile(values, part)).toBe(expected);
  });

  test('of nothing is no number', () => {
    expect(quantile([], 0.5)).toBeNaN();
  });

  test('sorts as numbers and leaves the list as it was', () => {
    const values = [100, 9, 20];
    expect(quantile(values, 0.5)).toBe(20);
    expect(values).toEqual([100, 9, 20]);
  });
});

test('a hundred latencies have their 99th as p99', () => {
  const milliseconds = Array.from({ length: 100 }, (_, i) => 100 - i);
  expect(latencyOf(milliseconds)).toEqual({ p50: 50, p99: 99, count: 100 });
});

test('the mean is the mean', () => {
  expect(mean([1, 2, 6])).toBe(3);
});
