/**
 * Entries of a namespace: a value under a key, with the version that wrote the entry, and perhaps a lease. The value stands apart
 * (`../state/value-reference.ts`). A lease that is taken or given up writes the entry and keeps its value, so the value has a version of
 * its own.
 *
 * How a lock works. Whoever takes the lease of a key owns it up to and including the height `until`; until then others can neither write
 * the key nor take its lease (LEASED). The version that taking it made is the owner's fencing token: each later lease has a greater
 * one. What the lock protects is written with the token as its condition: the key itself by `put` with the token, and other keys in one
 * transaction with `require` of the token. An owner that was paused may think that it still has the lock when the lease has run out and
 * another has taken it. Its late write fails with CONDITION_FAILED, since the key has another version by then. Where nobody has taken
 * it, the write succeeds: that hurts nobody. (M. Kleppmann, How to do distributed locking, 2016, "Making the lock safe with fencing".)
 */
import { ContainerType, OptionalType, type ValueOf } from '@chainsafe/ssz';
import type { Address, Height } from '../../base/brand.ts';
import { unreachable } from '../../base/invariant.ts';
import { codec } from '../../codec/codec.ts';
import { hex32, uint64, uint64Big } from '../../codec/types.ts';
import { type Condition, versionField } from '../operations/data-fields.ts';
import { EntryKind } from '../state/entry-kind.ts';
import { ValueReferenceType } from '../state/value-reference.ts';

const LeaseType = new ContainerType({
  owner: hex32<Address>(),
  /** Last height at which it holds. */
  until: uint64<Height>(),
});

const EntryType = new ContainerType({
  version: versionField.type,
  /** Null where nobody has the lease. One that has run out stands here until the entry is written again. */
  lease: new OptionalType(LeaseType),
  deposit: uint64Big(),
  value: ValueReferenceType,
});

export type Entry = Readonly<ValueOf<typeof EntryType>>;

/** What names something in a namespace. */
export interface DataKey {
  readonly namespace: string;
  readonly key: string;
}

/** Of an entry or a counter. No name of a namespace has a slash, and so no two have the same. */
export const dataKeyText = ({ namespace, key }: DataKey): string => `${namespace}/${key}`;

/** Entries under namespace and key; those of a namespace stand together, in the order of their keys. */
export const ENTRIES = new EntryKind<DataKey, Entry>(
  'entry',
  codec('Entry', EntryType, EntryType.maxSize),
  dataKeyText,
  ({ value }) => value,
);

/** Whether what stands there, if anything does, is what the condition asks for. */
export function meets(entry: Entry | undefined, condition: Condition): boolean {
  switch (condition.kind) {
    case 'any':
      return true;
    case 'absent':
      return entry === undefined;
    case 'version': {
      const { height, index } = condition;
      return entry !== undefined && entry.version.height === height && entry.version.index === index;
    }
    default:
      return unreachable(condition);
  }
}

/** The lease that holds at this height; null where none does. */
export function leaseAt(entry: Entry | undefined, height: Height): Entry['lease'] {
  const lease = entry?.lease ?? null;
  return lease !== null && height <= lease.until ? lease : null;
}
