/** Does nothing, if the condition holds. In a list it makes the other operations depend on an entry that none of them writes. */
import { ENTRIES } from '../data/entry.ts';
import { CONDITION_CODES, checkCondition, namedFields } from '../data/writing.ts';
import { DATA_WEIGHT } from '../limits.ts';
import { conditionField } from './data-fields.ts';
import { operationKind } from './kind.ts';

export const requireEntry = operationKind({
  kind: 'require',
  fields: { ...namedFields, condition: conditionField },
  event: namedFields,
  changes: () => false,
  codes: CONDITION_CODES,
  weight: DATA_WEIGHT,
  keys: (_, operation) => [ENTRIES.key(operation)],
  spends: () => 0n,
  check: checkCondition,
  execute: (_, { namespace, key }) => ({ kind: 'require', namespace, key }),
});
