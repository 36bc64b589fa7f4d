/** Gives up the sender's lease of an entry, if the condition holds. The version rises: the token of the lease is of no use any more. */
import { checkCondition, findEntry, namedFields, WRITE_CODES, writeEntry, writeKeys } from '../data/writing.ts';
import { DATA_WEIGHT } from '../limits.ts';
import { conditionField, versionField } from './data-fields.ts';
import { operationKind } from './kind.ts';

export const release = operationKind({
  kind: 'release',
  fields: { ...namedFields, condition: conditionField },
  event: { ...namedFields, version: versionField },
  codes: { ...WRITE_CODES, NO_ENTRY: 14, NO_LEASE: 16 },
  weight: DATA_WEIGHT,
  keys: writeKeys,
  spends: () => 0n,
  check: checkCondition,
  execute(execution, operation) {
    const found = findEntry(execution, operation);
    if (typeof found === 'string') return found;
    const { before, lease } = found;
    if (before === undefined) return 'NO_ENTRY';
    if (lease === null) return 'NO_LEASE';
    const { namespace, key } = operation;
    const written = writeEntry(execution, found, { lease: null, value: before.value });
    if (typeof written === 'string') return written;
    return { kind: 'release', namespace, key, version: execution.place };
  },
});
