/**
 * Transactions that were refused: the same bytes again cost a hash and a look here. What no later block can mend is refused
 * for ever; the rest until a block is executed, since that may be what it waits for.
 */
import { ForgetfulMap } from '../../base/bounded.ts';
import type { Hash, Height } from '../../base/brand.ts';
import { REFUSALS_MAX } from '../limits.ts';
import type { RefusalCode } from './fate.ts';

const FOR_EVER: ReadonlySet<RefusalCode> = new Set(['EXPIRED', 'NONCE_TOO_LOW', 'FEE_TOO_LOW']);

export class Refusals {
  /** Until which height is executed; null for ever. */
  readonly #refused = new ForgetfulMap<Hash, Height | null>(REFUSALS_MAX);

  get size(): number {
    return this.#refused.size;
  }

  add(id: Hash, code: RefusalCode, executedHeight: Height): void {
    this.#refused.set(id, FOR_EVER.has(code) ? null : executedHeight);
  }

  has(id: Hash, executedHeight: Height): boolean {
    const until = this.#refused.get(id);
    return until === null || until === executedHeight;
  }
}
