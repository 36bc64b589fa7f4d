/**
 * Where things stand in the tree. A key of the state becomes 32 bytes, its SHA-256, whose bits lead from the root to its leaf. A
 * node of the tree covers four of these bits, a nibble; so the path to a node is a row of nibbles, and its text is in
 * hexadecimal digits.
 */
import type { Height } from '../../base/brand.ts';
import { invariant } from '../../base/invariant.ts';
import { type Coded, fail, ok, type Result } from '../../base/result.ts';
import { NODE_PATH_MAX, TREE_VERSION_MAX } from '../limits.ts';

/** Under what a node is stored. No node is ever changed: the next version of it has another key. */
export interface NodeKey {
  /** Height of the block that made the node. */
  readonly version: Height;
  /** Nibbles from the root, a hexadecimal digit each. */
  readonly path: string;
}

export const ROOT_PATH = '';
export const DIGITS = '0123456789abcdef';
const VERSION_DIGITS = 12;
const KEY_TEXT = new RegExp(`^[0-9a-f]{${VERSION_DIGITS},${VERSION_DIGITS + NODE_PATH_MAX}}$`);

/** Nibble number `depth` of the 32 bytes at `at`. */
export function nibbleAt(bytes: Uint8Array, at: number, depth: number): number {
  const byte = bytes[at + (depth >>> 1)] as number;
  return (depth & 1) === 0 ? byte >>> 4 : byte & 15;
}

/** Bit number `bit` of the 32 bytes at `at`, the most significant of a byte first. */
export const bitAt = (bytes: Uint8Array, at: number, bit: number): number =>
  ((bytes[at + (bit >>> 3)] as number) >>> (7 - (bit & 7))) & 1;

/** Less than 0, 0 or more than 0 as the 32 bytes at `at` stand before, are, or stand after those at `otherAt`. */
export function compare32(bytes: Uint8Array, at: number, other: Uint8Array, otherAt: number): number {
  for (let i = 0; i < 32; i++) {
    const difference = (bytes[at + i] as number) - (other[otherAt + i] as number);
    if (difference !== 0) return difference;
  }
  return 0;
}

/** Key of the node in a store. The version comes first: what a block writes stands together, which is cheap for a
 *  log-structured store. (The idea is the Jellyfish Merkle tree's; Gao, Hu & Wu 2021, section 3.) */
export function nodeKeyText({ version, path }: NodeKey): string {
  invariant(version <= TREE_VERSION_MAX && path.length <= NODE_PATH_MAX, 'a node has a place', { version, path });
  return version.toString(16).padStart(VERSION_DIGITS, '0') + path;
}

/** Error: MALFORMED. */
export function parseNodeKey(text: string): Result<NodeKey, Coded<'MALFORMED'>> {
  if (!KEY_TEXT.test(text)) return fail('MALFORMED', 'a key of a node is a version and a path, in hexadecimal digits');
  return ok({
    version: Number.parseInt(text.slice(0, VERSION_DIGITS), 16) as Height,
    path: text.slice(VERSION_DIGITS),
  });
}
