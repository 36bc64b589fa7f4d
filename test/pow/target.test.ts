import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { bitsOf, targetOf, targetOfWork, workOf } from '../../src/pow/target.ts';

describe('bits', () => {
  test.each([
    [0x1d00ffff, 0xffffn << 208n, 'of the first block of Bitcoin'],
    [0x1b0404cb, 0x0404cbn << 192n, ''],
    [0x05009234, 0x92340000n, 'with a zero, so that the highest bit is no sign'],
    [0x01120000, 0x12n, 'one byte'],
    [0x02008000, 0x80n, 'one byte with a zero before it'],
    [0x207fffff, 0x7fffffn << 232n, 'the easiest that Bitcoin has, in its tests'],
    [0x2100ffff, 0xffffn << 240n, 'the longest'],
  ])('%i is a target and the other way round', (bits, target) => {
    expect(targetOf(bits)).toEqual({ ok: true, value: target });
    expect(bitsOf(target)).toBe(bits);
  });

  test.each([
    [0x04923456, 'TARGET_NEGATIVE'],
    [0x01fedcba, 'TARGET_NEGATIVE'],
    [0x00000000, 'TARGET_ZERO'],
    [0x01003456, 'TARGET_ZERO'],
    [0x1d000000, 'TARGET_ZERO'],
    [0xff123456, 'TARGET_OVERFLOW'],
    [0x21010000, 'TARGET_OVERFLOW'],
    [0x2200ffff, 'TARGET_OVERFLOW'],
    [0x01123456, 'TARGET_NON_CANONICAL'],
    [0x04000012, 'TARGET_NON_CANONICAL'],
    [0x05001234, 'TARGET_NON_CANONICAL'],
  ])('%i is refused with %s', (bits, code) => {
    const target = targetOf(bits);
    expect(target).toMatchObject({ ok: false, error: { code } });
  });

  test('lose digits, never the size: the target is at most what was asked for, and near it', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 1n, max: 2n ** 256n - 1n }), (wanted) => {
        const target = targetOf(bitsOf(wanted));
        expect(target.ok).toBe(true);
        if (!target.ok) return;
        expect(target.value <= wanted).toBe(true);
        expect((wanted - target.value) * 32768n <= wanted).toBe(true);
        expect(bitsOf(target.value)).toBe(bitsOf(wanted));
      }),
    );
  });

  test('that no 32 bits hold are a bug', () => {
    expect(() => targetOf(2 ** 32)).toThrow('32 bits');
    expect(() => bitsOf(0n)).toThrow('positive');
    expect(() => bitsOf(2n ** 256n)).toThrow('256 bits');
  });
});

describe('work', () => {
  test.each([
    [0xffffn << 208n, 4_295_032_833n],
    [2n ** 256n - 1n, 1n],
    [2n ** 255n - 1n, 2n],
  ])('of a target is how many hashes find one', (target, work) => {
    expect(workOf(target)).toBe(work);
  });

  test.each([1n, 2n, 1000n, 2n ** 40n])('of %s has a target', (work) => {
    expect(workOf(targetOfWork(work))).toBe(work);
  });
});
