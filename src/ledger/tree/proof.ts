/** Proofs of what a key has in a version of the tree, or that it has nothing. */
import type { Height } from '../../base/brand.ts';
import { ok, type Result } from '../../base/result.ts';
import { EMPTY_SUBTREE, HASH_BYTES, LEAF_BYTES, leavesOnTheLeft, writeLeavesHash } from './hashing.ts';
import { childOn, type MissingNode, missing } from './lookup.ts';
import type { NodeSource } from './node.ts';
import { bitAt, compare32, type NodeKey, ROOT_PATH } from './path.ts';
import { FIRST_SLOT, TOP, WorkingNode } from './working-node.ts';

/**
 * The way from the root along the bits of a key, down to a subtree with one leaf or none.
 * `key`: the leaf is the key's. `other`: it is another key's, so that this key is absent. `none`: there is none.
 */
export interface TreeProof {
  /** Hashes beside the way, the root's child first; EMPTY_SUBTREE where there is no leaf. */
  readonly siblings: readonly Uint8Array[];
  readonly end: ProofEnd;
}

export type ProofEnd =
  | { readonly kind: 'key' }
  | { readonly kind: 'none' }
  /** SHA-256 of the other key and of its value. */
  | { readonly kind: 'other'; readonly key: Uint8Array; readonly value: Uint8Array };

/** Proves what the key, given by its SHA-256, has in this version. Error: NODE_MISSING. */
export function proveKey(source: NodeSource, version: Height, keyHash: Uint8Array): Result<TreeProof, MissingNode> {
  const siblings: Uint8Array[] = [];
  const working = new WorkingNode();
  let key: NodeKey = { version, path: ROOT_PATH };
  for (;;) {
    const node = source.get(key);
    if (node === undefined) return missing(key);
    working.load(node);
    const position = descend(working, key.path.length, keyHash, siblings);
    const child = position < FIRST_SLOT ? undefined : childOn(node, key, keyHash);
    if (child === undefined) return ok({ siblings, end: endAt(working, position, key.path.length, keyHash, siblings) });
    key = child;
  }
}

/** Goes down within one node, as far as there are several leaves below, and collects the siblings. Returns the position reached. */
function descend(node: WorkingNode, depth: number, keyHash: Uint8Array, siblings: Uint8Array[]): number {
  let position = TOP;
  for (let bit = 4 * depth; position < FIRST_SLOT && node.fillOf(position) === 2; bit++) {
    const next = 2 * position + bitAt(keyHash, 0, bit);
    const sibling = next ^ 1;
    const isEmpty = node.computeHash(sibling, depth) === 0;
    siblings.push(isEmpty ? EMPTY_SUBTREE : node.hashes.slice(sibling * HASH_BYTES, (sibling + 1) * HASH_BYTES));
    position = next;
  }
  return position;
}

/** Goes on among the leaves below the position, none of which has a node of its own. */
function endAt(
  node: WorkingNode,
  position: number,
  depth: number,
  keyHash: Uint8Array,
  siblings: Uint8Array[],
): ProofEnd {
  if (node.fillOf(position) === 0) return { kind: 'none' };
  const slot = node.slotBelow(position);
  const leaves = node.slotIn(slot);
  let at = node.leavesAt(slot);
  let count = node.kind(slot);
  // Above the slots there is one leaf at most; in a slot there may be several.
  for (let bit = 4 * (depth + 1); count > 1; bit++) {
    const left = leavesOnTheLeft(leaves, at, count, bit);
    const split = at + left * LEAF_BYTES;
    const isRight = bitAt(keyHash, 0, bit) === 1;
    const sibling = new Uint8Array(HASH_BYTES);
    if (isRight) writeLeavesHash(leaves, at, left, bit + 1, sibling, 0);
    else writeLeavesHash(leaves, split, count - left, bit + 1, sibling, 0);
    siblings.push(sibling);
    if (isRight) at = split;
    count = isRight ? count - left : left;
  }
  if (count === 0) return { kind: 'none' };
  if (compare32(leaves, at, keyHash, 0) === 0) return { kind: 'key' };
  const middle = at + HASH_BYTES;
  return { kind: 'other', key: leaves.slice(at, middle), value: leaves.slice(middle, at + LEAF_BYTES) };
}
