/** What a body still has room for: weight, number and bytes of transactions. */
import { FULL_BODY_BYTES_MAX } from '../../ledger/block.ts';
import { TRANSACTION_BYTES_MIN } from '../../ledger/body-check.ts';
import { BODY_TRANSACTIONS_MAX } from '../../ledger/limits.ts';
import { TRANSACTION_WEIGHT_MIN } from '../../ledger/weight.ts';
import type { IdentifiedTransaction } from '../../ledger/transaction.ts';

/** Bytes of transactions in a body: the rest is for its certificate and evidence. */
const TRANSACTIONS_BYTES_MAX = FULL_BODY_BYTES_MAX - 64 * 1024;
/** Bytes that a transaction adds to a full body beside its own: its id, and an offset. */
const PER_TRANSACTION_BYTES = 36;

/** A transaction with its weight. */
interface Weighed {
  readonly item: Pick<IdentifiedTransaction, 'bytes'>;
  readonly weight: number;
}

export class Room {
  readonly #max: { readonly weight: number; readonly count: number; readonly bytes: number };
  #weight = 0;
  #count = 0;
  #bytes = 0;

  /** An empty body's, unless less is wanted. */
  constructor(blockWeightMax: number, count = BODY_TRANSACTIONS_MAX, bytes = TRANSACTIONS_BYTES_MAX) {
    this.#max = { weight: blockWeightMax, count, bytes };
  }

  fits({ item, weight }: Weighed): boolean {
    return (
      this.#count < this.#max.count &&
      this.#weight + weight <= this.#max.weight &&
      this.#bytes + item.bytes.length + PER_TRANSACTION_BYTES <= this.#max.bytes
    );
  }

  take({ item, weight }: Weighed): void {
    this.#weight += weight;
    this.#count += 1;
    this.#bytes += item.bytes.length + PER_TRANSACTION_BYTES;
  }

  /** Not even the smallest transaction fits. */
  get isFull(): boolean {
    return !this.fits({ item: { bytes: SMALLEST }, weight: TRANSACTION_WEIGHT_MIN });
  }

  /** How much of it is used: of the weight or of the bytes, whichever is more; 0 to 1. */
  get used(): number {
    return Math.max(this.#weight / this.#max.weight, this.#bytes / this.#max.bytes);
  }
}

const SMALLEST = new Uint8Array(TRANSACTION_BYTES_MIN);
