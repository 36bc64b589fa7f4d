/** When a primary leaves out what it was told of: transactions, or proofs of offences. A backup blames it by what blocks carry. */
import { present } from '../../base/invariant.ts';
import type { ExecutedBlock } from '../../ledger/execute.ts';
import type { Genesis } from '../../ledger/genesis.ts';
import type { Attention } from '../bodies/attention.ts';
import type { ReadyBody } from '../bodies/bodies.ts';
import type { Clock } from '../ports.ts';
import type { Patience } from '../transactions/patience.ts';
import type { Accusations } from './accusations.ts';
import { hasRoom } from './proposer.ts';

interface CensorshipContext {
  readonly genesis: Genesis;
  readonly clock: Clock;
  readonly patience: Patience;
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

  /** Whether this body came in the place of others. Asked before its transactions leave the mempool. */
  favours({ transactions }: ReadyBody): boolean {
    const { patience, clock } = this.#context;
    return patience.holdsNewcomers(transactions, clock.nowMs());
  }

  /** What the primary left out of the block that was executed just now; null when nothing can be held against it. What a body
   *  carried and execution skipped took no room: a primary may not fill it with what nobody pays for. */
  leftOut(block: ExecutedBlock, { transactions }: ReadyBody, favours: boolean): 'transactions' | 'evidence' | null {
    const { genesis, clock, patience, attention, accusations } = this.#context;
    const sinceMs = Math.max(this.#viewSinceMs, attention.orderingSinceMs);
    const executed = block.record.executed.map((position) =>
      present(transactions[position], 'an executed transaction'),
    );
    const mayHold = favours || hasRoom(executed, genesis.ledger.blockWeightMax);
    if (mayHold && patience.overlooked(clock.nowMs(), sinceMs)) return 'transactions';
    return accusations.overlooked(block.offences.length, sinceMs) ? 'evidence' : null;
  }
}
