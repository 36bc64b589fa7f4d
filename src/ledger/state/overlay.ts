/** The state as a body changes it, before a block is made of that. */
import { InvariantViolation, present } from '../../base/invariant.ts';
import { type StateKey, stateKeyText } from './entry-kind.ts';
import { EntryMap } from './entry-map.ts';
import type { StateSource } from './source.ts';
import { type ValuePlace, valuePlaceText } from './value-place.ts';

/** Entries to read and to change. */
export interface Entries {
  /** Undefined where nothing stands under the key. */
  get<V>(key: StateKey<V>): V | undefined;
  /** Undefined deletes the entry, if there is one. */
  set<V>(key: StateKey<V>, value: V | undefined): void;
  /** A value that stands apart, for the entry to name. */
  setValue(place: ValuePlace, value: Uint8Array): void;
}

/** An entry as it was and as it is; undefined where there is none. */
interface Change {
  readonly key: StateKey;
  readonly before: unknown;
  readonly after: unknown;
}

/** Stands for a deleted entry. */
const DELETED = Symbol('deleted');

/** What lies below stays as it is. */
export class Overlay implements Entries {
  readonly #below: StateSource;
  /** Entries that were set, with what they are now. */
  readonly #above = new EntryMap<unknown>();
  /** What was overwritten since the last `keep`, oldest first: where, and what stood there (undefined: what lies below). The arrays
   *  are used again, since this happens for every transaction; only so many of their entries count, and a mark is such a number. */
  readonly #keys: StateKey[] = [];
  readonly #before: unknown[] = [];
  #overwritten = 0;
  /** Values that stand apart, by their places. Nothing is taken back here: each transaction has places of its own, and what failed is named by
   *  no entry. */
  readonly #values = new Map<string, Uint8Array>();

  constructor(below: StateSource) {
    this.#below = below;
  }

  get<V>(key: StateKey<V>): V | undefined {
    return this.#resolve(key, this.#above.get(key)) as V | undefined;
  }

  set<V>(key: StateKey<V>, value: V | undefined): void {
    this.#keys[this.#overwritten] = key;
    this.#before[this.#overwritten] = this.#above.get(key);
    this.#overwritten += 1;
    this.#above.set(key, value ?? DELETED);
  }

  setValue(place: ValuePlace, value: Uint8Array): void {
    this.#values.set(valuePlaceText(place), value);
  }

  /** A value that was set here. */
  value(place: ValuePlace): Uint8Array | undefined {
    return this.#values.get(valuePlaceText(place));
  }

  /** All changes so far stay. */
  keep(): void {
    this.#overwritten = 0;
  }

  /** A moment since the last `keep`, to which the changes after it can be taken back. */
  mark(): number {
    return this.#overwritten;
  }

  /** Takes back the changes since the mark; without one, since the last `keep`. */
  takeBack(mark = 0): void {
    while (this.#overwritten > mark) {
      this.#overwritten -= 1;
      const key = present(this.#keys[this.#overwritten], 'key');
      const before = this.#before[this.#overwritten];
      if (before === undefined) this.#above.delete(key);
      else this.#above.set(key, before);
    }
  }

  /** What was set since the mark, each entry once: what stood there then, and what does now. */
  *changesSince(mark: number): Generator<Change> {
    for (let i = mark; i < this.#overwritten; i++) {
      const key = present(this.#keys[i], 'key');
      // An entry that was overwritten twice is told where it was first.
      if (this.#wasSet(key, mark, i)) continue;
      yield { key, before: this.#resolve(key, this.#before[i]), after: this.get(key) };
    }
  }

  /** What was set and is not as below. */
  *changes(): Generator<Change> {
    for (const [key, above] of this.#above) {
      const before = this.#below.get(key);
      const after = this.#resolve(key, above);
      if (before !== after) yield { key, before, after };
    }
  }

  /** The entries under these keys, and no others. */
  under(keys: readonly StateKey[]): Entries {
    return new Declared(this, keys);
  }

  #wasSet({ kind, text }: StateKey, from: number, to: number): boolean {
    for (let i = from; i < to; i++) if (this.#keys[i]?.kind === kind && this.#keys[i]?.text === text) return true;
    return false;
  }

  #resolve(key: StateKey, above: unknown): unknown {
    if (above === undefined) return this.#below.get(key);
    return above === DELETED ? undefined : above;
  }
}

/** What an operation sees. One that touches what it did not declare is our own bug: nobody could fetch that before it runs. */
class Declared implements Entries {
  readonly #all: Overlay;
  readonly #keys: readonly StateKey[];

  constructor(all: Overlay, keys: readonly StateKey[]) {
    this.#all = all;
    this.#keys = keys;
  }

  get<V>(key: StateKey<V>): V | undefined {
    this.#require(key);
    return this.#all.get(key);
  }

  set<V>(key: StateKey<V>, value: V | undefined): void {
    this.#require(key);
    this.#all.set(key, value);
  }

  setValue(place: ValuePlace, value: Uint8Array): void {
    this.#require(place.key);
    this.#all.setValue(place, value);
  }

  #require({ kind, text }: StateKey): void {
    for (const key of this.#keys) if (key.kind === kind && key.text === text) return;
    throw new InvariantViolation('an operation touches only what it declared', { key: stateKeyText({ kind, text }) });
  }
}
