/** Makes a namespace of the sender, in which the writers may write too. */
import { bytesOf, DEPOSIT_CODES, depositKeys, NOTHING_KEPT, paidField, settleDeposit } from '../data/deposit.ts';
import { NAMESPACES, namespaceBytes } from '../data/namespace.ts';
import { DATA_WEIGHT, NAMESPACE_WRITERS_MAX } from '../limits.ts';
import { accountsField, namespaceField } from './data-fields.ts';
import { addressField } from './fields.ts';
import { operationKind } from './kind.ts';

const told = { writers: accountsField(NAMESPACE_WRITERS_MAX) };

export const createNamespace = operationKind({
  kind: 'create-namespace',
  fields: { name: namespaceField, ...told },
  event: { namespace: namespaceField, owner: addressField, ...paidField },
  told,
  codes: { ...DEPOSIT_CODES, NAMESPACE_EXISTS: 7, DUPLICATE_WRITER: 8 },
  weight: DATA_WEIGHT,
  keys: (sender, { name }) => [...depositKeys(sender), NAMESPACES.key(name)],
  spends: ({ name, writers }, depositPerByte) =>
    depositPerByte * BigInt(bytesOf(NAMESPACES.key(name), namespaceBytes(writers.length))),
  execute(execution, { name, writers }) {
    const { sender, state } = execution;
    const key = NAMESPACES.key(name);
    if (state.get(key) !== undefined) return 'NAMESPACE_EXISTS';
    if (new Set(writers).size < writers.length) return 'DUPLICATE_WRITER';
    const settled = settleDeposit(execution, NOTHING_KEPT, bytesOf(key, namespaceBytes(writers.length)));
    if (typeof settled === 'string') return settled;
    const { deposit, depositPaid } = settled;
    state.set(key, { owner: sender, writers, deposit });
    return { kind: 'create-namespace', namespace: name, owner: sender, depositPaid };
  },
});
