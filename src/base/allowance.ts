/** What somebody may spend: it grows with time, up to a bound. Pure: the caller brings the time, of a clock that never goes back. */
import { invariant } from './invariant.ts';

export class Allowance {
  readonly #perSecond: number;
  readonly #max: number;
  #left: number;
  #atMs: number | undefined;

  /** Full at first. */
  constructor(perSecond: number, max: number) {
    invariant(perSecond > 0 && max > 0, 'an allowance grows', { perSecond, max });
    this.#perSecond = perSecond;
    this.#max = max;
    this.#left = max;
  }

  /** What is there. Negative after `spend` of more than that. */
  left(nowMs: number): number {
    const grown = ((nowMs - (this.#atMs ?? nowMs)) / 1000) * this.#perSecond;
    this.#left = Math.min(this.#max, this.#left + grown);
    this.#atMs = nowMs;
    return this.#left;
  }

  /** Takes so much if it is there. */
  take(amount: number, nowMs: number): boolean {
    if (this.left(nowMs) < amount) return false;
    this.#left -= amount;
    return true;
  }

  /** Takes so much, whether it is there or not. Negative gives back. */
  spend(amount: number, nowMs: number): void {
    this.#left = Math.min(this.#max, this.left(nowMs) - amount);
  }

  /** Milliseconds until something is there; 0 where it is now. */
  waitMs(nowMs: number): number {
    return Math.max(0, (-this.left(nowMs) / this.#perSecond) * 1000);
  }
}
