import { sha256 as portable } from '@noble/hashes/sha2.js';
import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { InvariantViolation } from '../../src/base/invariant.ts';
import { toHex } from '../../src/codec/hex.ts';
import { installNodeSha256 } from '../../src/crypto/node-sha256.ts';
import { installSha256, portableSha256, sha256, sha256Hash, writeSha256 } from '../../src/crypto/sha256.ts';

describe('SHA-256', () => {
  afterEach(() => installSha256(portableSha256));

  it('the runtime and the portable implementation are the same function', () => {
    installNodeSha256();
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        expect(toHex(sha256(bytes))).toBe(toHex(portable(bytes)));
        expect(sha256Hash(bytes)).toBe(toHex(portable(bytes)));
        const target = new Uint8Array(40);
        writeSha256(bytes, target, 5);
        expect(toHex(target)).toBe(`${'00'.repeat(5)}${toHex(portable(bytes))}${'00'.repeat(3)}`);
      }),
    );
  });

  it('hashes the part of a buffer that it is given', () => {
    installNodeSha256();
    const whole = Uint8Array.of(1, 2, 3, 4);
    expect(toHex(sha256(whole.subarray(1, 3)))).toBe(toHex(portable(Uint8Array.of(2, 3))));
  });

  it.each([
    { wrong: 'digest', candidate: { ...portableSha256, digest: (bytes: Uint8Array) => portable(portable(bytes)) } },
    { wrong: 'text', candidate: { ...portableSha256, hex: (bytes: Uint8Array) => toHex(portable(portable(bytes))) } },
    {
      wrong: 'place',
      candidate: { ...portableSha256, write: (bytes: Uint8Array, to: Uint8Array) => to.set(portable(bytes)) },
    },
  ])('another function, by its $wrong, is not installed', ({ candidate }) => {
    expect(() => installSha256(candidate)).toThrow(InvariantViolation);
    expect(toHex(sha256(new Uint8Array(0)))).toBe(toHex(portable(new Uint8Array(0))));
  });
});
