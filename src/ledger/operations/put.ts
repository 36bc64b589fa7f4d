/** Writes a value under a key, if the condition holds. A lease of the sender goes on. */
import { paidField, refundedField } from '../data/deposit.ts';
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
import { DATA_WEIGHT } from '../limits.ts';
import { conditionField, valueField, versionField } from './data-fields.ts';
import { operationKind } from './kind.ts';

export const put = operationKind({
  kind: 'put',
  fields: { ...namedFields, value: valueField, condition: conditionField },
  event: { ...namedFields, version: versionField, ...paidField, ...refundedField },
  told: { value: valueField },
  codes: WRITE_CODES,
  weight: DATA_WEIGHT,
  keys: writeKeys,
  spends: (operation, depositPerByte) => mostForEntry(operation, operation.value.length, depositPerByte),
  check: checkCondition,
  execute(execution, operation) {
    const found = findEntry(execution, operation);
    if (typeof found === 'string') return found;
    const { namespace, key, value } = operation;
    const written = writeEntry(execution, found, {
      lease: found.lease,
      value: newValue(execution, found.key, value),
    });
    if (typeof written === 'string') return written;
    return { kind: 'put', namespace, key, version: execution.place, ...written };
  },
});
