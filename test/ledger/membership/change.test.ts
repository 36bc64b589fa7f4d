/** Changes as bytes and as JSON, and what is neither. */
import { describe, expect, test } from 'vitest';
import { codec } from '../../../src/codec/codec.ts';
import { formatAddress } from '../../../src/crypto/address.ts';
import { changeField } from '../../../src/ledger/membership/change.ts';
import { OPERATIONS } from '../../../src/ledger/operations/table.ts';
import { CHANGE_EXAMPLES } from './examples.ts';
import { ownerOf, peerOf, propose } from './kit.ts';

const PREFIX = 'tre';
const bytesOf = codec('Change', changeField.type, 1000);
const hex = (byte: string): string => byte.repeat(32);

/** As a client writes them. */
const JSONS: Readonly<Record<keyof typeof CHANGE_EXAMPLES, object>> = {
  'admit-validator': {
    name: 'v-9',
    account: formatAddress(ownerOf(9), PREFIX),
    publicKey: hex('0a'),
    peerId: peerOf(9),
  },
  'remove-validator': { validator: 63 },
  'rotate-validator': { validator: 2, publicKey: hex('0a'), peerId: null },
  'admit-observer': { name: 'o', peerId: peerOf(9) },
  'remove-observer': { name: 'o' },
  'set-parameter': { name: 'jailEpochs', value: '18446744073709551615' },
  upgrade: { version: 2, height: 258 },
};

describe.each(Object.values(CHANGE_EXAMPLES))('$kind', (change) => {
  test('is written as JSON, and read back', () => {
    const json = changeField.toJson(change, PREFIX);
    expect(json).toEqual({ kind: change.kind, ...JSONS[change.kind] });
    expect(changeField.schema.parse(json)).toEqual(json);
    expect(changeField.fromJson(json, 'change', PREFIX)).toEqual({ ok: true, value: change });
  });

  test('is written as bytes, and read back', () => {
    expect(bytesOf.decode(bytesOf.encode(change))).toEqual({ ok: true, value: change });
  });

  test('stands in an operation', () => {
    const operation = propose(3, change, 9);
    const json = OPERATIONS.toJson(operation, PREFIX);
    expect(json).toEqual({ kind: 'propose', validator: 3, change: changeField.toJson(change, PREFIX), expires: 9 });
    expect(OPERATIONS.fromJson(OPERATIONS.schema.parse(json), 'operation', PREFIX)).toEqual({
      ok: true,
      value: operation,
    });
    expect(OPERATIONS.accountsIn(operation)).toEqual(change.kind === 'admit-validator' ? [ownerOf(9)] : []);
  });
});

test.each<[string, object]>([
  ['no kind', { validator: 3 }],
  ['a kind that there is not', { kind: 'promote', validator: 3 }],
  ['a validator beyond 16 bits', { kind: 'remove-validator', validator: 65_536 }],
  ['a validator of part', { kind: 'remove-validator', validator: 0.5 }],
  ['a name of capitals', { kind: 'remove-observer', name: 'O' }],
  ['a parameter that there is not', { kind: 'set-parameter', name: 'unbondingEpochs', value: '1' }],
  ['a value below nothing', { kind: 'set-parameter', name: 'jailEpochs', value: '-1' }],
  ['a value beyond 64 bits', { kind: 'set-parameter', name: 'jailEpochs', value: '18446744073709551616' }],
  ['a key too short', { kind: 'rotate-validator', validator: 3, publicKey: 'ab', peerId: null }],
  ['a version below nothing', { kind: 'upgrade', version: -1, height: 3 }],
])('%s is no change', (_, json) => {
  expect(changeField.schema.safeParse(json).success).toBe(false);
});

test.each([
  ['an address of another network', { account: formatAddress(ownerOf(9), 'abc') }, 'BAD_ADDRESS'],
  ['text that no node can read', { peerId: `12D3KooW${'2'.repeat(44)}` }, 'MALFORMED'],
])('%s is refused by name', (_, wrong, code) => {
  const json = { kind: 'admit-validator', ...JSONS['admit-validator'], ...wrong };
  const read = changeField.fromJson(json as never, 'change', PREFIX);
  expect(read).toMatchObject({ ok: false, error: { code, message: expect.stringContaining('change.') as string } });
});
