/** Adds to a counter, which was zero where it is not there; a negative delta takes away. One that is zero again goes. */
import {
  bytesOf,
  DEPOSIT_CODES,
  depositKeys,
  NOTHING_KEPT,
  paidField,
  refundedField,
  settleDeposit,
} from '../data/deposit.ts';
import { COUNTER_BYTES, COUNTERS } from '../data/counter.ts';
import { NAMESPACES, WRITER_CODES, writerRefusal } from '../data/namespace.ts';
import { namedFields } from '../data/writing.ts';
import { DATA_WEIGHT } from '../limits.ts';
import { deltaField } from './data-fields.ts';
import { operationKind } from './kind.ts';

export const add = operationKind({
  kind: 'add',
  fields: { ...namedFields, delta: deltaField },
  /** The value is that after it. */
  event: { ...namedFields, value: deltaField, ...paidField, ...refundedField },
  codes: { ...DEPOSIT_CODES, ...WRITER_CODES, COUNTER_OVERFLOW: 17 },
  weight: DATA_WEIGHT,
  keys: (sender, operation) => [...depositKeys(sender), NAMESPACES.key(operation.namespace), COUNTERS.key(operation)],
  spends: (operation, depositPerByte) => depositPerByte * BigInt(bytesOf(COUNTERS.key(operation), COUNTER_BYTES)),
  execute(execution, operation) {
    const { namespace, key, delta } = operation;
    const refusal = writerRefusal(execution, namespace);
    if (refusal !== undefined) return refusal;
    const counterKey = COUNTERS.key(operation);
    const before = execution.state.get(counterKey);
    const value = (before?.value ?? 0n) + delta;
    if (BigInt.asIntN(64, value) !== value) return 'COUNTER_OVERFLOW';
    const bytes = bytesOf(counterKey, COUNTER_BYTES);
    const kept = before === undefined ? NOTHING_KEPT : { bytes, deposit: before.deposit };
    const settled = settleDeposit(execution, kept, value === 0n ? 0 : bytes);
    if (typeof settled === 'string') return settled;
    const { deposit, ...moved } = settled;
    execution.state.set(counterKey, value === 0n ? undefined : { value, deposit });
    return { kind: 'add', namespace, key, value, ...moved };
  },
});
