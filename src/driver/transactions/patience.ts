/**
 * When a primary censors: it leaves out what has waited for longer than a backup waits for anything, although it had room,
 * or in favour of what came later. A backup blames it only for what it told it of itself, in good time: what a peer or a
 * client gave to one backup alone may be unknown to an honest primary.
 */
import type { Hash, ValidatorIndex } from '../../base/brand.ts';
import type { Genesis } from '../../ledger/genesis.ts';
import type { IdentifiedTransaction } from '../../ledger/transaction.ts';
import { MEMPOOL_TRANSACTIONS_MAX } from '../limits.ts';
import type { Mempool } from './mempool.ts';
import type { Entry } from './sender-queue.ts';

export class Patience {
  /** Transactions of bodies in flight. */
  readonly inFlight: { has(id: Hash): boolean };
  readonly #mempool: Mempool;
  readonly #timeoutMs: number;
  #primary: ValidatorIndex | null = null;
  /** When the primary was first told of what waits here, in that order. */
  readonly #told = new Map<Hash, number>();

  constructor(genesis: Genesis, mempool: Mempool, inFlight: { has(id: Hash): boolean }) {
    this.#mempool = mempool;
    this.inFlight = inFlight;
    this.#timeoutMs = genesis.consensus.baseTimeoutTicks * genesis.consensus.tickMs;
  }

  /** This one is about to be told. Another one than before has heard of nothing. */
  turnTo(primary: ValidatorIndex): void {
    if (primary !== this.#primary) this.#told.clear();
    this.#primary = primary;
    for (const id of this.#told.keys()) if (this.#mempool.get(id) === undefined) this.#told.delete(id);
  }

  /** The primary is told of it: when it could be executed, since a primary may refuse what it cannot. */
  tell(entry: Entry, nowMs: number): void {
    if (entry.gapped || this.isTold(entry)) return;
    this.#told.delete(entry.item.id);
    this.#told.set(entry.item.id, nowMs);
  }

  isTold({ item, asOfMs }: Entry): boolean {
    const toldMs = this.#told.get(item.id);
    return toldMs !== undefined && toldMs >= asOfMs;
  }

  /** Whether the primary was told of something that waits here. */
  get hasTold(): boolean {
    for (const id of this.#told.keys()) {
      const entry = this.#mempool.get(id);
      if (entry !== undefined && this.isTold(entry)) return true;
      this.#told.delete(id);
    }
    return false;
  }

  /** What the primary was told of and still waits here, that which it has known for longest first. */
  *told(): Generator<Entry> {
    for (const id of this.#told.keys()) {
      const entry = this.#mempool.get(id);
      if (entry !== undefined && this.isTold(entry)) yield entry;
    }
  }

  /** Whether a transaction could have been executed for two base timeouts of this view, the primary has known of it for one,
   *  and it is not even in flight. Two, because it takes up to one until who holds it tells the primary. */
  overlooked(nowMs: number, viewSinceMs: number): boolean {
    for (const [id, toldMs] of this.#told) {
      if (nowMs - toldMs < this.#timeoutMs) return false;
      const entry = this.#mempool.get(id);
      if (entry === undefined || !this.isTold(entry) || this.inFlight.has(id)) continue;
      const nextSinceMs = this.#mempool.nextSinceMs(entry);
      if (nextSinceMs !== null && nowMs - Math.max(nextSinceMs, viewSinceMs) > 2 * this.#timeoutMs) return true;
    }
    return false;
  }

  /** Whether most of a body came here within the last base timeout. Bodies are filled in the order of arrival, so next to an
   *  overlooked transaction they jumped the queue: a primary may not push others out with a flood of its own, which is free
   *  where fees are. A few prove nothing: somebody may have told them to the primary alone, long ago. Nor does a mempool that
   *  is half full: the primary's may have been full when they came. */
  holdsNewcomers(transactions: readonly IdentifiedTransaction[], nowMs: number): boolean {
    if (this.#mempool.size > MEMPOOL_TRANSACTIONS_MAX / 2) return false;
    const sinceMs = nowMs - this.#timeoutMs;
    const newcomers = transactions.filter(({ id }) => (this.#mempool.get(id)?.sinceMs ?? nowMs) > sinceMs);
    return 2 * newcomers.length > transactions.length;
  }
}
