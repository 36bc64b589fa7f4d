/** What all operations have in common that write an entry: who may, under which condition, and what its deposit becomes. */
import type { Address } from '../../base/brand.ts';
import type { Condition } from '../operations/data-fields.ts';
import { keyField, namespaceField } from '../operations/data-fields.ts';
import type { Execution } from '../operations/kind.ts';
import type { StateKey } from '../state/entry-kind.ts';
import { referenceTo, type ValueReference } from '../state/value-reference.ts';
import { bytesOf, DEPOSIT_CODES, depositKeys, NOTHING_KEPT, settleDeposit } from './deposit.ts';
import { type DataKey, ENTRIES, type Entry, leaseAt, meets } from './entry.ts';
import { mayWrite, NAMESPACES, WRITER_CODES, writerRefusal } from './namespace.ts';

/** What is written. Watchers choose events by these two. */
export const namedFields = { namespace: namespaceField, key: keyField };

/** Codes of a condition. */
export const CONDITION_CODES = { CONDITION_FAILED: 12 } as const;

/** Codes of whoever writes an entry. */
export const WRITE_CODES = { ...DEPOSIT_CODES, ...WRITER_CODES, ...CONDITION_CODES, LEASED: 13 } as const;

/** All that writing an entry touches. */
export const writeKeys = (sender: Address, operation: DataKey): readonly StateKey[] => [
  ...depositKeys(sender),
  NAMESPACES.key(operation.namespace),
  ENTRIES.key(operation),
];

/** The most that an entry with so many bytes of value can cost whoever writes it. */
export const mostForEntry = (operation: DataKey, valueBytes: number, depositPerByte: bigint): bigint =>
  depositPerByte * BigInt(bytesOf(ENTRIES.key(operation), valueBytes));

/** Whether the entry is as the operation asks. */
export const checkCondition = (
  { state }: Execution,
  operation: DataKey & { readonly condition: Condition },
): keyof typeof CONDITION_CODES | undefined =>
  meets(state.get(ENTRIES.key(operation)), operation.condition) ? undefined : 'CONDITION_FAILED';

interface Found {
  readonly key: StateKey<Entry>;
  readonly before: Entry | undefined;
  /** Holds now, and is the sender's; or null. */
  readonly lease: Entry['lease'];
}

/** What the sender is going to write. Errors: those of writers, and LEASED where somebody else has the lease. */
export function findEntry(execution: Execution, operation: DataKey): Found | keyof typeof WRITER_CODES | 'LEASED' {
  const refusal = writerRefusal(execution, operation.namespace);
  if (refusal !== undefined) return refusal;
  const key = ENTRIES.key(operation);
  const before = execution.state.get(key);
  const held = leaseAt(before, execution.place.height);
  // Whoever may not write any more keeps nobody else from it.
  const lease = held !== null && mayWrite(execution, operation.namespace, held.owner) ? held : null;
  if (lease !== null && lease.owner !== execution.sender) return 'LEASED';
  return { key, before, lease };
}

/** A new value for an entry that `writeEntry` writes next. */
export function newValue({ state, place }: Execution, key: StateKey<Entry>, value: Uint8Array): ValueReference {
  state.setValue({ key, version: place }, value);
  return referenceTo(value, place);
}

interface Written {
  readonly depositPaid: bigint;
  readonly depositRefunded: bigint;
}

/** Makes this of the entry; undefined takes it away. Error: INSUFFICIENT_BALANCE. */
export function writeEntry(
  execution: Execution,
  { key, before }: Pick<Found, 'key' | 'before'>,
  after: Pick<Entry, 'lease' | 'value'> | undefined,
): Written | keyof typeof DEPOSIT_CODES {
  const kept =
    before === undefined ? NOTHING_KEPT : { bytes: bytesOf(key, before.value.length), deposit: before.deposit };
  const settled = settleDeposit(execution, kept, after === undefined ? 0 : bytesOf(key, after.value.length));
  if (typeof settled === 'string') return settled;
  const { deposit, ...written } = settled;
  execution.state.set(key, after && { version: execution.place, lease: after.lease, deposit, value: after.value });
  return written;
}
