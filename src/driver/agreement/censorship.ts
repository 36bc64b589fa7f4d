/** When a primary leaves out what it was told of: transactions (V13), or proofs of offences (A3). A backup judges by
 *  each block that it executes. */
import { present } from '../../base/invariant.ts';
import type { ExecutedBlock } from '../../ledger/execute.ts';
import type { Genesis } from '../../ledger/genesis.ts';
import type { IdentifiedTransaction } from '../../ledger/transaction.ts';
import { weightOf } from '../../ledger/weight.ts';
import type { Attention } from '../bodies/attention.ts';
import type { ReadyBody } from '../bodies/bodies.ts';
import type { Clock } from '../ports.ts';
import { Room } from '../transactions/room.ts';
import type { ToldTransactions } from '../transactions/told-transactions.ts';
import type { Accusations } from './accusations.ts';

interface CensorshipContext {
  readonly genesis: Genesis;
  readonly clock: Clock;
  readonly told: ToldTransactions;
  readonly attention: Attention;
  readonly accusations: Accusations;
}

export class Censorship {
  readonly #context: CensorshipContext;
  /** When the current view began here. */
  #viewSinceMs: number;

  constructor(context: CensorshipContext) {
    this.#context = context;
    this.#viewSinceMs = context.clock.nowMs();
  }

  /** A view begins, or an epoch. */
  viewEntered(): void {
    this.#viewSinceMs = this.#context.clock.nowMs();
  }

  /** What this body holds of new transactions, where it prefers them to older ones. To be asked while its transactions are still
   *  in the mempool. */
  favoured({ transactions }: ReadyBody): ReadonlySet<IdentifiedTransaction> {
    const { told, clock } = this.#context;
    return told.newcomers(transactions, clock.nowMs());
  }

  /** What the primary left out of the block that was executed just now; null when nothing can be held against it. What a body
   *  carried and execution skipped took no room: a primary may not fill it with what nobody pays for. Nor did what it favoured:
   *  it had its turn too early. */
  leftOut(
    block: ExecutedBlock,
    { transactions }: ReadyBody,
    favoured: ReadonlySet<IdentifiedTransaction>,
  ): 'transactions' | 'evidence' | null {
    const { genesis, clock, told, attention, accusations } = this.#context;
    const sinceMs = Math.max(this.#viewSinceMs, attention.orderingSinceMs);
    const room = new Room(genesis.ledger.blockWeightMax);
    for (const position of block.record.executed) {
      const item = present(transactions[position], 'an executed transaction');
      if (!favoured.has(item)) room.take({ item, weight: weightOf(item.signed.transaction) });
    }
    if (told.overlooked(clock.nowMs(), sinceMs, (entry) => room.fits(entry))) return 'transactions';
    return accusations.overlooked(block.offences.length, sinceMs) ? 'evidence' : null;
  }
}
