/** When a primary leaves out what it was told of: transactions (V13), or proofs of offences (A3). A backup judges by
 *  each block that it executes. */
import { present } from '../../base/invariant.ts';
import type { ExecutedBlock } from '../../ledger/execute.ts';
import type { Genesis } from '../../ledger/genesis.ts';
import type { Attention } from '../bodies/attention.ts';
import type { ReadyBody } from '../bodies/bodies.ts';
import type { Clock } from '../ports.ts';
import type { ToldTransactions } from '../transactions/told-transactions.ts';
import type { Accusations } from './accusations.ts';
import { hasRoom } from './proposer.ts';

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

  /** Whether this body prefers new transactions to older ones. To be asked while its transactions are still in the
   *  mempool. */
  favours({ transactions }: ReadyBody): boolean {
    const { told, clock } = this.#context;
    return told.holdsNewcomers(transactions, clock.nowMs());
  }

  /** What the primary left out of the block that was executed just now; null when nothing can be held against it. What a body
   *  carried and execution skipped took no room: a primary may not fill it with what nobody pays for. */
  leftOut(block: ExecutedBlock, { transactions }: ReadyBody, favours: boolean): 'transactions' | 'evidence' | null {
    const { genesis, clock, told, attention, accusations } = this.#context;
    const sinceMs = Math.max(this.#viewSinceMs, attention.orderingSinceMs);
    const included = block.record.executed.map((position) =>
      present(transactions[position], 'an executed transaction'),
    );
    const mayHold = favours || hasRoom(included, genesis.ledger.blockWeightMax);
    if (mayHold && told.overlooked(clock.nowMs(), sinceMs)) return 'transactions';
    return accusations.overlooked(block.offences.length, sinceMs) ? 'evidence' : null;
  }
}
