/** Keeps promises in the store, and removes those that no longer bind: of settled heights, of views that it left, and of
 *  ended epochs. */
import type { Epoch, Height, View } from '../../base/brand.ts';
import type { PromiseRecord } from '../../consensus/promises.ts';
import type { Batch } from '../stored/batch.ts';
import { promiseOperation } from '../stored/records.ts';

export class PromiseKeys {
  readonly #batch: Batch;
  /** By height: the keys stored about it, each with the highest view in which it binds. Records of view changes are
   *  about no height, and stand under infinity. */
  readonly #keys = new Map<number, Map<string, number>>();

  constructor(batch: Batch, stored: readonly { readonly key: string; readonly record: PromiseRecord }[]) {
    this.#batch = batch;
    for (const { key, record } of stored) this.#add(record, key);
  }

  keep(epoch: Epoch, record: PromiseRecord): void {
    const operation = promiseOperation(epoch, record);
    this.#batch.write(operation);
    this.#add(record, operation.key);
    // They go in the same batch that writes that we left these views, which alone forbids all votes there.
    if (record.kind === 'view-change') this.#forgetViews(record.viewChange.viewChange.view);
    if (record.kind === 'new-view') this.#forgetViews(record.newView.newView.view);
  }

  /** Removes promises about heights up to this one. */
  forget(upTo: Height): void {
    for (const [height, keys] of this.#keys) {
      if (height > upTo) continue;
      for (const key of keys.keys()) this.#batch.delete(key);
      this.#keys.delete(height);
    }
  }

  /** Removes all: the epoch is over, and nothing in it can be voted on any more. */
  forgetAll(): void {
    this.forget(Number.POSITIVE_INFINITY as Height);
  }

  #forgetViews(below: View): void {
    for (const keys of this.#keys.values()) {
      for (const [key, view] of keys) {
        if (view >= below) continue;
        this.#batch.delete(key);
        keys.delete(key);
      }
    }
  }

  #add(record: PromiseRecord, key: string): void {
    const height = heightOf(record);
    const keys = this.#keys.get(height) ?? new Map<string, number>();
    this.#keys.set(height, keys.set(key, viewOf(record)));
  }
}

/** CHECKPOINTs and prepared certificates outlive all views. */
const viewOf = (record: PromiseRecord): number =>
  record.kind === 'vote' && record.vote.vote.kind !== 'checkpoint' ? record.vote.vote.view : Number.POSITIVE_INFINITY;

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
