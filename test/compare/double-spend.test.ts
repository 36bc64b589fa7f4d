import { describe, expect, test } from 'vitest';
import { doubleSpend } from '../../src/compare/double-spend.ts';
import { wilsonInterval } from '../../src/pow/interval.ts';

const SEED = 1;

describe('a double spend with 40 % of the hash power, of a merchant who waits for one confirmation', () => {
  const { chance, tries, successes, pow, pbft } = doubleSpend(0.4, 1, SEED);

  test('succeeds as often as the exact form says', () => {
    const { low, high } = wilsonInterval(successes, tries);
    expect(chance).toBeGreaterThan(low);
    expect(chance).toBeLessThan(high);
    expect(chance).toBeGreaterThan(0.5);
  });

  test('leaves the merchant with nothing, after it delivered', () => {
    expect(pow.merchantHas).toBe('0');
    expect(pow.paidAtHeight).toBe(1);
    expect(pow.takenBackMs).toBeGreaterThanOrEqual(pow.deliveredMs);
    expect(pow.depth).toBeGreaterThanOrEqual(1);
  });

  test('comes to nothing against PBFT with one liar of four: one of the two is final, everywhere the same', () => {
    expect(pbft.most).toBe(1);
    expect(pbft.disagreed).toBe(false);
    expect(pbft.provers).toBeGreaterThan(0);
  });
});

test('with 10 % and six confirmations it hardly ever succeeds, and the merchant keeps the money', () => {
  const { chance, tries, successes, pow } = doubleSpend(0.1, 6, SEED);
  const { low, high } = wilsonInterval(successes, tries);
  expect(chance).toBeGreaterThanOrEqual(low);
  expect(chance).toBeLessThan(high);
  expect(pow).toMatchObject({ takenBackMs: null, depth: 0, merchantHas: '100' });
});
