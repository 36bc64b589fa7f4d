import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { hash } from '../../src/base/brand.ts';
import { fromHex, toHash, toHex } from '../../src/codec/hex.ts';
import { decodeHeader, encodeHeader, HEADER_BYTES, headerId, numberOf, type PowHeader } from '../../src/pow/header.ts';
import { search } from '../../src/pow/mine.ts';
import { targetOf } from '../../src/pow/target.ts';

/** Of Bitcoin's first block. Its root too is shown with the last byte first. */
const BITCOIN: PowHeader = {
  version: 1,
  parent: hash('0'.repeat(64)),
  root: toHash(fromHex('4a5e1e4baab89f3a32518a88c31bc87f618f76673e2cc77ab2127b7afdeda33b').reverse()),
  time: 1_231_006_505,
  bits: 0x1d00ffff,
  nonce: 2_083_236_893,
};

const target = (bits: number): bigint => {
  const read = targetOf(bits);
  if (!read.ok) throw new Error(read.error.message);
  return read.value;
};

describe('a header', () => {
  test('of the first block of Bitcoin has its hash', () => {
    expect(headerId(BITCOIN)).toBe('000000000019d6689c085ae165831e934ff763ae46a2a6c172b3f1b60a8ce26f');
    expect(numberOf(headerId(BITCOIN)) <= target(BITCOIN.bits)).toBe(true);
    expect(headerId({ ...BITCOIN, nonce: 0 })).not.toMatch(/^00/);
  });

  test('is 80 bytes, little-endian', () => {
    const bytes = encodeHeader(BITCOIN);
    expect(bytes.length).toBe(HEADER_BYTES);
    expect(toHex(bytes)).toMatch(/^01000000(00){32}3ba3edfd.*4b1e5e4a29ab5f49ffff001d1dac2b7c$/);
  });

  test('names its parent by the id that is shown', () => {
    const parent = headerId(BITCOIN);
    expect(toHex(encodeHeader({ ...BITCOIN, parent }))).toContain(toHex(fromHex(parent).reverse()));
  });

  test('is what its bytes say', () => {
    const id = fc.uint8Array({ minLength: 32, maxLength: 32 }).map(toHash);
    const field = fc.nat(2 ** 32 - 1);
    const record = fc.record({ version: field, parent: id, root: id, time: field, bits: field, nonce: field });
    fc.assert(
      fc.property(record, (header) => {
        expect(decodeHeader(encodeHeader(header))).toEqual(header);
      }),
    );
    const eighty = fc.uint8Array({ minLength: 80, maxLength: 80 });
    fc.assert(
      fc.property(eighty, (bytes) => {
        expect(encodeHeader(decodeHeader(bytes))).toEqual(bytes);
      }),
    );
  });
});

describe('the search for a nonce', () => {
  const header = encodeHeader({ ...BITCOIN, nonce: 7 });

  test('finds the one of the first block of Bitcoin, and nothing before it', () => {
    const from = BITCOIN.nonce - 100;
    expect(search(header, target(BITCOIN.bits), from, 1000)).toEqual({
      kind: 'found',
      nonce: BITCOIN.nonce,
      hashes: 101,
    });
    expect(search(header, target(BITCOIN.bits), from, 100)).toEqual({ kind: 'exhausted', hashes: 100 });
    expect(toHex(header)).toBe(toHex(encodeHeader({ ...BITCOIN, nonce: 7 })));
  });

  test('ends with the last nonce', () => {
    expect(search(header, 1n, 2 ** 32 - 10, 1000)).toEqual({ kind: 'exhausted', hashes: 10 });
    expect(search(header, 1n, 2 ** 32, 1000)).toEqual({ kind: 'exhausted', hashes: 0 });
  });

  test('takes a hash that equals the target, and none that is one above it', () => {
    const number = numberOf(headerId({ ...BITCOIN, nonce: 5 }));
    expect(search(header, number, 5, 1).kind).toBe('found');
    expect(search(header, number - 1n, 5, 1).kind).toBe('exhausted');
  });

  test('tries as many hashes as the work says, on average', () => {
    const easy = 2n ** 248n - 1n;
    let hashes = 0;
    for (let found = 0, from = 0; found < 40; found++) {
      const searched = search(header, easy, from, 100_000);
      hashes += searched.hashes;
      from += searched.hashes;
    }
    // 40 × 256, within three standard deviations. The nonces are always the same ones.
    expect(hashes).toBeGreaterThan(5400);
    expect(hashes).toBeLessThan(15_100);
  });
});
