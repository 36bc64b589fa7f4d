/**
 * Ed25519 with one predicate. A signature (R, S) of a message by the public key A is valid if and only if
 *   - A and R are canonical encodings and not of small order,
 *   - S < L, and
 *   - [S]B = R + [k]A, k = SHA-512(R ‖ A ‖ message), *without* the cofactor.
 * RFC 8032, 5.1.7 leaves the cofactor and small orders to the implementation, and implementations differ; on a chain, one
 * crafted signature on which two nodes differ is a fork. So the predicate is ours, and every backend is held to it
 * (select-ed25519.ts, ed25519-check.ts).
 */
import { getPublicKey, hashes, Point, sign } from '@noble/ed25519';
import { sha512 } from '@noble/hashes/sha2.js';
import { invariant } from '../base/invariant.ts';
import { isWellFormed, SECRET_KEY_BYTES } from './ed25519-encoding.ts';

/** Signing and verifying. Keys are 32 bytes (a secret key is RFC 8032's seed), signatures 64. */
export interface Ed25519 {
  /** Of the implementation, for logs. */
  readonly name: string;
  /** The predicate. Never throws: a key or signature of a wrong length is false. */
  verify(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean;
  /** Deterministic (RFC 8032, 5.1.6). */
  sign(secretKey: Uint8Array, message: Uint8Array): Uint8Array;
  publicKey(secretKey: Uint8Array): Uint8Array;
}

// The library's synchronous functions take their hash from here.
hashes.sha512 = sha512;

/** The portable implementation, also in browsers; the reference that the node's faster ones are compared with. */
export const nobleEd25519: Ed25519 = {
  name: 'noble',

  verify(publicKey, message, signature) {
    if (!isWellFormed(publicKey, signature)) return false;
    const minusA = decodePoint(publicKey)?.negate();
    if (minusA === undefined) return false;
    const k = challenge(publicKey, message, signature);
    const s = littleEndian(signature.subarray(32));
    const r = Point.BASE.multiply(s, false).add(minusA.multiply(k, false)).toBytes();
    return r.every((byte, i) => byte === signature[i]);
  },

  sign(secretKey, message) {
    assertSecretKey(secretKey);
    return sign(message, secretKey);
  },

  publicKey(secretKey) {
    assertSecretKey(secretKey);
    return getPublicKey(secretKey);
  },
};

/** A secret key comes from us, never from a peer: a wrong length is our own bug. */
export function assertSecretKey(secretKey: Uint8Array): void {
  invariant(secretKey.length === SECRET_KEY_BYTES, 'a secret key is 32 bytes', { length: secretKey.length });
}

/** Undefined where the bytes name no point of the curve. */
function decodePoint(bytes: Uint8Array): Point | undefined {
  try {
    return Point.fromBytes(bytes);
  } catch {
    return undefined;
  }
}

function challenge(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): bigint {
  const digest = sha512.create().update(signature.subarray(0, 32)).update(publicKey).update(message).digest();
  return littleEndian(digest) % Point.CURVE().n;
}

function littleEndian(bytes: Uint8Array): bigint {
  return bytes.reduceRight((value, byte) => (value << 8n) | BigInt(byte), 0n);
}
