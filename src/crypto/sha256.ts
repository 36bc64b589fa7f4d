/**
 * SHA-256 (FIPS 180-4). The portable implementation is the default; a node installs its runtime's, which is faster and
 * computes the same function (`installSha256` checks the standard's examples first).
 */
import { sha256 as noble } from '@noble/hashes/sha2.js';
import type { Hash } from '../base/brand.ts';
import { invariant } from '../base/invariant.ts';
import { toHex } from '../codec/hex.ts';

/** One function, with its digest of 32 bytes in two forms, because a runtime may have a shorter way to either. */
export interface Sha256 {
  digest(bytes: Uint8Array): Uint8Array;
  /** Lower-case hexadecimal. */
  hex(bytes: Uint8Array): string;
  /** Writes the digest into `target` from `at`. For whoever hashes thousands in a row: no array is made for each. */
  write(bytes: Uint8Array, target: Uint8Array, at: number): void;
}

export const portableSha256: Sha256 = {
  digest: noble,
  hex: (bytes) => toHex(noble(bytes)),
  write: (bytes, target, at) => target.set(noble(bytes), at),
};

let implementation = portableSha256;

/** Digest, 32 bytes. */
export const sha256 = (bytes: Uint8Array): Uint8Array => implementation.digest(bytes);

/** Digest as a Hash. */
export const sha256Hash = (bytes: Uint8Array): Hash => implementation.hex(bytes) as Hash;

/** Writes the digest, 32 bytes, into `target` from `at`. */
export const writeSha256 = (bytes: Uint8Array, target: Uint8Array, at: number): void =>
  implementation.write(bytes, target, at);

export const installedSha256 = (): Sha256 => implementation;

/** Replaces the implementation, after checking it on two examples of FIPS 180-4. */
export function installSha256(candidate: Sha256): void {
  const examples: readonly (readonly [string, string])[] = [
    ['', 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'],
    ['abc', 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad'],
  ];
  for (const [text, digest] of examples) {
    const bytes = Uint8Array.from(text, (character) => character.charCodeAt(0));
    const written = new Uint8Array(33);
    candidate.write(bytes, written, 1);
    const isRight = toHex(candidate.digest(bytes)) === digest && candidate.hex(bytes) === digest;
    invariant(isRight && toHex(written.subarray(1)) === digest, 'what is installed computes SHA-256', { text });
  }
  implementation = candidate;
}
