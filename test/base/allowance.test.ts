import { describe, expect, test } from 'vitest';
import { Allowance } from '../../src/base/allowance.ts';

describe('an allowance', () => {
  test('is full at first, is used up, and grows with time up to its bound', () => {
    const allowance = new Allowance(10, 5);
    expect([1, 2, 3, 4, 5, 6].map(() => allowance.take(1, 0))).toEqual([true, true, true, true, true, false]);
    expect(allowance.left(200)).toBe(2);
    expect(allowance.left(60_000)).toBe(5);
  });

  test('that was overdrawn is waited for', () => {
    const allowance = new Allowance(10, 5);
    allowance.spend(25, 0);
    expect([allowance.left(0), allowance.waitMs(0)]).toEqual([-20, 2_000]);
    expect([allowance.take(1, 2_000), allowance.take(1, 2_100)]).toEqual([false, true]);
  });
});
