import { describe, expect, test } from 'vitest';
import { base64Length, parseBase64, toBase64 } from '../../src/codec/base64.ts';

const bytesOf = (text: string) => Uint8Array.from(text, (character) => character.charCodeAt(0));

describe('base64', () => {
  // RFC 4648, section 10.
  test.each([
    ['', ''],
    ['f', 'Zg=='],
    ['fo', 'Zm8='],
    ['foo', 'Zm9v'],
    ['foob', 'Zm9vYg=='],
    ['fooba', 'Zm9vYmE='],
    ['foobar', 'Zm9vYmFy'],
  ])('of %j is %j', (text, encoded) => {
    expect(toBase64(bytesOf(text))).toBe(encoded);
    expect(parseBase64(encoded)).toEqual(bytesOf(text));
    expect(base64Length(text.length)).toBe(encoded.length);
  });

  test('is what Node makes of bytes of any length', () => {
    for (const length of [255, 256, 257, 65_536, 65_537]) {
      const bytes = Uint8Array.from({ length }, (_, at) => (at * 167 + length) % 256);
      expect(toBase64(bytes)).toBe(Buffer.from(bytes).toString('base64'));
      expect(parseBase64(toBase64(bytes))).toEqual(bytes);
    }
  });

  test.each([
    ['without padding', 'Zg'],
    ['with too little padding', 'Zg='],
    ['with padding alone', '===='],
    ['with padding in the middle', 'Zg==Zg=='],
    ['with unused bits that are not zero, of two', 'Zh=='],
    ['with unused bits that are not zero, of one', 'Zm9='],
    ['with white space', 'Zm9v\n   '],
    ['of the alphabet for URLs', 'Zm-_'],
    ['with a character beyond a byte', 'Zm9\u0176'],
    ['with half a group', 'Zm9vYm'],
  ])('is refused %s', (_, text) => {
    expect(parseBase64(text)).toBeUndefined();
  });
});
