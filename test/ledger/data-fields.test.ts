/** Fields of data, through a kind of operation that is made up: bytes, JSON, and what is neither. */
import { describe, expect, test } from 'vitest';
import type { Height } from '../../src/base/brand.ts';
import { codec } from '../../src/codec/codec.ts';
import { formatAddress } from '../../src/crypto/address.ts';
import {
  accountsField,
  bytesField,
  conditionField,
  deltaField,
  heightField,
  keyField,
  namespaceField,
  optionalField,
  valueField,
  versionField,
} from '../../src/ledger/operations/data-fields.ts';
import { addressField, type Fields } from '../../src/ledger/operations/fields.ts';
import { Form } from '../../src/ledger/operations/form.ts';
import { stranger } from './network.ts';

const PREFIX = 'tre';
const text = (number: number) => formatAddress(stranger(number), PREFIX);
const version = (height: number, index: number) => ({ height: height as Height, index });

/** The form of a kind with this field alone. */
const formOf = (field: unknown): Form<string, Fields> => new Form('probe', { it: field } as Fields);
const codecOf = (form: Form<string, Fields>) => codec('Probe', form.type, form.type.maxSize);

type Case = readonly [name: string, field: unknown, value: unknown, json: unknown];
const VALUES: readonly Case[] = [
  ['a namespace', namespaceField, 'orders-2', 'orders-2'],
  ['a namespace of the longest name', namespaceField, 'a'.repeat(32), 'a'.repeat(32)],
  ['a key', keyField, '!/a"b\\~', '!/a"b\\~'],
  ['a key of the longest', keyField, '~'.repeat(128), '~'.repeat(128)],
  ['a key of three dots', keyField, '...', '...'],
  ['a key that begins with dots', keyField, '../a', '../a'],
  ['a key that ends with dots', keyField, 'a..', 'a..'],
  ['a value', valueField, Uint8Array.of(0, 255, 7), 'AP8H'],
  ['no bytes', valueField, new Uint8Array(0), ''],
  ['the longest value', valueField, new Uint8Array(65_536), Buffer.alloc(65_536).toString('base64')],
  ['a delta', deltaField, 7n, '7'],
  ['the least delta', deltaField, -(2n ** 63n), '-9223372036854775808'],
  ['the greatest delta', deltaField, 2n ** 63n - 1n, '9223372036854775807'],
  ['a delta of minus one', deltaField, -1n, '-1'],
  ['a height', heightField, 17, 17],
  ['the greatest height', heightField, Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER],
  ['accounts', accountsField(3), [stranger(2), stranger(1)], [text(2), text(1)]],
  ['no accounts', accountsField(3), [], []],
  ['a version', versionField, version(17, 3), '17:3'],
  ['the greatest version', versionField, version(Number.MAX_SAFE_INTEGER, 65_535), '9007199254740991:65535'],
  ['any condition', conditionField, { kind: 'any' }, 'any'],
  ['the condition that nothing is there', conditionField, { kind: 'absent' }, 'absent'],
  ['the condition of a version', conditionField, { kind: 'version', ...version(17, 3) }, '17:3'],
  ['an account that may be missing', optionalField(addressField), stranger(1), text(1)],
  ['a missing account', optionalField(addressField), null, null],
  ['a version that may be missing', optionalField(versionField), version(1, 0), '1:0'],
  ['a missing version', optionalField(versionField), null, null],
];

describe.each(VALUES)('%s', (_, field, value, json) => {
  const form = formOf(field);
  const operation = { kind: 'probe', it: value };

  test('goes to bytes and back', () => {
    const bytes = codecOf(form).encode({ it: value });
    expect(codecOf(form).decode(bytes)).toEqual({ ok: true, value: { it: value } });
    expect(bytes.length).toBeGreaterThanOrEqual(form.type.minSize);
  });

  test('has one encoding: bytes with a change are refused, or stand for another value', () => {
    const bytes = codecOf(form).encode({ it: value });
    const some = [...bytes.keys()].filter((at) => at < 150 || at > bytes.length - 4);
    const changed = [Uint8Array.from([...bytes, 0]), bytes.slice(0, -1)];
    for (const at of some) for (const bit of [1, 128]) changed.push(bytes.with(at, (bytes[at] ?? 0) ^ bit));
    for (const other of changed) {
      const decoded = codecOf(form).decode(other);
      if (!decoded.ok) continue;
      expect(Buffer.compare(codecOf(form).encode(decoded.value), other)).toBe(0);
      expect(Buffer.compare(other, bytes)).not.toBe(0);
    }
  });

  test('goes to JSON and back', () => {
    const said = form.toJson(operation, PREFIX);
    expect(JSON.parse(JSON.stringify(said))).toEqual({ kind: 'probe', it: json });
    expect(form.schema.parse(said)).toEqual(said);
    expect(form.fromJson(said as never, 'at', PREFIX)).toEqual({ ok: true, value: operation });
  });
});

describe('bytes that are no value are refused', () => {
  const encoded = (characters: string) => Uint8Array.from(characters, (character) => character.charCodeAt(0));
  /** Of a container whose only field is of no fixed size: an offset, and the field. */
  const after = (...bytes: number[]) => Uint8Array.of(4, 0, 0, 0, ...bytes);

  test.each<[string, unknown, Uint8Array]>([
    ['a namespace without a name', namespaceField, after()],
    ['a namespace in capitals', namespaceField, after(...encoded('Orders'))],
    ['a namespace that begins with a hyphen', namespaceField, after(...encoded('-a'))],
    ['a namespace that is too long', namespaceField, after(...encoded('a'.repeat(33)))],
    ['a namespace with a line end', namespaceField, after(...encoded('a\n'))],
    ['a key without characters', keyField, after()],
    ['a key with a space', keyField, after(...encoded('a b'))],
    ['a key with a control character', keyField, after(127)],
    ['a key beyond ASCII', keyField, after(0xc3, 0xa9)],
    ['a key that is too long', keyField, after(...encoded('a'.repeat(129)))],
    ['a key that is a dot', keyField, after(...encoded('.'))],
    ['a key that is two dots', keyField, after(...encoded('..'))],
    ['more bytes than there may be', bytesField(3), after(1, 2, 3, 4)],
    ['more accounts than there may be', accountsField(1), after(...new Uint8Array(64))],
    ['half an account', accountsField(2), after(...new Uint8Array(33))],
    ['a height that JavaScript does not hold', heightField, new Uint8Array(8).fill(255)],
    ['a condition without a kind', conditionField, after()],
    ['a condition of a kind that there is not', conditionField, after(3)],
    ['an empty condition that carries something', conditionField, after(0, 0)],
    ['a condition without its version', conditionField, after(2)],
    ['a condition with too long a version', conditionField, after(2, ...new Uint8Array(11))],
    ['something that is there twice over', optionalField(versionField), after(2, ...new Uint8Array(10))],
  ])('%s', (_, field, bytes) => {
    const form = formOf(field);
    expect(codec('Probe', form.type, 1000).decode(bytes)).toMatchObject({ ok: false });
  });
});

describe('JSON that is no value is refused by its place', () => {
  test.each<[string, unknown, unknown, string]>([
    ['a namespace in capitals', namespaceField, 'Orders', 'it'],
    ['a key with a space', keyField, 'a b', 'it'],
    ['a key that is too long', keyField, 'a'.repeat(129), 'it'],
    ['a key that is a dot', keyField, '.', 'it'],
    ['a key that is two dots', keyField, '..', 'it'],
    ['text that is longer than all values', bytesField(3), 'AAAAAAAA', 'it'],
    ['a delta with a plus', deltaField, '+1', 'it'],
    ['a delta of minus zero', deltaField, '-0', 'it'],
    ['a delta beyond 64 bits', deltaField, '9223372036854775808', 'it'],
    ['a delta below 64 bits', deltaField, '-9223372036854775809', 'it'],
    ['a delta that is a number', deltaField, 7, 'it'],
    ['a height below zero', heightField, -1, 'it'],
    ['a height that JavaScript does not hold', heightField, 2 ** 53, 'it'],
    ['half a height', heightField, 0.5, 'it'],
    ['more accounts than there may be', accountsField(1), [text(1), text(2)], 'it'],
    ['an account that is none', accountsField(2), [text(1), 'nobody'], 'it.1'],
    ['a version with a zero before it', versionField, '017:3', 'it'],
    ['half a version', versionField, '17', 'it'],
    ['a condition that there is not', conditionField, 'present', 'it'],
    ['a missing field that may not be', versionField, null, 'it'],
  ])('%s, where its form shows it', (_, field, json, path) => {
    const refused = formOf(field).schema.safeParse({ kind: 'probe', it: json });
    expect(refused.error?.issues[0]?.path.join('.')).toBe(path);
  });

  test.each<[string, unknown, unknown, string]>([
    ['bytes that are no base64', bytesField(3), 'AA', 'at.it: not canonical base64'],
    ['base64 with bits that mean nothing', bytesField(3), 'AB==', 'at.it: not canonical base64'],
    ['more bytes than there may be', bytesField(2), 'AAAA', 'at.it: 3 bytes, at most 2'],
    ['an account of another network', accountsField(2), [text(1), formatAddress(stranger(1), 'other')], 'at.it[1]: '],
    ['a version of too large a height', versionField, '9007199254740992:1', 'at.it: no version like 17:3'],
    ['a version of too large an index', versionField, '17:65536', 'at.it: no version like 17:3'],
    ['a condition of too large a height', conditionField, '9007199254740992:1', 'at.it: no version like 17:3'],
    [
      'a foreign account that may be missing',
      optionalField(addressField),
      formatAddress(stranger(1), 'other'),
      'at.it: ',
    ],
  ])('%s, where it has to be read for that', (_, field, json, message) => {
    const form = formOf(field);
    expect(form.schema.safeParse({ kind: 'probe', it: json }).success).toBe(true);
    const refused = form.fromJson({ it: json }, 'at', PREFIX);
    expect(refused.ok ? 'taken' : refused.error.message).toContain(message);
  });
});
