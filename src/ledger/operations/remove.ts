/** Takes a member out of a set. Where there is no such member nothing happens. Its deposit goes to the sender. */
import { bytesOf, DEPOSIT_CODES, depositKeys, refundedField, settleDeposit } from '../data/deposit.ts';
import { MEMBERS } from '../data/member.ts';
import { NAMESPACES, WRITER_CODES, writerRefusal } from '../data/namespace.ts';
import { namedFields } from '../data/writing.ts';
import { DATA_WEIGHT } from '../limits.ts';
import { booleanField, keyField } from './data-fields.ts';
import { operationKind } from './kind.ts';

export const remove = operationKind({
  kind: 'remove',
  fields: { ...namedFields, member: keyField },
  /** Whether it was there before. */
  event: { ...namedFields, member: keyField, changed: booleanField, ...refundedField },
  changes: ({ changed }) => changed,
  codes: { ...DEPOSIT_CODES, ...WRITER_CODES },
  weight: DATA_WEIGHT,
  keys: (sender, operation) => [...depositKeys(sender), NAMESPACES.key(operation.namespace), MEMBERS.key(operation)],
  spends: () => 0n,
  execute(execution, operation) {
    const { namespace, key, member } = operation;
    const refusal = writerRefusal(execution, namespace);
    if (refusal !== undefined) return refusal;
    const memberKey = MEMBERS.key(operation);
    const before = execution.state.get(memberKey);
    if (before === undefined) return { kind: 'remove', namespace, key, member, changed: false, depositRefunded: 0n };
    const settled = settleDeposit(execution, { bytes: bytesOf(memberKey, 0), deposit: before.deposit }, 0);
    if (typeof settled === 'string') return settled;
    execution.state.set(memberKey, undefined);
    return { kind: 'remove', namespace, key, member, changed: true, depositRefunded: settled.depositRefunded };
  },
});
