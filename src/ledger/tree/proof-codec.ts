/**
 * The bytes of a proof, each bit of which matters:
 *
 *   1 byte     what it ends with: 0 the key's leaf, 1 nothing, 2 another leaf
 *   2 bytes    number of siblings, the high byte first
 *   then a bit for each sibling, the first in the highest bit: 1 where there is a hash, 0 for an empty subtree; zeros fill the byte
 *   32 each    those hashes, in order
 *   64 bytes   the other leaf, if it ends with one: SHA-256 of its key, SHA-256 of its value
 */
import { type Coded, fail, ok, type Result } from '../../base/result.ts';
import { PROOF_SIBLINGS_MAX } from '../limits.ts';
import { EMPTY_SUBTREE, HASH_BYTES, LEAF_BYTES } from './hashing.ts';
import { bitAt, compare32 } from './path.ts';
import type { ProofEnd, TreeProof } from './proof.ts';

const ENDS: readonly ProofEnd['kind'][] = ['key', 'none', 'other'];
const HEAD_BYTES = 3;
/** The longest: a hash for each bit, and the other leaf. */
export const PROOF_BYTES_MAX: number =
  HEAD_BYTES + PROOF_SIBLINGS_MAX / 8 + PROOF_SIBLINGS_MAX * HASH_BYTES + LEAF_BYTES;

export type ProofCodecError = Coded<'TOO_LARGE' | 'MALFORMED' | 'NON_CANONICAL'>;

export function encodeTreeProof({ siblings, end }: TreeProof): Uint8Array {
  const full = siblings.filter((sibling) => !isEmpty(sibling));
  const bitmapBytes = Math.ceil(siblings.length / 8);
  const leafBytes = end.kind === 'other' ? LEAF_BYTES : 0;
  const bytes = new Uint8Array(HEAD_BYTES + bitmapBytes + full.length * HASH_BYTES + leafBytes);
  bytes[0] = ENDS.indexOf(end.kind);
  bytes[1] = siblings.length >>> 8;
  bytes[2] = siblings.length & 255;
  for (const [i, sibling] of siblings.entries()) {
    const at = HEAD_BYTES + (i >>> 3);
    if (!isEmpty(sibling)) bytes[at] = (bytes[at] as number) | (128 >>> (i & 7));
  }
  let at = HEAD_BYTES + bitmapBytes;
  for (const sibling of full) {
    bytes.set(sibling, at);
    at += HASH_BYTES;
  }
  if (end.kind === 'other') {
    bytes.set(end.key, at);
    bytes.set(end.value, at + HASH_BYTES);
  }
  return bytes;
}

/** Errors: TOO_LARGE, MALFORMED, NON_CANONICAL (an empty subtree written as a hash, or bits of no sibling). */
export function decodeTreeProof(bytes: Uint8Array): Result<TreeProof, ProofCodecError> {
  if (bytes.length > PROOF_BYTES_MAX) return fail('TOO_LARGE', `a proof of ${bytes.length} bytes`);
  if (bytes.length < HEAD_BYTES) return fail('MALFORMED', 'a proof begins with its end and its length');
  const kind = ENDS[bytes[0] as number];
  if (kind === undefined) return fail('MALFORMED', 'a proof ends with a leaf, nothing or another leaf');
  const count = (bytes[1] as number) * 256 + (bytes[2] as number);
  if (count > PROOF_SIBLINGS_MAX) return fail('MALFORMED', `a proof of ${count} siblings`);
  const bitmap = bytes.subarray(HEAD_BYTES, HEAD_BYTES + Math.ceil(count / 8));
  if (bitmap.length < Math.ceil(count / 8)) return fail('MALFORMED', 'a proof ends before its bits do');
  let at = HEAD_BYTES + bitmap.length;
  const siblings: Uint8Array[] = [];
  for (let bit = 0; bit < 8 * bitmap.length; bit++) {
    const isFull = bitAt(bitmap, 0, bit) === 1;
    if (bit >= count && isFull) return fail('NON_CANONICAL', 'a bit belongs to no sibling');
    if (bit >= count) continue;
    const sibling = isFull ? bytes.slice(at, at + HASH_BYTES) : EMPTY_SUBTREE;
    if (isFull && isEmpty(sibling)) return fail('NON_CANONICAL', 'an empty subtree is a bit, not a hash');
    if (isFull) at += HASH_BYTES;
    siblings.push(sibling);
  }
  // That also tells of siblings that the bytes were too few for.
  if (bytes.length !== at + (kind === 'other' ? LEAF_BYTES : 0)) {
    return fail('MALFORMED', 'a proof has exactly the bytes that it announces');
  }
  if (kind !== 'other') return ok({ siblings, end: { kind } });
  const middle = at + HASH_BYTES;
  return ok({ siblings, end: { kind, key: bytes.slice(at, middle), value: bytes.slice(middle) } });
}

const isEmpty = (sibling: Uint8Array): boolean => compare32(sibling, 0, EMPTY_SUBTREE, 0) === 0;
