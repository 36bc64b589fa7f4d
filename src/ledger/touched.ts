/** Which entries a body touches. Told before it is executed, so that they can be fetched by then. */
import type { Height } from '../base/brand.ts';
import { ACCOUNTS, FEE_POOL } from './account.ts';
import type { Body } from './block.ts';
import type { Epochs } from './epoch.ts';
import { ATTENDANCE } from './membership/attendance.ts';
import { boundaryKeys } from './membership/boundary.ts';
import { PENALTY_ACCOUNTS } from './membership/penalties.ts';
import { VALIDATORS } from './membership/validator-record.ts';
import { OFFENCES, offenceOf } from './offence.ts';
import type { OperationTable } from './operations/operation-table.ts';
import { OPERATIONS } from './operations/table.ts';
import type { StateKey } from './state/entry-kind.ts';
import type { IdentifiedTransaction } from './transaction.ts';

/** Some of them more than once. The body is that of this height, `transactions` as `execute` takes them. */
export function* keysTouched(
  epochs: Epochs,
  height: Height,
  { evidence, certificate }: Pick<Body, 'evidence' | 'certificate'>,
  transactions: readonly (IdentifiedTransaction | null)[],
  table: OperationTable = OPERATIONS,
): Generator<StateKey> {
  for (const piece of evidence) {
    const offence = offenceOf(piece);
    yield OFFENCES.key(offence);
    yield VALIDATORS.key(offence.validator);
  }
  if (evidence.length > 0) for (const account of PENALTY_ACCOUNTS) yield ACCOUNTS.key(account);
  const running = epochs.at(height);
  if (certificate !== null) yield ATTENDANCE;
  if (height === running?.lastHeight) yield* boundaryKeys(running.epoch);
  if (transactions.length > 0) yield ACCOUNTS.key(FEE_POOL);
  // A list that all operations of a kind share is told once, however many of them there are.
  const told = new Set<readonly StateKey[]>();
  for (const item of transactions) {
    if (item === null) continue;
    const { sender, operations } = item.signed.transaction;
    yield ACCOUNTS.key(sender);
    for (const operation of operations) {
      const keys = table.kindOf(operation).keys(sender, operation);
      if (told.has(keys)) continue;
      told.add(keys);
      yield* keys;
    }
  }
}
