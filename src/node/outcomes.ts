/** What became of transactions, as far as memory reaches, and who waits to hear of it. */
import { ForgetfulMap } from '../base/bounded.ts';
import type { Hash } from '../base/brand.ts';
import { REJECTIONS_MAX } from '../driver/limits.ts';
import type { FinalizedBlock } from '../driver/ports.ts';
import type { CommittedTransaction } from '../driver/transactions/fate.ts';
import type { AdmissionCode } from '../ledger/transaction-rules.ts';
import { RECENT_TRANSACTIONS_MAX } from './limits.ts';

/** A wait for one transaction. `over` resolves when there is news of it, after the timeout, or at `end`. */
interface Wait {
  readonly over: Promise<void>;
  readonly end: () => void;
}

export class Outcomes {
  readonly #committed = new ForgetfulMap<Hash, CommittedTransaction>(RECENT_TRANSACTIONS_MAX);
  /** Codes by transaction. */
  readonly #rejected = new ForgetfulMap<Hash, AdmissionCode>(REJECTIONS_MAX);
  /** Bounded by who calls `wait`: the HTTP server has so many seats. */
  readonly #waiting = new Map<Hash, Set<() => void>>();

  committed(id: Hash): CommittedTransaction | undefined {
    return this.#committed.get(id);
  }

  /** Why it was rejected. It may have been submitted again since. */
  rejection(id: Hash): AdmissionCode | undefined {
    return this.#rejected.get(id);
  }

  finalized({ hash: blockHash, record }: FinalizedBlock): void {
    const { height } = record.header;
    for (const [index, receipt] of record.receipts.entries()) {
      this.#committed.set(receipt.transactionId, { status: 'committed', height, index, blockHash, receipt });
      this.#wake(receipt.transactionId);
    }
  }

  reject(id: Hash, code: AdmissionCode): void {
    this.#rejected.set(id, code);
    this.#wake(id);
  }

  /** Waits for the next commit or rejection of a transaction, at most so long. */
  wait(id: Hash, timeoutMs: number, signal: AbortSignal): Wait {
    const { promise: over, resolve } = Promise.withResolvers<void>();
    const waiting = this.#waiting.get(id) ?? new Set();
    const end = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', end);
      waiting.delete(end);
      if (waiting.size === 0 && this.#waiting.get(id) === waiting) this.#waiting.delete(id);
      resolve();
    };
    const timer = setTimeout(end, timeoutMs);
    this.#waiting.set(id, waiting.add(end));
    signal.addEventListener('abort', end);
    if (signal.aborted) end();
    return { over, end };
  }

  #wake(id: Hash): void {
    for (const end of this.#waiting.get(id) ?? []) end();
  }
}
