import { bech32, bech32m } from '@scure/base';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { address } from '../../src/base/brand.ts';
import { toAddress } from '../../src/codec/hex.ts';
import { formatAddress, parseAddress } from '../../src/crypto/address.ts';

const ALPHABET = 'qpzry9x8gf2tvdw0s3jn54khce6mua7l';
const BYTES = Uint8Array.from({ length: 32 }, (_, i) => i);
const TEXT = 'tre1qqqsyqcyq5rqwzqfpg9scrgwpugpzysnzs23v9ccrydpk8qarc0sgwf0cc';

const codeOf = (text: string, prefix = 'tre'): string => {
  const parsed = parseAddress(text, prefix);
  return parsed.ok ? 'OK' : parsed.error.code;
};

describe('addresses as text', () => {
  it('has a fixed form', () => {
    expect(formatAddress(toAddress(BYTES), 'tre')).toBe(TEXT);
  });

  it('reads what it writes, in either case', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: 32, maxLength: 32 }),
        fc.constantFrom('tre', 'x', 'test'),
        (bytes, prefix) => {
          const text = formatAddress(toAddress(bytes), prefix);
          expect(parseAddress(text, prefix)).toEqual({ ok: true, value: toAddress(bytes) });
          expect(parseAddress(text.toUpperCase(), prefix)).toEqual({ ok: true, value: toAddress(bytes) });
        },
      ),
    );
  });

  it('reads exactly what the library of bech32m reads, with whatever character changed', () => {
    const anyText = fc
      .tuple(fc.uint8Array({ minLength: 31, maxLength: 33 }), fc.constantFrom('tre', 'x', 'a-longer-one', '~'))
      .map(([bytes, prefix]) => ({ prefix, text: bech32m.encodeFromBytes(prefix, bytes) }));
    const changed = fc.option(fc.tuple(fc.nat(89), fc.constantFrom(...Array.from(`${ALPHABET}b1Q\u00e9\ud83d`))), {
      nil: undefined,
    });
    fc.assert(
      fc.property(anyText, changed, ({ prefix, text }, change) => {
        const written = change === undefined ? text : text.slice(0, change[0]) + change[1] + text.slice(change[0] + 1);
        const decoded = bech32m.decodeUnsafe(written);
        const bytes = decoded && bech32m.fromWordsUnsafe(decoded.words);
        const parsed = parseAddress(written, prefix);
        const isAddress =
          decoded !== undefined && decoded.prefix === prefix && bytes instanceof Uint8Array && bytes.length === 32;
        expect(parsed.ok ? parsed.value : undefined).toBe(isAddress ? toAddress(bytes) : undefined);
      }),
      { numRuns: 2000 },
    );
  });

  it('any one wrong character is found', () => {
    for (let at = 4; at < TEXT.length; at++) {
      for (const character of ALPHABET) {
        const text = TEXT.slice(0, at) + character + TEXT.slice(at + 1);
        if (text !== TEXT) expect(codeOf(text)).toBe('MALFORMED_ADDRESS');
      }
    }
  });

  it('the zero address is an address like others', () => {
    const zero = address('0'.repeat(64));
    expect(parseAddress(formatAddress(zero, 'tre'), 'tre')).toEqual({ ok: true, value: zero });
  });

  it.each<[string, string, string]>([
    ['nothing', '', 'MALFORMED_ADDRESS'],
    ['no separator', 'tre', 'MALFORMED_ADDRESS'],
    ['hexadecimal', '00'.repeat(32), 'MALFORMED_ADDRESS'],
    ['mixed case', `T${TEXT.slice(1)}`, 'MALFORMED_ADDRESS'],
    ['a space after it', `${TEXT} `, 'MALFORMED_ADDRESS'],
    ['bech32 instead of bech32m', bech32.encodeFromBytes('tre', BYTES), 'MALFORMED_ADDRESS'],
    ['31 bytes', bech32m.encodeFromBytes('tre', BYTES.subarray(1)), 'MALFORMED_ADDRESS'],
    ['33 bytes', bech32m.encodeFromBytes('tre', new Uint8Array(33)), 'MALFORMED_ADDRESS'],
    ['bits left over', bech32m.encode('tre', [...bech32m.toWords(BYTES).slice(0, -1), 31]), 'MALFORMED_ADDRESS'],
    ['a megabyte', 'q'.repeat(1_000_000), 'MALFORMED_ADDRESS'],
    ['another network', bech32m.encodeFromBytes('btc', BYTES), 'WRONG_ADDRESS_PREFIX'],
  ])('refuses %s', (_, text, code) => {
    expect(codeOf(text)).toBe(code);
  });
});
