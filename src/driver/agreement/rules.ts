/** An epoch may have other rules than the one before: what waits has to be fit for them. */
import type { KnownEpoch } from '../../ledger/epoch.ts';
import { unknownUpgrade } from '../../ledger/upgrade.ts';
import type { Clock, Observer } from '../ports.ts';
import type { Mempool } from '../transactions/mempool.ts';
import type { ToldTransactions } from '../transactions/told-transactions.ts';

interface Waiting {
  readonly mempool: Pick<Mempool, 'enter'>;
  readonly told: Pick<ToldTransactions, 'forgetGone'>;
  readonly observer: Pick<Observer, 'rejected'>;
  readonly clock: Clock;
}

/** Drops what no block of the epoch can hold, and says so. */
export function enterRules(
  { mempool, told, observer, clock }: Waiting,
  { parameters, firstHeight }: Pick<KnownEpoch, 'parameters' | 'firstHeight'>,
): void {
  const dropped = mempool.enter(parameters.ledger, firstHeight, clock.nowMs());
  for (const { entry, code } of dropped) observer.rejected(entry.item.id, code);
  told.forgetGone();
}

/** Says ahead of time that this software will have to end. */
export function tellOfUpgrade(observer: Pick<Observer, 'note'>, epoch: KnownEpoch): void {
  const upgrade = unknownUpgrade(epoch);
  if (upgrade !== null) observer.note({ kind: 'upgrade-needed', ...upgrade });
}
