/** All chance of a simulation comes from one seed, through streams that do not disturb one another. */
import { uniformInt } from 'pure-rand/distribution/uniformInt';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';
import { present } from './invariant.ts';

export class Random {
  readonly #generator;

  /** Only the low 32 bits of the seed count. */
  constructor(seed: number) {
    this.#generator = xoroshiro128plus(scrambled(seed));
    for (let i = 0; i < WARM_UP; i++) this.#generator.next();
  }

  /** Whole, from `from` to `to`, both included. */
  int(from: number, to: number): number {
    return uniformInt(this.#generator, from, to);
  }

  /** From `from` up to `to`. */
  between(from: number, to: number): number {
    return from + ((this.#generator.next() >>> 0) / 2 ** 32) * (to - from);
  }

  chance(probability: number): boolean {
    return this.between(0, 1) < probability;
  }

  pick<T>(list: readonly T[]): T {
    return present(list[this.int(0, list.length - 1)], 'one of an empty list');
  }

  /** The list in another order. */
  shuffled<T>(list: readonly T[]): T[] {
    const copy = [...list];
    for (let last = copy.length - 1; last > 0; last--) {
      const other = this.int(0, last);
      [copy[last], copy[other]] = [copy[other] as T, copy[last] as T];
    }
    return copy;
  }

  /** A stream of its own: what is drawn from one does not change the other. */
  fork(): Random {
    return new Random(this.#generator.next());
  }
}

/** Seeds that follow one another begin alike in the generator: a hunt through a thousand in a row would see a few scenarios. */
const WARM_UP = 8;

/** Murmur3's finaliser: each bit of the seed changes half of the result's. */
function scrambled(seed: number): number {
  let mixed = Math.imul(seed ^ (seed >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return mixed ^ (mixed >>> 16);
}
