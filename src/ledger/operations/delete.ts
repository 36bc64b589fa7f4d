/** Takes an entry away, if the condition holds. Its deposit goes to the sender. */
import { refundedField } from '../data/deposit.ts';
import { checkCondition, findEntry, namedFields, WRITE_CODES, writeEntry, writeKeys } from '../data/writing.ts';
import { DATA_WEIGHT } from '../limits.ts';
import { conditionField, versionField } from './data-fields.ts';
import { operationKind } from './kind.ts';

export const deleteEntry = operationKind({
  kind: 'delete',
  fields: { ...namedFields, condition: conditionField },
  /** The version is the one that an entry would have that was written instead. */
  event: { ...namedFields, version: versionField, ...refundedField },
  codes: { ...WRITE_CODES, NO_ENTRY: 14 },
  weight: DATA_WEIGHT,
  keys: writeKeys,
  spends: () => 0n,
  check: checkCondition,
  execute(execution, operation) {
    const found = findEntry(execution, operation);
    if (typeof found === 'string') return found;
    if (found.before === undefined) return 'NO_ENTRY';
    const { namespace, key } = operation;
    const written = writeEntry(execution, found, undefined);
    if (typeof written === 'string') return written;
    const { depositRefunded } = written;
    return { kind: 'delete', namespace, key, version: execution.place, depositRefunded };
  },
});
