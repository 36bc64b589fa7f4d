/**
 * The part of the signature predicate that is seen in the bytes alone: lengths, A and R canonical and not of small order,
 * S below the group order. Libraries disagree about exactly these cases, so every backend that is not known to refuse them
 * all asks here first.
 */
import { fromHex } from '../codec/hex.ts';

export const SECRET_KEY_BYTES = 32;
export const PUBLIC_KEY_BYTES = 32;
export const SIGNATURE_BYTES = 64;

/** y of the eight points whose order divides 8, little-endian. The sign bit of x is not part of y: with it, either the
 *  negated point is meant, also of small order, or, where x = 0, the encoding is not canonical. Refused both ways.
 *  Computed as the multiples of one point of order 8; a test does it again. */
const SMALL_ORDER_Y: readonly Uint8Array[] = [
  '0000000000000000000000000000000000000000000000000000000000000000', // order 4
  '0100000000000000000000000000000000000000000000000000000000000000', // the identity
  '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05', // order 8
  'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a', // order 8
  'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f', // order 2
].map(fromHex);

/** L, the order of the base point, little-endian (RFC 8032, 5.1). */
const GROUP_ORDER = fromHex('edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010');

/** False if the bytes alone make the signature invalid; true says nothing yet about the equation. */
export function isWellFormed(publicKey: Uint8Array, signature: Uint8Array): boolean {
  return (
    publicKey.length === PUBLIC_KEY_BYTES &&
    signature.length === SIGNATURE_BYTES &&
    isPointAdmissible(publicKey) &&
    isPointAdmissible(signature) &&
    isBelowGroupOrder(signature)
  );
}

/** The first 32 bytes: y below p = 2^255 - 19, and not of a point of small order. */
function isPointAdmissible(bytes: Uint8Array): boolean {
  return isCanonical(bytes) && !SMALL_ORDER_Y.some((y) => hasY(bytes, y));
}

function isCanonical(bytes: Uint8Array): boolean {
  if ((at(bytes, 31) & 0x7f) !== 0x7f) return true;
  for (let i = 30; i > 0; i--) if (bytes[i] !== 0xff) return true;
  return at(bytes, 0) < 0xed;
}

function hasY(bytes: Uint8Array, y: Uint8Array): boolean {
  for (let i = 0; i < 31; i++) if (bytes[i] !== y[i]) return false;
  return (at(bytes, 31) & 0x7f) === y[31];
}

/** The last 32 of the signature's 64 bytes. */
function isBelowGroupOrder(signature: Uint8Array): boolean {
  for (let i = 31; i >= 0; i--) {
    const difference = at(signature, 32 + i) - at(GROUP_ORDER, i);
    if (difference !== 0) return difference < 0;
  }
  return false;
}

const at = (bytes: Uint8Array, index: number): number => bytes[index] as number;
