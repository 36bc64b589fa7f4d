/**
 * When a primary censors: it leaves out what has waited for longer than a backup waits for anything, although it had room,
 * or in favour of what came later.
 */
import type { Hash } from '../base/brand.ts';
import type { Genesis } from '../ledger/genesis.ts';
import type { IdentifiedTransaction } from '../ledger/transaction.ts';
import { MEMPOOL_TRANSACTIONS_MAX } from './limits.ts';
import type { Mempool } from './mempool.ts';

/**
 * Whether a body holds something that came here within the last base timeout. Bodies are filled in the order of arrival, so
 * next to an overlooked transaction it jumped the queue: a primary may not push others out with a flood of its own, which
 * is free where fees are. A mempool that is half full proves nothing: the primary's may have been full when they came.
 */
export function holdsNewcomer(
  mempool: Mempool,
  transactions: readonly IdentifiedTransaction[],
  genesis: Genesis,
  nowMs: number,
): boolean {
  if (mempool.size > MEMPOOL_TRANSACTIONS_MAX / 2) return false;
  const sinceMs = nowMs - genesis.consensus.baseTimeoutTicks * genesis.consensus.tickMs;
  return transactions.some(({ id }) => (mempool.get(id)?.sinceMs ?? nowMs) > sinceMs);
}

/** Whether a transaction could have been executed for two base timeouts of this view and is not even in flight. Two,
 *  because who took it in passes it on again after half of one: the primary has seen it by then. */
export function overlooked(
  mempool: Mempool,
  inFlight: { has(id: Hash): boolean },
  genesis: Genesis,
  nowMs: number,
  viewSinceMs: number,
): boolean {
  const { baseTimeoutTicks, tickMs } = genesis.consensus;
  for (const { item, sinceMs } of mempool.executable()) {
    if (inFlight.has(item.id)) continue;
    // The longest waiting comes first: where that one has not waited too long, none has.
    return nowMs - Math.max(sinceMs, viewSinceMs) > 2 * baseTimeoutTicks * tickMs;
  }
  return false;
}
