/**
 * Hashes of a Jellyfish Merkle tree with SHA-256, byte for byte those of the `jmt` crate. To whoever computes them the tree is
 * binary: nodes of sixteen slots are how it is stored, and cannot be seen in a hash.
 *
 *   leaf  = SHA-256("JMT::LeafNode" ‖ SHA-256(key) ‖ SHA-256(value))
 *   inner = SHA-256("JMT::IntrnalNode" ‖ left ‖ right)                  (spelled so)
 *   a subtree without leaves is 32 fixed bytes, a subtree with one leaf is that leaf
 *
 * Everything is written into buffers of the caller, because a block hashes tens of thousands of these.
 */
import type { Hash } from '../../base/brand.ts';
import { toHash } from '../../codec/hex.ts';
import { writeSha256 } from '../../crypto/sha256.ts';
import { bitAt } from './path.ts';

export const HASH_BYTES = 32;
/** Of a leaf: SHA-256 of its key, then SHA-256 of its value. */
export const LEAF_BYTES = 2 * HASH_BYTES;

const ascii = (text: string): Uint8Array => Uint8Array.from(text, (character) => character.charCodeAt(0));

/** Stands for a subtree without leaves. */
export const EMPTY_SUBTREE: Uint8Array = ascii('SPARSE_MERKLE_PLACEHOLDER_HASH__');
/** Root of the tree without leaves. */
export const EMPTY_TREE_ROOT: Hash = toHash(EMPTY_SUBTREE);

const LEAF_DOMAIN = ascii('JMT::LeafNode');
const INNER_DOMAIN = ascii('JMT::IntrnalNode');
/** Hashing is synchronous and keeps nothing of its input, so that one buffer serves all of a kind. */
const leafInput = new Uint8Array(LEAF_DOMAIN.length + LEAF_BYTES);
leafInput.set(LEAF_DOMAIN);
const innerInput = new Uint8Array(INNER_DOMAIN.length + 2 * HASH_BYTES);
innerInput.set(INNER_DOMAIN);

/** Of the leaf whose 64 bytes stand at `at`. */
export function writeLeafHash(source: Uint8Array, at: number, target: Uint8Array, targetAt: number): void {
  // By hand: `set` would need a view, and making one takes longer than this.
  for (let i = 0; i < LEAF_BYTES; i++) leafInput[LEAF_DOMAIN.length + i] = source[at + i] as number;
  writeSha256(leafInput, target, targetAt);
}

/** Of the inner node over two hashes, which stand side by side at `at`. */
export function writeInnerHash(children: Uint8Array, at: number, target: Uint8Array, targetAt: number): void {
  for (let i = 0; i < 2 * HASH_BYTES; i++) innerInput[INNER_DOMAIN.length + i] = children[at + i] as number;
  writeSha256(innerInput, target, targetAt);
}

/** A left and a right hash for each bit of a path: no two calls of `writeLeavesHash` that wait for each other share them. */
const halves = new Uint8Array(8 * HASH_BYTES * 2 * HASH_BYTES);

/** Of the subtree over `count` leaves that stand in order from `at`, and whose keys have their first `bit` bits in common. */
export function writeLeavesHash(
  source: Uint8Array,
  at: number,
  count: number,
  bit: number,
  target: Uint8Array,
  targetAt: number,
): void {
  if (count === 0) {
    target.set(EMPTY_SUBTREE, targetAt);
  } else if (count === 1) {
    writeLeafHash(source, at, target, targetAt);
  } else {
    const left = leavesOnTheLeft(source, at, count, bit);
    const leftAt = bit * 2 * HASH_BYTES;
    const rightAt = leftAt + HASH_BYTES;
    writeLeavesHash(source, at, left, bit + 1, halves, leftAt);
    writeLeavesHash(source, at + left * LEAF_BYTES, count - left, bit + 1, halves, rightAt);
    writeInnerHash(halves, leftAt, target, targetAt);
  }
}

/** Of sorted leaves, how many have a 0 at this bit. */
export function leavesOnTheLeft(source: Uint8Array, at: number, count: number, bit: number): number {
  let left = 0;
  while (left < count && bitAt(source, at + left * LEAF_BYTES, bit) === 0) left++;
  return left;
}
