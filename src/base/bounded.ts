/**
 * Collections with a limit that cannot be passed. Everything a peer or client can fill is one of these.
 */
import { invariant } from './invariant.ts';

/** A map that forgets its oldest entry (by insertion) to make room for a new one. */
export class ForgetfulMap<K, V> {
  readonly limit: number;
  readonly #entries = new Map<K, V>();

  constructor(limit: number) {
    invariant(Number.isSafeInteger(limit) && limit > 0, 'a limit is a positive whole number', { limit });
    this.limit = limit;
  }

  get size(): number {
    return this.#entries.size;
  }

  get(key: K): V | undefined {
    return this.#entries.get(key);
  }

  has(key: K): boolean {
    return this.#entries.has(key);
  }

  /** Sets the entry, as the newest. Returns the entry forgotten for it, if any. */
  set(key: K, value: V): readonly [K, V] | undefined {
    this.#entries.delete(key);
    this.#entries.set(key, value);
    if (this.#entries.size <= this.limit) return undefined;
    const oldest = this.#entries.entries().next().value;
    invariant(oldest !== undefined, 'a map over its limit has an oldest entry');
    this.#entries.delete(oldest[0]);
    return oldest;
  }

  delete(key: K): boolean {
    return this.#entries.delete(key);
  }

  keys(): IterableIterator<K> {
    return this.#entries.keys();
  }

  values(): IterableIterator<V> {
    return this.#entries.values();
  }

  [Symbol.iterator](): IterableIterator<[K, V]> {
    return this.#entries[Symbol.iterator]();
  }
}
