/**
 * Values stand apart from their entries. An entry of the state names its value by length and hash, and the value lies under a key of its
 * own: that of the entry, and the version that wrote it. Execution asks for nothing but the reference, so a body reads no value that was
 * written before it, however long these are. An entry that is written again and keeps its value keeps the reference: so what
 * writes a value is not always what wrote the entry last, and a value is stored once.
 */
import { ContainerType, type ValueOf } from '@chainsafe/ssz';
import type { Hash } from '../../base/brand.ts';
import { hex32, uint64 } from '../../codec/types.ts';
import { sha256Hash } from '../../crypto/sha256.ts';
import { type EntryVersion, versionField } from '../operations/data-fields.ts';

export const ValueReferenceType = new ContainerType({
  /** What wrote the value. */
  version: versionField.type,
  /** Bytes of it. */
  length: uint64(),
  /** SHA-256 of it. */
  hash: hex32<Hash>(),
});

export type ValueReference = Readonly<ValueOf<typeof ValueReferenceType>>;

export const referenceTo = (value: Uint8Array, version: EntryVersion): ValueReference => ({
  version,
  length: value.length,
  hash: sha256Hash(value),
});

/** Whether these bytes are what the reference names. */
export const isNamedBy = (value: Uint8Array, { length, hash }: ValueReference): boolean =>
  value.length === length && sha256Hash(value) === hash;
