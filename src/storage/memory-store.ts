/** The driver's `Store` in memory: for tests, and for simulated disks to build on. Forgets everything with the process. */
import { invariant } from '../base/invariant.ts';
import type { Store, StoreOperation, StoreRange } from '../driver/ports.ts';

export class MemoryStore implements Store {
  readonly #values = new Map<string, Uint8Array>();
  /** The keys in order, undefined since a key came or went. */
  #sorted: readonly string[] | undefined = [];

  write(batch: readonly StoreOperation[], done: (error?: Error) => void): void {
    // A disk takes a copy too: what the caller does to its bytes later does not reach the store.
    const copies = batch.map((operation) =>
      operation.kind === 'put' ? { ...operation, value: operation.value.slice() } : operation,
    );
    queueMicrotask(() => {
      for (const operation of copies) this.#apply(operation);
      done();
    });
  }

  read(keys: readonly string[], done: (values: readonly (Uint8Array | undefined)[], error?: Error) => void): void {
    const wanted = [...keys];
    queueMicrotask(() => done(wanted.map((key) => this.#values.get(key)?.slice())));
  }

  scan(range: StoreRange, done: (entries: readonly (readonly [string, Uint8Array])[], error?: Error) => void): void {
    const { from, to, limit } = range;
    invariant(Number.isSafeInteger(limit) && limit > 0, 'a scan has a positive limit', { limit });
    queueMicrotask(() => {
      const entries: (readonly [string, Uint8Array])[] = [];
      const keys = this.#keys();
      for (let at = firstAtLeast(keys, from); at < keys.length && entries.length < limit; at++) {
        const key = keys[at] as string;
        if (key >= to) break;
        entries.push([key, (this.#values.get(key) as Uint8Array).slice()]);
      }
      done(entries);
    });
  }

  #apply(operation: StoreOperation): void {
    if (operation.kind === 'put') {
      if (!this.#values.has(operation.key)) this.#sorted = undefined;
      this.#values.set(operation.key, operation.value);
    } else if (this.#values.delete(operation.key)) {
      this.#sorted = undefined;
    }
  }

  #keys(): readonly string[] {
    this.#sorted ??= [...this.#values.keys()].toSorted();
    return this.#sorted;
  }
}

/** Position of the first of the sorted keys that is not below `from`. */
function firstAtLeast(keys: readonly string[], from: string): number {
  let low = 0;
  let high = keys.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((keys[middle] as string) < from) low = middle + 1;
    else high = middle;
  }
  return low;
}
