/**
 * The chance that a payment is reversed after so many confirmations, by an attacker who has a share of all hash power.
 *
 * The attacker mines a branch of its own, without the payment, while the others mine z blocks on top of one another, the first
 * of them with the payment. Then it goes on until its branch is the better one. Both forms count an attacker that caught up
 * as successful. That is the same as one that must be ahead, as fork choice demands, but had found one block already when it
 * made the payment (as Rosenfeld 2014 reckons). `race.ts` plays that one.
 *
 * The forms below have only positive terms, each made from the one before. So nothing cancels, nothing overflows, and small
 * chances are as exact as large ones.
 */
import { CONFIRMATIONS_MAX } from './risk-limits.ts';

/** Share: of all hash power, from 0 to 1. Confirmations: a whole number, from 0. Result: from 0 to 1. */
export type Risk = (share: number, confirmations: number) => number;

/** What is smaller than this part of a sum does not change it. */
const NEGLIGIBLE = Number.EPSILON / 16;

/**
 * Nakamoto's approximation: it reckons as if the z blocks had taken exactly the time that is expected, so that the attacker's
 * blocks in it are Poisson's with mean z·q/p. It is a little too high where the
 * risk is large, and much too low where it is small.
 * Source: Nakamoto 2008, section 11. Differs: the sum of what succeeds, not 1 minus what fails.
 */
export const nakamotoRisk: Risk = (share, confirmations) => {
  if (confirmations === 0 || share >= 0.5) return 1;
  if (share === 0) return 0;
  const ratio = share / (1 - share);
  // Relative to the chance that the attacker found exactly z blocks. Of k < z blocks: caught up later, by (q/p)^(z-k).
  let sum = 0;
  let term = 1;
  for (let k = confirmations; k >= 0 && term > sum * NEGLIGIBLE; k--) {
    sum += term;
    term *= k / confirmations;
  }
  // Of k > z blocks.
  const mean = confirmations * ratio;
  term = mean / (confirmations + 1);
  for (let k = confirmations + 1; term > sum * NEGLIGIBLE; k++) {
    sum += term;
    term *= mean / (k + 1);
  }
  const logSame = confirmations * (Math.log(ratio) + 1 - ratio) + logPoissonAtMean(confirmations);
  return Math.min(1, Math.exp(logSame) * sum);
};

/** Logarithm of n^n e^-n / n!: the chance that Poisson's number is its mean, n ≥ 1. By its ratios, as n! itself is too large. */
function logPoissonAtMean(n: number): number {
  let log = -1;
  for (let k = 1; k < n; k++) log += k * Math.log1p(1 / k) - 1;
  return log;
}

/**
 * The exact chance: the attacker's blocks during the z have a negative binomial distribution.
 *
 * With P(k) = C(z-1+k, k) p^z q^k, the sum of P(k) for k ≥ z is the chance that the attacker finds z blocks first; and the sum of
 * P(k) (q/p)^(z-k) for k < z, those who catch up later, is the same number again. So it is twice the first:
 * 2 q^z · Σ C(z-1+k, k) p^k for k < z. As a function of z it is I(4pq; z, ½), the regularised incomplete beta function.
 * Source: Rosenfeld 2014, "Analysis of hashrate-based double spending"; Grunspan & Pérez-Marco 2017, "Double spend races".
 */
export const exactRisk: Risk = (share, confirmations) => {
  if (confirmations === 0 || share >= 0.5) return 1;
  const [p, n] = [1 - share, confirmations - 1];
  // Relative to the last term, which is the largest. C(2n, n) is too large; C(2n, n) / 4^n is not.
  let sum = 1;
  let term = 1;
  for (let k = n; k > 0 && term > sum * NEGLIGIBLE; k--) {
    term *= k / (p * (n + k));
    sum += term;
  }
  let central = 1;
  for (let i = 1; i <= n; i++) central *= (2 * i - 1) / (2 * i);
  return Math.min(1, 2 * share * (4 * p * share) ** n * central * sum);
};

/** The fewest confirmations with which the risk is at most this. Undefined where not even CONFIRMATIONS_MAX are enough: always
 *  for an attacker with half of the hash power or more, and for a risk of 0 where there is an attacker. */
export function confirmationsFor(risk: Risk, share: number, atMost: number): number | undefined {
  if (risk(share, 0) <= atMost) return 0;
  // There is always some chance, though it is rounded to none when it is small enough.
  if (atMost === 0 && share > 0) return undefined;
  let tooFew = 0;
  let enough = 1;
  while (risk(share, enough) > atMost) {
    if (enough === CONFIRMATIONS_MAX) return undefined;
    tooFew = enough;
    enough = Math.min(2 * enough, CONFIRMATIONS_MAX);
  }
  while (enough - tooFew > 1) {
    const middle = Math.floor((tooFew + enough) / 2);
    if (risk(share, middle) <= atMost) enough = middle;
    else tooFew = middle;
  }
  return enough;
}
