/** Transactions that a missing one keeps from being executed, those that have had it for longest first. */
import { GAPPED_BYTES_MAX, GAPPED_TRANSACTIONS_MAX } from '../limits.ts';
import type { Held } from './sender-queue.ts';

export class Gapped {
  readonly #entries = new Set<Held>();
  #bytes = 0;

  get size(): number {
    return this.#entries.size;
  }

  /** There are more of them, or more bytes, than there may be. */
  get isOverfull(): boolean {
    return this.#entries.size > GAPPED_TRANSACTIONS_MAX || this.#bytes > GAPPED_BYTES_MAX;
  }

  /** Whether one more of so many bytes may be held. */
  hasRoomFor(bytes: number): boolean {
    return this.#entries.size < GAPPED_TRANSACTIONS_MAX && this.#bytes + bytes <= GAPPED_BYTES_MAX;
  }

  add(entry: Held): void {
    this.#entries.add(entry);
    this.#bytes += entry.item.bytes.length;
  }

  delete(entry: Held): void {
    if (this.#entries.delete(entry)) this.#bytes -= entry.item.bytes.length;
  }

  [Symbol.iterator](): IterableIterator<Held> {
    return this.#entries.values();
  }
}
