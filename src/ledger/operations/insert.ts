/** Puts a member into a set. One that is there already stays, and nothing happens. */
import { bytesOf, DEPOSIT_CODES, depositKeys, NOTHING_KEPT, paidField, settleDeposit } from '../data/deposit.ts';
import { MEMBERS } from '../data/member.ts';
import { NAMESPACES, WRITER_CODES, writerRefusal } from '../data/namespace.ts';
import { namedFields } from '../data/writing.ts';
import { DATA_WEIGHT } from '../limits.ts';
import { booleanField, keyField } from './data-fields.ts';
import { operationKind } from './kind.ts';

export const insert = operationKind({
  kind: 'insert',
  fields: { ...namedFields, member: keyField },
  /** Whether it was not there before. */
  event: { ...namedFields, member: keyField, changed: booleanField, ...paidField },
  changes: ({ changed }) => changed,
  codes: { ...DEPOSIT_CODES, ...WRITER_CODES },
  weight: DATA_WEIGHT,
  keys: (sender, operation) => [...depositKeys(sender), NAMESPACES.key(operation.namespace), MEMBERS.key(operation)],
  spends: (operation, depositPerByte) => depositPerByte * BigInt(bytesOf(MEMBERS.key(operation), 0)),
  execute(execution, operation) {
    const { namespace, key, member } = operation;
    const refusal = writerRefusal(execution, namespace);
    if (refusal !== undefined) return refusal;
    const memberKey = MEMBERS.key(operation);
    if (execution.state.get(memberKey) !== undefined)
      return { kind: 'insert', namespace, key, member, changed: false, depositPaid: 0n };
    const settled = settleDeposit(execution, NOTHING_KEPT, bytesOf(memberKey, 0));
    if (typeof settled === 'string') return settled;
    const { deposit, depositPaid } = settled;
    execution.state.set(memberKey, { deposit });
    return { kind: 'insert', namespace, key, member, changed: true, depositPaid };
  },
});
