/**
 * Who told us of which transaction. Clients may give the same ones to all validators, and none of these knows what the others
 * have: of what was of use here, the first word of each costs it nothing, and each that it says again is paid for.
 */
import { ForgetfulMap } from '../../base/bounded.ts';
import type { Hash, ValidatorIndex } from '../../base/brand.ts';
import { TOLD_MAX } from '../limits.ts';

export class Tellers {
  /** A bit for each validator. */
  readonly #told = new ForgetfulMap<Hash, bigint>(TOLD_MAX);

  get size(): number {
    return this.#told.size;
  }

  /** The transaction was of use: a client of ours brought it, or the first peer that told it. */
  add(id: Hash): void {
    if (!this.#told.has(id)) this.#told.set(id, 0n);
  }

  /** Notes that a validator told a transaction. True when the transaction was of use, and this is the first time. */
  note(id: Hash, validator: ValidatorIndex): boolean {
    const told = this.#told.get(id);
    const bit = 1n << BigInt(validator);
    if (told === undefined || (told & bit) !== 0n) return false;
    this.#told.set(id, told | bit);
    return true;
  }
}
