import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { InvariantViolation } from '../../src/base/invariant.ts';
import { fromHex, parseHex, toHex } from '../../src/codec/hex.ts';

describe('hexadecimal text', () => {
  it('is what the runtime makes of the bytes, and back, at every length', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => {
        expect(toHex(bytes)).toBe(Buffer.from(bytes).toString('hex'));
        expect(fromHex(toHex(bytes))).toEqual(bytes);
      }),
    );
  });

  it('of one value is not that of the value before it', () => {
    const [first, second] = [new Uint8Array(32).fill(1), new Uint8Array(32).fill(2)];
    expect([toHex(first), toHex(second)]).toEqual(['01'.repeat(32), '02'.repeat(32)]);
  });

  it.each(['0', 'xy', '0g', ' 00', '0x00'])('is not %j', (text) => {
    expect(parseHex(text)).toBeUndefined();
  });

  it.each(['0', '0g', 'é0', '0\uffff', '/0', ':0', '@0', 'G0', '`0'])('that is known to be right is not %j', (text) => {
    expect(() => fromHex(text)).toThrow(InvariantViolation);
  });
});
