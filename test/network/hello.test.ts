import { describe, expect, test } from 'vitest';
import { hash } from '../../src/base/brand.ts';
import { toHex } from '../../src/codec/hex.ts';
import { helloCodec, PROTOCOL_VERSION, readHello } from '../../src/network/hello.ts';

const CHAIN = hash('ab'.repeat(32));
const HELLO = { version: PROTOCOL_VERSION, chainId: CHAIN, incarnation: new Uint8Array(16).fill(7) };
const encoded = helloCodec.encode(HELLO);

describe('HELLO', () => {
  test('is version, chain id and incarnation', () => {
    expect(toHex(encoded)).toBe(`0100${'ab'.repeat(32)}${'07'.repeat(16)}`);
    expect(readHello(encoded, CHAIN)).toEqual({ ok: true, value: HELLO });
  });

  test.each([
    ['of another chain', helloCodec.encode({ ...HELLO, chainId: hash('cd'.repeat(32)) }), 'WRONG_CHAIN'],
    ['of another version', helloCodec.encode({ ...HELLO, version: 2 }), 'WRONG_VERSION'],
    ['of another version, with another shape', Uint8Array.of(0, 2, 1), 'WRONG_VERSION'],
    ['without a version', Uint8Array.of(1), 'HELLO_MALFORMED'],
    ['cut short', encoded.subarray(0, 49), 'HELLO_MALFORMED'],
    ['with more behind', Uint8Array.of(...encoded, 0), 'HELLO_MALFORMED'],
  ])('%s is refused', (_, bytes, code) => {
    expect(readHello(bytes, CHAIN)).toMatchObject({ ok: false, error: { code } });
  });
});
