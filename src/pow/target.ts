/**
 * How hard a block is to find. A hash, read as a number, has to be at most the target; the target stands in a header in 32
 * bits, Bitcoin's `nBits`: one byte that says how many bytes the number has, three bytes that it begins with. The highest of
 * those 24 bits is a sign and must not be set.
 */
import { invariant } from '../base/invariant.ts';
import { fail, ok, type Result } from '../base/result.ts';

const TARGET_END = 1n << 256n;
const MANTISSA_BYTES = 3;
const SIGN_BIT = 0x800000;

export interface TargetError {
  readonly code: 'TARGET_NEGATIVE' | 'TARGET_ZERO' | 'TARGET_OVERFLOW' | 'TARGET_NON_CANONICAL';
  readonly message: string;
}

/** The target that these bits say. Stricter than Bitcoin, which lets in more than one form of a number. Errors:
 *  TARGET_NEGATIVE, TARGET_ZERO, TARGET_OVERFLOW (2^256 or more), TARGET_NON_CANONICAL. */
export function targetOf(bits: number): Result<bigint, TargetError> {
  invariant(Number.isInteger(bits) && bits >= 0 && bits <= 0xffffffff, 'bits are 32 bits', { bits });
  const length = bits >>> 24;
  const mantissa = bits & 0xffffff;
  const text = bits.toString(16).padStart(8, '0');
  if ((mantissa & SIGN_BIT) !== 0) return fail('TARGET_NEGATIVE', `${text} is a negative number`);
  const shift = 8n * BigInt(length - MANTISSA_BYTES);
  const target = shift >= 0n ? BigInt(mantissa) << shift : BigInt(mantissa) >> -shift;
  if (target === 0n) return fail('TARGET_ZERO', `${text} is zero: no hash is that small`);
  if (target >= TARGET_END) return fail('TARGET_OVERFLOW', `${text} is longer than a hash`);
  if (bitsOf(target) !== bits) return fail('TARGET_NON_CANONICAL', `${text} has a shorter form`);
  return ok(target);
}

/** The bits that come nearest to a target from below: digits after the first three bytes (or fewer, for the sign) are lost. */
export function bitsOf(target: bigint): number {
  invariant(target > 0n && target < TARGET_END, 'a target is a positive number of 256 bits');
  let length = Math.ceil(target.toString(16).length / 2);
  const shift = 8n * BigInt(length - MANTISSA_BYTES);
  let mantissa = Number(shift >= 0n ? target >> shift : target << -shift);
  if (mantissa >= SIGN_BIT) {
    mantissa >>>= 8;
    length += 1;
  }
  return length * 2 ** 24 + mantissa;
}

/** Hashes that are expected to find a block: one of so many is at most the target. */
export const workOf = (target: bigint): bigint => TARGET_END / (target + 1n);

/** The same of bits that were checked. */
export function workOfBits(bits: number): bigint {
  const target = targetOf(bits);
  invariant(target.ok, 'the bits of a block that was checked are a target', { bits });
  return workOf(target.value);
}

/** The easiest target that takes so much work, or a little more. */
export const targetOfWork = (work: bigint): bigint => TARGET_END / work - 1n;
