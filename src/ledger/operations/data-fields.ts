/** Fields of operations on data: names, keys and values, conditions on what stands there, and lists. */
import { BooleanType, ByteListType, ContainerType, ListCompositeType, OptionalType } from '@chainsafe/ssz';
import { z } from 'zod';
import type { Address, Height } from '../../base/brand.ts';
import { fail, ok, type Result } from '../../base/result.ts';
import { base64Length, parseBase64, toBase64 } from '../../codec/base64.ts';
import { ascii, int64Big, nothing, uint16, uint64, unionByKind } from '../../codec/types.ts';
import { KEY_CHARACTERS_MAX, NAMESPACE_CHARACTERS_MAX, VALUE_BYTES_MAX } from '../limits.ts';
import { addressField, type Field, type FieldError } from './fields.ts';

/** Bytes, in JSON as base64. That they are canonical base64, and no more than these, is checked by `fromJson`. */
export const bytesField = (bytesMax: number): Field<Uint8Array, string> => ({
  type: new ByteListType(bytesMax),
  schema: z.string().max(base64Length(bytesMax)).meta({ contentEncoding: 'base64' }),
  toJson: toBase64,
  fromJson(text, path) {
    const bytes = parseBase64(text);
    if (bytes === undefined) return fail('MALFORMED', `${path}: not canonical base64`);
    if (bytes.length > bytesMax) return fail('MALFORMED', `${path}: ${bytes.length} bytes, at most ${bytesMax}`);
    return ok(bytes);
  },
});

/** Visible ASCII that matches. */
export const textField = (pattern: RegExp, charactersMax: number): Field<string, string> => ({
  type: ascii(pattern, charactersMax),
  schema: z.string().regex(pattern),
  toJson: (text) => text,
  fromJson: ok,
});

/** The name of a namespace. */
export const namespaceField: Field<string, string> = textField(
  new RegExp(`^[a-z0-9][a-z0-9-]{0,${NAMESPACE_CHARACTERS_MAX - 1}}$`),
  NAMESPACE_CHARACTERS_MAX,
);

/** The key of an entry, or a member of a set: visible ASCII, so that it can be typed, printed and compared as it is. But neither `.` nor `..`:
 *  URLs are cleaned of these on the way, however they are encoded (WHATWG URL, 4.1 "double-dot path segment"), so nobody could read them. */
export const keyField: Field<string, string> = textField(
  new RegExp(`^(?!\\.{1,2}$)[\\x21-\\x7e]{1,${KEY_CHARACTERS_MAX}}$`),
  KEY_CHARACTERS_MAX,
);

/** The value of an entry. */
export const valueField: Field<Uint8Array, string> = bytesField(VALUE_BYTES_MAX);

const INT64_MIN = -(2n ** 63n);
const INT64_MAX = 2n ** 63n - 1n;
const INTEGER = /^(0|-?[1-9][0-9]{0,18})$/;
const isInt64 = (value: bigint): boolean => value >= INT64_MIN && value <= INT64_MAX;

/** What a counter grows or shrinks by: an int64, in JSON as decimal text. */
export const deltaField: Field<bigint, string> = {
  type: int64Big(),
  schema: z
    .string()
    .regex(INTEGER)
    .refine((text) => !INTEGER.test(text) || isInt64(BigInt(text)), 'beyond 64 bits'),
  toJson: String,
  fromJson: (text) => ok(BigInt(text)),
};

/** A height; what 0 means the operation says. */
export const heightField: Field<Height, number> = {
  type: uint64<Height>(),
  schema: z.int().nonnegative(),
  toJson: (height) => height,
  fromJson: (height) => ok(height as Height),
};

/** Whether something is so. */
export const booleanField: Field<boolean, boolean> = {
  type: new BooleanType(),
  schema: z.boolean(),
  toJson: (value) => value,
  fromJson: ok,
};

/** Accounts in the order in which they are given. That none stands twice is for the operation to say. */
export const accountsField = (countMax: number): Field<readonly Address[], readonly string[]> => ({
  type: new ListCompositeType(addressField.type as never, countMax),
  schema: z.array(addressField.schema).max(countMax),
  toJson: (accounts, addressPrefix) => accounts.map((account) => addressField.toJson(account, addressPrefix)),
  fromJson(texts, path, addressPrefix) {
    const accounts: Address[] = [];
    for (const [index, text] of texts.entries()) {
      const account = addressField.fromJson(text, `${path}[${index}]`, addressPrefix);
      if (!account.ok) return account;
      accounts.push(account.value);
    }
    return ok(accounts);
  },
  accountsIn: (accounts) => accounts,
});

/** Since when an entry is as it is: the block, and the transaction's position among the executed ones of that block. */
export interface EntryVersion {
  readonly height: Height;
  readonly index: number;
}

const EntryVersionType = new ContainerType({ height: uint64<Height>(), index: uint16() });

const VERSION = /^(0|[1-9][0-9]{0,15}):(0|[1-9][0-9]{0,4})$/;
const INDEX_MAX = 0xffff;

/** Undefined unless the text is a version as it is written. */
function parseVersion(text: string): EntryVersion | undefined {
  if (!VERSION.test(text)) return undefined;
  const [height = 0, index = 0] = text.split(':').map(Number);
  return Number.isSafeInteger(height) && index <= INDEX_MAX ? { height: height as Height, index } : undefined;
}

const formatVersion = ({ height, index }: EntryVersion): string => `${height}:${index}`;

function versionFromJson(text: string, path: string): Result<EntryVersion, FieldError> {
  const version = parseVersion(text);
  return version === undefined ? fail('MALFORMED', `${path}: no version like 17:3`) : ok(version);
}

/** A version, in JSON as `height:index`. */
export const versionField: Field<EntryVersion, string> = {
  type: EntryVersionType,
  schema: z.string().regex(VERSION),
  toJson: formatVersion,
  fromJson: versionFromJson,
};

/** What has to stand under a key for the operation to do anything: whatever it is, nothing, or what this version wrote. */
export type Condition =
  | { readonly kind: 'any' }
  | { readonly kind: 'absent' }
  | ({ readonly kind: 'version' } & EntryVersion);

/** In JSON `any`, `absent`, or the version as `height:index`. */
export const conditionField: Field<Condition, string> = {
  type: unionByKind({ any: nothing(), absent: nothing(), version: EntryVersionType }),
  schema: z.string().regex(new RegExp(`^(any|absent)$|${VERSION.source}`)),
  toJson: (condition) => (condition.kind === 'version' ? formatVersion(condition) : condition.kind),
  fromJson(text, path) {
    if (text === 'any' || text === 'absent') return ok({ kind: text });
    const version = versionFromJson(text, path);
    return version.ok ? ok({ kind: 'version', ...version.value }) : version;
  },
};

/** What may be missing: then null. */
export const optionalField = <V, J>(field: Field<V, J>): Field<V | null, J | null> => ({
  type: new OptionalType(field.type as never),
  schema: z.nullable(field.schema),
  toJson: (value, addressPrefix) => (value === null ? null : field.toJson(value, addressPrefix)),
  fromJson: (json, path, addressPrefix) => (json === null ? ok(null) : field.fromJson(json, path, addressPrefix)),
  accountsIn: (value) => (value === null ? [] : (field.accountsIn?.(value) ?? [])),
});
