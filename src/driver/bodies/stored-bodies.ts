/** Which bodies the store has of heights that are not executed: more than the pool, which forgets the oldest of many views. */
import type { Hash, Height } from '../../base/brand.ts';
import { fullBodyCodec } from '../../ledger/block.ts';
import type { IdentifiedTransaction } from '../../ledger/transaction.ts';
import type { Batch } from '../stored/batch.ts';
import { KEYS } from '../stored/records.ts';
import type { PooledBody } from './body-pool.ts';

export class StoredBodies {
  readonly #batch: Batch;
  readonly #executedHeight: () => Height;
  readonly #hashes = new Map<Height, Set<Hash>>();

  constructor(batch: Batch, executedHeight: () => Height) {
    this.#batch = batch;
    this.#executedHeight = executedHeight;
  }

  /** The store has it already. */
  found(pooled: PooledBody): void {
    pooled.stored = true;
    this.#hashes.set(pooled.height, (this.#hashes.get(pooled.height) ?? new Set()).add(pooled.hash));
  }

  /** Durable with the batch of this turn, so before anybody hears of it. */
  store(pooled: PooledBody, transactions: readonly IdentifiedTransaction[]): void {
    // Once the height is executed the chain has its body, and must not lose it when other bodies of the height are
    // dropped here.
    if (pooled.stored || pooled.height <= this.#executedHeight()) return;
    this.found(pooled);
    const fullBody = { body: pooled.body, transactions: transactions.map(({ bytes }) => bytes) };
    this.#batch.put(KEYS.body(pooled.height, pooled.hash), fullBodyCodec.encode(fullBody));
  }

  /** A height is executed: of its bodies only the executed one stays, and of the heights below none that lost. */
  drop(height: Height, kept: Hash): void {
    for (const [each, hashes] of this.#hashes) {
      if (each > height) continue;
      this.#hashes.delete(each);
      for (const hash of hashes) if (each !== height || hash !== kept) this.#batch.delete(KEYS.body(each, hash));
    }
  }
}
