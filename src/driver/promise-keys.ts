/** Keeps promises in the store, and removes those that no longer bind: of settled heights and of ended epochs. */
import type { Epoch, Height } from '../base/brand.ts';
import type { PromiseRecord } from '../consensus/promises.ts';
import type { Journal } from './journal.ts';
import { promiseOperation } from './records.ts';

export class PromiseKeys {
  readonly #journal: Journal;
  /** Stored keys, by the height they are about; those about the view stand under infinity. */
  readonly #keys = new Map<number, Set<string>>();

  constructor(journal: Journal, stored: readonly { readonly key: string; readonly record: PromiseRecord }[]) {
    this.#journal = journal;
    for (const { key, record } of stored) this.#add(heightOf(record), key);
  }

  keep(epoch: Epoch, record: PromiseRecord): void {
    const operation = promiseOperation(epoch, record);
    this.#journal.write(operation);
    this.#add(heightOf(record), operation.key);
  }

  /** Removes promises about heights up to this one. */
  forget(upTo: Height): void {
    for (const [height, keys] of this.#keys) {
      if (height > upTo) continue;
      for (const key of keys) this.#journal.delete(key);
      this.#keys.delete(height);
    }
  }

  /** Removes all: the epoch is over, and nothing in it can be voted on any more. */
  forgetAll(): void {
    this.forget(Number.POSITIVE_INFINITY as Height);
  }

  #add(height: number, key: string): void {
    const keys = this.#keys.get(height) ?? new Set<string>();
    this.#keys.set(height, keys.add(key));
  }
}

function heightOf(record: PromiseRecord): number {
  switch (record.kind) {
    case 'vote':
      return record.vote.vote.height;
    case 'prepared':
      return record.prepared.height;
    case 'view-change':
    case 'new-view':
      return Number.POSITIVE_INFINITY;
  }
}
