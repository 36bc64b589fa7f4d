/**
 * A disk that keeps the contract of `Store` and nothing more: a batch is atomic, and only what was acknowledged survives
 * for certain. At a crash each batch under way is there whole or not at all, and later ones only if the earlier are.
 */
import { present } from '../base/invariant.ts';
import type { Store, StoreOperation, StoreRange } from '../driver/ports.ts';
import type { Random } from './random.ts';

type Entries = readonly (readonly [string, Uint8Array])[];

/** Runs something later in the life of the node that asked, or never when that life ends first. */
export type Later = (delayMs: number, run: () => void) => void;

export class SimulatedDisk {
  readonly #random: Random;
  readonly #entries = new Map<string, Uint8Array>();
  /** Batches under way, oldest first. */
  #pending: (readonly StoreOperation[])[] = [];
  /** Milliseconds that a synced write takes. */
  writeMs = 0.3;

  constructor(random: Random) {
    this.#random = random;
  }

  /** What would survive a power loss now. */
  get(key: string): Uint8Array | undefined {
    return this.#entries.get(key);
  }

  /** Keys that begin with the prefix. */
  count(prefix: string): number {
    let count = 0;
    for (const key of this.#entries.keys()) if (key.startsWith(prefix)) count += 1;
    return count;
  }

  /** The store as one life of a node sees it. `written` is told of each batch that became durable. */
  open(later: Later, written: (batch: readonly StoreOperation[]) => void): Store {
    return {
      write: (batch, done) => {
        this.#pending.push(batch);
        later(this.writeMs, () => {
          while (this.#pending.includes(batch)) {
            const oldest = present(this.#pending.shift(), 'a batch under way');
            this.#apply(oldest);
            written(oldest);
          }
          done();
        });
      },
      read: (keys, done) => later(0.05, () => done(keys.map((key) => this.#entries.get(key)))),
      scan: (range, done) => later(0.05, () => done(this.#scan(range))),
    };
  }

  /** Power loss. */
  crash(): void {
    for (const batch of this.#pending) {
      if (this.#random.chance(0.5)) break;
      this.#apply(batch);
    }
    this.#pending = [];
  }

  /** Flips one bit of one value whose key begins with one of the prefixes. The key, or undefined when there is none. */
  flipBit(prefixes: readonly string[]): string | undefined {
    const keys = [...this.#entries.keys()].filter((key) => prefixes.some((prefix) => key.startsWith(prefix))).sort();
    if (keys.length === 0) return undefined;
    const key = this.#random.pick(keys);
    const value = present(this.#entries.get(key), key).slice();
    if (value.length === 0) return undefined;
    const at = this.#random.int(0, value.length - 1);
    value[at] = (value[at] ?? 0) ^ (1 << this.#random.int(0, 7));
    this.#entries.set(key, value);
    return key;
  }

  /** Everything is gone, as with a new disk. */
  wipe(): void {
    this.#entries.clear();
  }

  #apply(batch: readonly StoreOperation[]): void {
    for (const operation of batch) {
      if (operation.kind === 'put') this.#entries.set(operation.key, operation.value);
      else this.#entries.delete(operation.key);
    }
  }

  #scan({ from, to, limit }: StoreRange): Entries {
    return [...this.#entries]
      .filter(([key]) => key >= from && key < to)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .slice(0, limit);
  }
}
