/** Who did nothing lately, and has something to send now. Bodies keep room for them, so that nobody waits behind a flood of others. */
import type { Address } from '../../base/brand.ts';
import { ForgetfulMap } from '../../base/bounded.ts';
import { ACTIVE_SENDERS_MAX, REST_MS } from '../limits.ts';
import type { Entry } from './sender-queue.ts';

export class Rested {
  /** When something of the sender was executed, or its account was made; those latest last. */
  readonly #active = new ForgetfulMap<Address, number>(ACTIVE_SENDERS_MAX);
  /** The next transactions of their senders, in the order of arrival. */
  readonly #entries = new Set<Entry>();

  /** A block was executed: these accounts were made in it, or sent something. */
  acted(accounts: Iterable<Address>, nowMs: number): void {
    for (const account of accounts) this.#active.set(account, nowMs);
  }

  /** The entry has come, and is its sender's next one. */
  add(entry: Entry): void {
    const actedMs = this.#active.get(entry.item.signed.transaction.sender);
    if (actedMs === undefined || entry.sinceMs - actedMs > REST_MS) this.#entries.add(entry);
  }

  /** It has gone, or it had its turn. */
  delete(entry: Entry): void {
    this.#entries.delete(entry);
  }

  entries(): IterableIterator<Entry> {
    return this.#entries.values();
  }
}
