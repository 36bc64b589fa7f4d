import { describe, expect, test } from 'vitest';
import { confirmationsFor, exactRisk, nakamotoRisk, type Risk } from '../../src/pow/risk.ts';
import { CONFIRMATIONS_MAX } from '../../src/pow/risk-limits.ts';
import { haveVectors, readVectors } from '../crypto/vectors.ts';

const SHARES = [0.001, 0.1, 0.25, 0.4, 0.49, 0.4999];

/** The exact chance in whole numbers, as 1 minus what fails, which is how the papers write it. `percent`: the share. */
function exactByFractions(percent: number, z: number): number {
  const [p, q] = [BigInt(100 - percent), BigInt(percent)];
  let fails = 0n;
  let choose = 1n;
  for (let k = 0; k < z; k++) {
    // C(z-1+k, k) · (p^z q^k - q^z p^k), over 100^(z+k).
    fails += choose * (p ** BigInt(z) * q ** BigInt(k) - q ** BigInt(z) * p ** BigInt(k)) * 100n ** BigInt(z - k);
    choose = (choose * BigInt(z + k)) / BigInt(k + 1);
  }
  const whole = 100n ** BigInt(2 * z);
  // Thirty digits after the first one that counts, however small it is.
  let succeeds = whole - fails;
  let scale = 1;
  while (succeeds > 0n && succeeds * 10n ** 15n < whole) [succeeds, scale] = [succeeds * 10n ** 15n, scale * 1e-15];
  return (Number((succeeds * 10n ** 30n) / whole) / 1e30) * scale;
}

/** The logarithm of n!, for Nakamoto's sum as it is printed. */
const logFactorial = (n: number): number =>
  Array.from({ length: n }, (_, i) => Math.log(i + 1)).reduce((a, b) => a + b, 0);

function nakamotoAsPrinted(q: number, z: number): number {
  const lambda = (z * q) / (1 - q);
  let chance = 1;
  for (let k = 0; k <= z; k++) {
    chance -= Math.exp(k * Math.log(lambda) - lambda - logFactorial(k)) * (1 - (q / (1 - q)) ** (z - k));
  }
  return chance;
}

describe('the chance of reversal', () => {
  test.each([
    [nakamotoRisk, 0.1, 1, 0.2045873],
    [nakamotoRisk, 0.1, 5, 0.0009137],
    [nakamotoRisk, 0.1, 10, 0.0000012],
    [nakamotoRisk, 0.3, 5, 0.1773523],
    [nakamotoRisk, 0.3, 50, 0.0000006],
    [exactRisk, 0.1, 1, 0.2],
    [exactRisk, 0.1, 2, 0.056],
    [exactRisk, 0.1, 6, 0.0005914],
    [exactRisk, 0.3, 10, 0.0651067],
  ])('%o of share %d after %d confirmations is %d', (risk, share, confirmations, expected) => {
    expect(risk(share, confirmations)).toBeCloseTo(expected, 7);
  });

  test.each([
    [1, 3],
    [10, 6],
    [10, 200],
    [25, 100],
    [30, 300],
    [45, 300],
    [49, 300],
  ])('the exact form is that of whole numbers: %d %% and %d confirmations', (percent, z) => {
    expect(exactRisk(percent / 100, z) / exactByFractions(percent, z)).toBeCloseTo(1, 11);
  });

  test.each([
    [0.1, 6],
    [0.3, 50],
    [0.45, 100],
    [0.49, 1000],
  ])('the approximation is the sum of the paper: share %d, %d confirmations', (share, z) => {
    expect(nakamotoRisk(share, z)).toBeCloseTo(nakamotoAsPrinted(share, z), 10);
  });

  test.each([
    ['nakamoto', nakamotoRisk],
    ['exact', exactRisk],
  ])('%s: 1 without confirmations and from one half on, 0 without an attacker', (_, risk) => {
    for (const share of [0, 0.1, 0.5, 1]) expect(risk(share, 0)).toBe(1);
    for (const share of [0.5, 0.500001, 0.9, 1]) for (const z of [1, 6, 5000]) expect(risk(share, z)).toBe(1);
    for (const z of [1, 6, 5000]) expect(risk(0, z)).toBe(0);
  });

  test.each([
    ['nakamoto', nakamotoRisk],
    ['exact', exactRisk],
  ])('%s: smaller with every confirmation, without a step, up to some thousand', (_, risk) => {
    for (const share of SHARES) {
      let before = 1;
      for (const z of [...Array.from({ length: 200 }, (_, i) => i + 1), 500, 1000, 2000, 5000]) {
        const chance = risk(share, z);
        expect(chance === 0 ? before < 1e-100 : chance > 0 && chance < before).toBe(true);
        before = chance;
      }
    }
  });

  test('the exact form falls by 4pq with each confirmation, in the long run, however small it is', () => {
    for (const share of [0.1, 0.3, 0.49]) {
      const step = exactRisk(share, 501) / exactRisk(share, 500);
      expect(step / (4 * share * (1 - share))).toBeCloseTo(1, 2);
    }
  });
});

describe('confirmations for a risk', () => {
  test.each([
    [0.1, 5, 6],
    [0.3, 24, 32],
    [0.45, 340, 539],
  ])('share %d: %d by the approximation, %d in truth for one in a thousand', (share, nakamoto, exact) => {
    expect(confirmationsFor(nakamotoRisk, share, 0.001)).toBe(nakamoto);
    expect(confirmationsFor(exactRisk, share, 0.001)).toBe(exact);
  });

  test('are enough, and one less is not', () => {
    for (const risk of [nakamotoRisk, exactRisk] satisfies Risk[]) {
      for (const share of [0.01, 0.2, 0.4, 0.48]) {
        for (const atMost of [0.5, 0.01, 1e-6, 1e-12]) {
          const needed = confirmationsFor(risk, share, atMost) ?? 0;
          expect(risk(share, needed)).toBeLessThanOrEqual(atMost);
          expect(risk(share, needed - 1)).toBeGreaterThan(atMost);
        }
      }
    }
  });

  test('a risk that is met exactly is met', () => {
    expect(confirmationsFor(exactRisk, 0.25, 0.5)).toBe(1);
    expect(confirmationsFor(exactRisk, 0.3, 1)).toBe(0);
  });

  test('are not there for half of the hash power or no risk at all, nor within reach very near one half', () => {
    expect(confirmationsFor(exactRisk, 0.5, 0.999)).toBeUndefined();
    for (const risk of [nakamotoRisk, exactRisk]) expect(confirmationsFor(risk, 0.1, 0)).toBeUndefined();
    expect(confirmationsFor(exactRisk, 0, 0)).toBe(1);
    expect(confirmationsFor(exactRisk, 0.4999, 0.001)).toBeUndefined();
    expect(exactRisk(0.4999, CONFIRMATIONS_MAX)).toBeGreaterThan(0.001);
  });
});

type Table = Readonly<Record<string, number>>;
interface Vectors {
  readonly [name: `nakamoto_q${string}` | `exact_q${string}`]: Table;
  readonly 'P<0.001': Readonly<Record<string, { readonly nakamoto: number; readonly exact: number }>>;
  readonly 'rosenfeld_percent_n1..10': Readonly<Record<string, readonly number[]>>;
}

describe.skipIf(!haveVectors)('published tables (../shared/vectors/proof-of-work.json)', () => {
  const vectors = haveVectors ? (readVectors('proof-of-work.json') as Vectors) : ({} as Vectors);

  test.each([
    ['nakamoto', '0.1', nakamotoRisk, 7],
    ['nakamoto', '0.3', nakamotoRisk, 7],
    ['exact', '0.1', exactRisk, 9],
    ['exact', '0.3', exactRisk, 9],
  ] as const)('%s, share %s: to all printed digits', (name, share, risk, digits) => {
    const printed = Object.entries(vectors[`${name}_q${share}`] ?? {});
    expect(printed.length).toBe(11);
    expect(printed.map(([z]) => [z, Number(risk(Number(share), Number(z)).toFixed(digits))])).toEqual(printed);
  });

  test('the fewest confirmations for less than one in a thousand', () => {
    const printed = Object.entries(vectors['P<0.001']);
    expect(printed.length).toBe(8);
    for (const [share, expected] of printed) {
      const needed = (risk: Risk) => confirmationsFor(risk, Number(share), 0.001);
      expect({ share, nakamoto: needed(nakamotoRisk), exact: needed(exactRisk) }).toEqual({ share, ...expected });
    }
  });

  test("Rosenfeld's table, in percent", () => {
    const printed = Object.entries(vectors['rosenfeld_percent_n1..10']);
    expect(printed.length).toBe(25);
    for (const [share, row] of printed) {
      expect(row.length).toBe(10);
      const found = row.map((_, i) => Number((100 * exactRisk(Number(share), i + 1)).toFixed(3)));
      expect([share, found]).toEqual([share, row]);
    }
  });
});
