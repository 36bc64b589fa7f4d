/** Says anew who may write in a namespace, beside its owner. */
import { bytesOf, DEPOSIT_CODES, depositKeys, paidField, refundedField, settleDeposit } from '../data/deposit.ts';
import { NAMESPACES, namespaceBytes, OWNER_CODES, ownNamespace } from '../data/namespace.ts';
import { DATA_WEIGHT, NAMESPACE_WRITERS_MAX } from '../limits.ts';
import { accountsField, namespaceField } from './data-fields.ts';
import { operationKind } from './kind.ts';

const told = { writers: accountsField(NAMESPACE_WRITERS_MAX) };

export const setWriters = operationKind({
  kind: 'set-writers',
  fields: { name: namespaceField, ...told },
  event: { namespace: namespaceField, ...paidField, ...refundedField },
  told,
  codes: { ...DEPOSIT_CODES, ...OWNER_CODES, DUPLICATE_WRITER: 8 },
  weight: DATA_WEIGHT,
  keys: (sender, { name }) => [...depositKeys(sender), NAMESPACES.key(name)],
  // What the bytes of the owner and the name are for was paid by whoever made the namespace.
  spends: ({ writers }, depositPerByte) => depositPerByte * BigInt(namespaceBytes(writers.length) - namespaceBytes(0)),
  execute(execution, { name, writers }) {
    const before = ownNamespace(execution, name);
    if (typeof before === 'string') return before;
    if (new Set(writers).size < writers.length) return 'DUPLICATE_WRITER';
    const key = NAMESPACES.key(name);
    const kept = { bytes: bytesOf(key, namespaceBytes(before.writers.length)), deposit: before.deposit };
    const settled = settleDeposit(execution, kept, bytesOf(key, namespaceBytes(writers.length)));
    if (typeof settled === 'string') return settled;
    const { deposit, depositPaid, depositRefunded } = settled;
    execution.state.set(key, { ...before, writers, deposit });
    return { kind: 'set-writers', namespace: name, depositPaid, depositRefunded };
  },
});
