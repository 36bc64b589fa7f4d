/** When a primary leaves out what it was told of: transactions (V13), or proofs of offences (A3). A backup judges by
 *  each block that it executes. */
import type { Address, Hash } from '../../base/brand.ts';
import { present } from '../../base/invariant.ts';
import { crowdedOut, type ExecutedBlock } from '../../ledger/execute.ts';
import { isFullOfNew } from '../../ledger/growth.ts';
import type { LedgerParameters } from '../../ledger/membership/parameters.ts';
import type { LedgerState } from '../../ledger/state/ledger-state.ts';
import type { IdentifiedTransaction } from '../../ledger/transaction.ts';
import { weightOf } from '../../ledger/weight.ts';
import type { Attention } from '../bodies/attention.ts';
import type { ReadyBody } from '../bodies/bodies.ts';
import type { Clock } from '../ports.ts';
import { Room } from '../transactions/room.ts';
import type { ToldTransactions } from '../transactions/told-transactions.ts';
import type { Accusations } from './accusations.ts';

interface CensorshipContext {
  readonly chain: { readonly state: Pick<LedgerState, 'epochs'> };
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
   *  carried and execution skipped took no room: a primary may not fill it with what nobody pays for. It did where the block made as
   *  many accounts and entries as it may, which is dearer than to fill it, and had no room for what these make: that the primary cannot
   *  know. Nor did what it favoured: it had its turn too early. */
  leftOut(
    block: ExecutedBlock,
    { transactions }: ReadyBody,
    favoured: ReadonlySet<IdentifiedTransaction>,
  ): 'transactions' | 'evidence' | null {
    const { chain, clock, told, attention, accusations } = this.#context;
    const sinceMs = Math.max(this.#viewSinceMs, attention.orderingSinceMs);
    const { ledger } = present(chain.state.epochs.at(block.header.height), 'the epoch of a block').parameters;
    const room = new Room(ledger.blockWeightMax);
    const had = new Set(block.record.receipts.map(({ transactionId }) => transactionId));
    for (const id of turnedAwayBy(block, transactions, ledger)) had.add(id);
    for (const item of transactions)
      if (had.has(item.id) && !favoured.has(item)) room.take({ item, weight: weightOf(item.signed.transaction) });
    if (told.overlooked(clock.nowMs(), sinceMs, (entry) => room.fits(entry))) return 'transactions';
    return accusations.overlooked(block.offences.length, sinceMs) ? 'evidence' : null;
  }
}

/** What would have been executed if the block had not made as many accounts and entries as it may: what it had no room for, and what
 *  follows on that. */
function turnedAwayBy(
  block: ExecutedBlock,
  transactions: readonly IdentifiedTransaction[],
  ledger: LedgerParameters,
): readonly Hash[] {
  if (!isFullOfNew(block.made, ledger)) return [];
  const away = new Set(crowdedOut(block));
  const senders = new Set<Address>();
  const skipped = new Set(block.skipped.map(({ id }) => id));
  const found: Hash[] = [];
  for (const { id, signed } of transactions) {
    if (away.has(id)) senders.add(signed.transaction.sender);
    if (skipped.has(id) && senders.has(signed.transaction.sender)) found.push(id);
  }
  return found;
}
