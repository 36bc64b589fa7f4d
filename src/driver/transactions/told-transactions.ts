/**
 * What the primary was told of, and what of that it overlooked. A backup holds against the primary only transactions
 * that it passed on to it itself, and long enough ago: what a peer or a client gave to one backup alone, an honest
 * primary may not know.
 */
import type { Hash, ValidatorIndex } from '../../base/brand.ts';
import type { Genesis } from '../../ledger/genesis.ts';
import type { IdentifiedTransaction } from '../../ledger/transaction.ts';
import { weightOf } from '../../ledger/weight.ts';
import { MEMPOOL_BYTES_MAX, MEMPOOL_TRANSACTIONS_MAX } from '../limits.ts';
import type { Mempool } from './mempool.ts';
import type { Entry } from './sender-queue.ts';

export class ToldTransactions {
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

  /** This primary is about to be told. If it is another one than before, it was told of nothing yet. */
  turnTo(primary: ValidatorIndex): void {
    if (primary !== this.#primary) this.#told.clear();
    this.#primary = primary;
    this.forgetGone();
  }

  /** Forgets what waits no more. Called after each block, which is when transactions leave the mempool. */
  forgetGone(): void {
    for (const id of this.#told.keys()) if (this.#findWaiting(id) === undefined) this.#told.delete(id);
  }

  /** The primary is told of it. That counts only if it can be executed: a primary may refuse what lacks one before
   *  it. */
  tell(entry: Entry, nowMs: number): void {
    if (entry.gapped || this.isTold(entry)) return;
    this.#told.delete(entry.item.id);
    this.#told.set(entry.item.id, nowMs);
  }

  isTold({ item, asOfMs }: Entry): boolean {
    const toldMs = this.#told.get(item.id);
    return toldMs !== undefined && toldMs >= asOfMs;
  }

  /** Whether the primary was told of something that still waits here. */
  get isOwed(): boolean {
    for (const id of this.#told.keys()) if (this.#findWaiting(id) !== undefined) return true;
    return false;
  }

  /** What the primary was told of and still waits here, longest known first. */
  *waiting(): Generator<Entry> {
    for (const id of this.#told.keys()) {
      const entry = this.#findWaiting(id);
      if (entry !== undefined) yield entry;
    }
  }

  /** What was told, if it still waits, and did not become executable only after it was told. */
  #findWaiting(id: Hash): Entry | undefined {
    const entry = this.#mempool.get(id);
    return entry !== undefined && this.isTold(entry) ? entry : undefined;
  }

  /** Whether the primary left something out: it could have been executed for two base timeouts of this view, the
   *  primary was told of it one base timeout ago or earlier, no body in flight has it, and there was room for it. Two,
   *  because who holds it may need one to tell the primary. */
  overlooked(nowMs: number, viewSinceMs: number, fits: (entry: Entry) => boolean): boolean {
    for (const [id, toldMs] of this.#told) {
      if (nowMs - toldMs < this.#timeoutMs) return false;
      const entry = this.#findWaiting(id);
      if (entry === undefined || this.inFlight.has(id) || !fits(entry)) continue;
      const nextSinceMs = this.#mempool.nextSinceMs(entry);
      if (nextSinceMs !== null && nowMs - Math.max(nextSinceMs, viewSinceMs) > 2 * this.#timeoutMs) return true;
    }
    return false;
  }

  /** Those of a body's transactions that came here within the last base timeout, where they are most of its weight; else none.
   *  Bodies are filled in the order of arrival. So if an older transaction was overlooked, these newer ones were preferred
   *  to it: a primary may not push others out with a flood of its own, whose fees come back to it. Two cases prove
   *  nothing. A few newcomers: they fill what older ones are too heavy for, or somebody gave them to the primary alone,
   *  long ago. And a mempool that is half full: the primary's may have been full when the older one came. */
  newcomers(transactions: readonly IdentifiedTransaction[], nowMs: number): ReadonlySet<IdentifiedTransaction> {
    const { size, bytes } = this.#mempool;
    if (size > MEMPOOL_TRANSACTIONS_MAX / 2 || bytes > MEMPOOL_BYTES_MAX / 2) return new Set();
    const sinceMs = nowMs - this.#timeoutMs;
    const found = transactions.filter(({ id }) => (this.#mempool.get(id)?.sinceMs ?? nowMs) > sinceMs);
    return new Set(2 * weightOfAll(found) > weightOfAll(transactions) ? found : []);
  }
}

const weightOfAll = (transactions: readonly IdentifiedTransaction[]): number =>
  transactions.reduce((sum, { signed }) => sum + weightOf(signed.transaction), 0);
