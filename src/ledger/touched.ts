/** Which entries a body touches. Told before it is executed, so that they can be fetched by then. */
import { ACCOUNTS, FEE_POOL } from './account.ts';
import type { Body } from './block.ts';
import { OFFENCES, offenceOf } from './offence.ts';
import type { OperationTable } from './operations/operation-table.ts';
import { OPERATIONS } from './operations/table.ts';
import type { StateKey } from './state/entry-kind.ts';
import type { IdentifiedTransaction } from './transaction.ts';

/** Some of them more than once. `transactions` as `execute` takes them. */
export function* keysTouched(
  { evidence }: Pick<Body, 'evidence'>,
  transactions: readonly (IdentifiedTransaction | null)[],
  table: OperationTable = OPERATIONS,
): Generator<StateKey> {
  for (const piece of evidence) yield OFFENCES.key(offenceOf(piece));
  if (transactions.length > 0) yield ACCOUNTS.key(FEE_POOL);
  for (const item of transactions) {
    if (item === null) continue;
    const { sender, operations } = item.signed.transaction;
    yield ACCOUNTS.key(sender);
    for (const operation of operations) yield* table.kindOf(operation).keys(sender, operation);
  }
}
