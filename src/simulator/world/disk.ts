/**
 * A disk that keeps the contract of `Store` and nothing more: a batch is atomic, and only what was acknowledged survives
 * for certain. At a crash each batch under way is there whole or not at all, and later ones only if the earlier are.
 */
import { present } from '../../base/invariant.ts';
import type { Store, StoreOperation, StoreRange } from '../../driver/ports.ts';
import type { Random } from '../../base/random.ts';

type Entries = readonly (readonly [string, Uint8Array])[];

/** What a batch replaced: the value that each of its keys had before, undefined where there was none. */
type Replaced = Map<string, Uint8Array | undefined>;

/** Newest batches that stand in the log only, where one flipped bit loses some of them. */
const LOG_BATCHES = 128;
/** The most that it loses: what shares a block of the log. */
const BLOCK_BATCHES = 16;

/** Runs something later in the life of the node that asked, or never when that life ends first. */
export type Later = (delayMs: number, run: () => void) => void;

/** Milliseconds that a synced write takes on a disk that is well. */
export const WRITE_MS = 0.3;
/** The same of a read. */
export const READ_MS = 0.05;

export class SimulatedDisk {
  readonly #random: Random;
  readonly #entries = new Map<string, Uint8Array>();
  /** Batches under way, oldest first. */
  #pending: (readonly StoreOperation[])[] = [];
  /** Durable batches, oldest first. */
  #log: Replaced[] = [];
  #hole = false;
  /** Of the life that has it open. */
  #written: (batch: readonly StoreOperation[]) => void = () => {};
  /** Milliseconds that a synced write takes, and a read. */
  writeMs = WRITE_MS;
  readMs = READ_MS;

  constructor(random: Random) {
    this.#random = random;
  }

  get isFast(): boolean {
    return this.writeMs <= WRITE_MS && this.readMs <= READ_MS;
  }

  /** What would survive a power loss now. */
  get(key: string): Uint8Array | undefined {
    return this.#entries.get(key);
  }

  /** Whether batches are gone from its middle: nobody may start from it. */
  get hasHole(): boolean {
    return this.#hole;
  }

  /** Keys that begin with the prefix. */
  count(prefix: string): number {
    let count = 0;
    for (const key of this.#entries.keys()) if (key.startsWith(prefix)) count += 1;
    return count;
  }

  /** What would survive a power loss now, of what begins with the prefix. */
  *under(prefix: string): Generator<readonly [string, Uint8Array]> {
    for (const entry of this.#entries) if (entry[0].startsWith(prefix)) yield entry;
  }

  /** The store as one life of a node sees it. `written` is told of each batch that became durable, be it by
   *  the crash that ends this life. */
  open(later: Later, written: (batch: readonly StoreOperation[]) => void): Store {
    this.#written = written;
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
      read: (keys, done) => later(this.readMs, () => done(keys.map((key) => this.#entries.get(key)))),
      scan: (range, done) => later(this.readMs, () => done(this.#scan(range))),
    };
  }

  /** Power loss. */
  crash(): void {
    for (const batch of this.#pending) {
      if (this.#random.chance(0.5)) break;
      this.#apply(batch);
      this.#written(batch);
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

  /** Takes some batches out of the middle of the log, as LevelDB does without a word when it finds a flipped bit there:
   *  later ones stay. How many. */
  loseBatches(): number {
    if (this.#log.length < 2) return 0;
    const from = this.#random.int(0, this.#log.length - 2);
    const count = this.#random.int(1, Math.min(BLOCK_BATCHES, this.#log.length - 1 - from));
    const lost = this.#log.splice(from, count);
    const later = this.#log.slice(from);
    for (const batch of lost.toReversed()) {
      for (const [key, before] of batch) {
        const next = later.find((each) => each.has(key));
        if (next === undefined) this.#set(key, before);
        else next.set(key, before);
      }
    }
    this.#hole = true;
    return count;
  }

  /** Everything is gone, as with a new disk. */
  wipe(): void {
    this.#entries.clear();
    this.#log = [];
    this.#hole = false;
  }

  #apply(batch: readonly StoreOperation[]): void {
    const replaced: Replaced = new Map();
    for (const operation of batch) {
      const { key } = operation;
      if (!replaced.has(key)) replaced.set(key, this.#entries.get(key));
      this.#set(key, operation.kind === 'put' ? operation.value : undefined);
    }
    this.#log.push(replaced);
    if (this.#log.length > LOG_BATCHES) this.#log.shift();
  }

  #set(key: string, value: Uint8Array | undefined): void {
    if (value === undefined) this.#entries.delete(key);
    else this.#entries.set(key, value);
  }

  #scan({ from, to, limit }: StoreRange): Entries {
    return [...this.#entries]
      .filter(([key]) => key >= from && key < to)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .slice(0, limit);
  }
}
