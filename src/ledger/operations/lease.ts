/**
 * Takes the lease of an entry for the sender, or renews it, if the condition holds: up to and including the height `until` nobody else
 * may write the entry. Where there is none, there is one with an empty value from now on. The version rises, and is the fencing
 * token; `../data/entry.ts` says how a lock is made of that.
 */
import { paidField } from '../data/deposit.ts';
import {
  checkCondition,
  findEntry,
  mostForEntry,
  namedFields,
  newValue,
  WRITE_CODES,
  writeEntry,
  writeKeys,
} from '../data/writing.ts';
import { DATA_WEIGHT, LEASE_HEIGHTS_MAX } from '../limits.ts';
import { conditionField, heightField, versionField } from './data-fields.ts';
import { addressField } from './fields.ts';
import { operationKind } from './kind.ts';

const EMPTY = new Uint8Array(0);

export const lease = operationKind({
  kind: 'lease',
  fields: { ...namedFields, until: heightField, condition: conditionField },
  event: { ...namedFields, version: versionField, owner: addressField, until: heightField, ...paidField },
  codes: { ...WRITE_CODES, UNTIL_OUT_OF_RANGE: 15 },
  weight: DATA_WEIGHT,
  keys: writeKeys,
  spends: (operation, depositPerByte) => mostForEntry(operation, 0, depositPerByte),
  check: checkCondition,
  execute(execution, operation) {
    const { sender: owner, place } = execution;
    const { namespace, key, until } = operation;
    const found = findEntry(execution, operation);
    if (typeof found === 'string') return found;
    if (until < place.height || until > place.height + LEASE_HEIGHTS_MAX) return 'UNTIL_OUT_OF_RANGE';
    const value = found.before?.value ?? newValue(execution, found.key, EMPTY);
    const written = writeEntry(execution, found, { lease: { owner, until }, value });
    if (typeof written === 'string') return written;
    return { kind: 'lease', namespace, key, version: place, owner, until, depositPaid: written.depositPaid };
  },
});
