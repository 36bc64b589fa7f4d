/** When a primary censors: it had room, and left out what had waited for longer than a backup waits for anything. */
import type { Hash } from '../base/brand.ts';
import type { Genesis } from '../ledger/genesis.ts';
import type { Mempool } from './mempool.ts';

/** Executable transactions looked at: the longest waiting come first. */
const LOOKED_AT = 8;

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
  let looked = 0;
  for (const { item, sinceMs } of mempool.executable()) {
    if (inFlight.has(item.id)) continue;
    if (nowMs - Math.max(sinceMs, viewSinceMs) > 2 * baseTimeoutTicks * tickMs) return true;
    if (++looked >= LOOKED_AT) return false;
  }
  return false;
}
