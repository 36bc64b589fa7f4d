/** Signatures that nobody should make: points of small and mixed order, encodings that are not canonical. */
import { Point } from '@noble/ed25519';
import { sha512 } from '@noble/hashes/sha2.js';
import { fromHex } from '../../src/codec/hex.ts';

const { n, p: P } = Point.CURVE();
/** The order of the base point. */
export const L = n;

const ORDER_8 = Point.fromHex('26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05');

/** [torsion]T with T of order 8; torsion from 0. */
function torsionPoint(torsion: number): Point {
  let point = Point.ZERO;
  for (let i = 0; i < torsion; i++) point = point.add(ORDER_8);
  return point;
}

/** [scalar]B + [torsion]T. */
export const pointOf = (scalar: bigint, torsion: number): Point =>
  Point.BASE.multiply(scalar % L, false).add(torsionPoint(torsion));

/** 32 bytes, little-endian. */
export const encodeScalar = (value: bigint): Uint8Array => fromHex(value.toString(16).padStart(64, '0')).reverse();

export const decodeScalar = (bytes: Uint8Array): bigint =>
  bytes.reduceRight((value, byte) => (value << 8n) | BigInt(byte), 0n);

/** k of RFC 8032, reduced. */
export const challenge = (r: Uint8Array, publicKey: Uint8Array, message: Uint8Array): bigint =>
  decodeScalar(sha512(concat(r, publicKey, message))) % L;

export interface Forgery {
  readonly publicKey: Uint8Array;
  readonly message: Uint8Array;
  readonly signature: Uint8Array;
}

/** A signature with which the equation holds up to torsion, for any encodings of A = [a]B + … and R = [r]B + …. */
export function forge(a: bigint, publicKey: Uint8Array, r: bigint, nonce: Uint8Array, message: Uint8Array): Forgery {
  const s = (r + challenge(nonce, publicKey, message) * a) % L;
  return { publicKey, message, signature: concat(nonce, encodeScalar(s)) };
}

/** Every 32 bytes that some decoder takes for a point of small order: the 8 canonical encodings, and those with y + p or
 *  with a sign where x = 0. */
export function smallOrderEncodings(): Uint8Array[] {
  const encodings: Uint8Array[] = [];
  for (let torsion = 0; torsion < 8; torsion++) {
    const { x, y } = torsionPoint(torsion).toAffine();
    for (const representative of y < 19n ? [y, y + P] : [y]) {
      for (const sign of x === 0n ? [0n, 1n] : [x & 1n]) encodings.push(encodeScalar(representative + (sign << 255n)));
    }
  }
  return encodings;
}

export function concat(...parts: readonly Uint8Array[]): Uint8Array {
  return Uint8Array.from(parts.flatMap((part) => [...part]));
}
