/** A made-up kind of operation that carries data: says that a value stands under a key, and keeps nothing of it. */
import { conditionField, keyField, namespaceField, valueField } from '../../src/ledger/operations/data-fields.ts';
import { operationKind } from '../../src/ledger/operations/kind.ts';

export const note = operationKind({
  kind: 'note',
  fields: { namespace: namespaceField, key: keyField, value: valueField, condition: conditionField },
  event: { namespace: namespaceField, key: keyField },
  codes: {},
  weight: 2,
  keys: () => [],
  spends: () => 0n,
  execute: (_, { namespace, key }) => ({ kind: 'note', namespace, key }),
});
