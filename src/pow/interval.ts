/** Confidence intervals: where a true value is, as far as counting tells. */

/** Quantile of the normal distribution for intervals that hold the true value in 99.9 % of all countings. */
const Z = 3.290526731491896;

export interface Interval {
  readonly estimate: number;
  readonly low: number;
  readonly high: number;
}

/**
 * A chance, from how often something happened, at 99.9 %. Sound also where it happened hardly ever, or always. Never narrower than
 * ten trials' worth.
 * Source: Wilson 1927, "Probable inference, the law of succession, and statistical inference".
 */
export function wilsonInterval(successes: number, trials: number): Interval {
  const estimate = successes / trials;
  const square = Z ** 2 / trials;
  const centre = (estimate + square / 2) / (1 + square);
  const half = (Z / (1 + square)) * Math.sqrt((estimate * (1 - estimate)) / trials + square / (4 * trials));
  // Rounding may leave the ends just inside of what was counted.
  return {
    estimate,
    low: successes === 0 ? 0 : Math.min(estimate, centre - half),
    high: successes === trials ? 1 : Math.max(estimate, centre + half),
  };
}

/**
 * A ratio of two sums, over rounds that do not depend on one another, at 99.9 %. From the variance of part - ratio · whole, which
 * is 0 in the mean ("delta method"; Cochran 1977, "Sampling techniques", section 2.11). It wants some thousand rounds.
 */
export class RatioTally {
  #part = 0;
  #whole = 0;
  #partSquares = 0;
  #products = 0;
  #wholeSquares = 0;

  add(part: number, whole: number): void {
    this.#part += part;
    this.#whole += whole;
    this.#partSquares += part * part;
    this.#products += part * whole;
    this.#wholeSquares += whole * whole;
  }

  interval(): Interval {
    const ratio = this.#part / this.#whole;
    const squares = this.#partSquares - 2 * ratio * this.#products + ratio * ratio * this.#wholeSquares;
    const half = (Z * Math.sqrt(Math.max(0, squares))) / this.#whole;
    return { estimate: ratio, low: Math.max(0, ratio - half), high: Math.min(1, ratio + half) };
  }
}
