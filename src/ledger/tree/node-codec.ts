/** The strict way from foreign bytes to a node. Nothing after it checks again; that the hash is the expected one is asked apart,
 *  where the bytes come from a peer. */
import type { Hash } from '../../base/brand.ts';
import { type Coded, fail, ok, type Result } from '../../base/result.ts';
import { equalBytes } from '../../codec/codec.ts';
import { toHash } from '../../codec/hex.ts';
import { INLINE_LEAVES_MAX, NODE_PATH_MAX } from '../limits.ts';
import { EMPTY_SUBTREE, HASH_BYTES, LEAF_BYTES } from './hashing.ts';
import {
  bytesBeforeLeaves,
  bytesBeforeSlots,
  CHILD,
  KINDS_BYTES,
  kindOf,
  NODE_BYTES_MAX,
  readVersion,
  SLOTS,
  slotBytes,
  type TreeNode,
} from './node.ts';
import { compare32, type NodeKey, nibbleAt, ROOT_PATH } from './path.ts';
import { TOP, WorkingNode } from './working-node.ts';

export type NodeError = Coded<'TOO_LARGE' | 'MALFORMED' | 'NON_CANONICAL' | 'WRONG_HASH'>;

/** Errors: TOO_LARGE, MALFORMED (no node, or not one of this place), NON_CANONICAL (the tree would hold it otherwise). */
export function parseNode(key: NodeKey, bytes: Uint8Array): Result<TreeNode, NodeError> {
  if (bytes.length > NODE_BYTES_MAX) return fail('TOO_LARGE', `a node of ${bytes.length} bytes`);
  if (bytes.length < KINDS_BYTES) return fail('MALFORMED', 'a node begins with its kinds of slots');
  if (key.path.length > NODE_PATH_MAX) return fail('MALFORMED', 'a node lies deeper than any key goes');
  let at = bytesBeforeSlots(bytes);
  let leaves = 0;
  for (let slot = 0; slot < SLOTS; slot++) {
    const kind = kindOf(bytes, slot);
    if (kind !== CHILD && kind > INLINE_LEAVES_MAX) return fail('MALFORMED', `slot ${slot} holds ${kind} leaves`);
    if (at + slotBytes(kind) > bytes.length) return fail('MALFORMED', 'a node ends before its slots do');
    const wrong = kind === CHILD ? wrongChild(key, bytes, at) : wrongLeaves(key, bytes, slot, at, kind);
    if (wrong !== undefined) return fail('MALFORMED', wrong);
    leaves += kind === CHILD ? Number.POSITIVE_INFINITY : kind;
    at += slotBytes(kind);
  }
  if (at !== bytes.length) return fail('MALFORMED', 'a node goes on after its slots');
  if (key.path !== ROOT_PATH && leaves <= INLINE_LEAVES_MAX) {
    return fail('NON_CANONICAL', `${leaves} leaves would lie in the slot of the parent`);
  }
  return ok(bytes as TreeNode);
}

function wrongChild(key: NodeKey, bytes: Uint8Array, at: number): string | undefined {
  if (key.path.length === NODE_PATH_MAX) return 'a child lies deeper than any key goes';
  return readVersion(bytes, at) > key.version ? 'a child is of a later version' : undefined;
}

function wrongLeaves(key: NodeKey, bytes: Uint8Array, slot: number, at: number, count: number): string | undefined {
  const { path } = key;
  for (let leaf = 0; leaf < count; leaf++) {
    const leafAt = at + bytesBeforeLeaves(count) + leaf * LEAF_BYTES;
    for (let depth = 0; depth < path.length; depth++) {
      if (nibbleAt(bytes, leafAt, depth) !== Number.parseInt(path.charAt(depth), 16))
        return 'a leaf is of another node';
    }
    if (nibbleAt(bytes, leafAt, path.length) !== slot) return 'a leaf is of another slot';
    if (leaf > 0 && compare32(bytes, leafAt - LEAF_BYTES, bytes, leafAt) >= 0) return 'leaves are not in order';
  }
  return undefined;
}

/** Whether a node, at a depth of so many nibbles, has this hash, and the hashes in it are right: all of them are computed from
 *  leaves and children. Errors: WRONG_HASH. */
export function checkNodeHash(node: TreeNode, depth: number, expected: Uint8Array): Result<void, NodeError> {
  const right = completedNode(node, depth, expected);
  if (!right.ok) return right;
  return equalBytes(right.value, node) ? ok(undefined) : fail('WRONG_HASH', 'a hash in a node is another');
}

/** The node with the hashes in it as they follow from its leaves and children, whatever stood there. Errors: WRONG_HASH, where the
 *  node, at a depth of so many nibbles, has another. */
export function completedNode(node: TreeNode, depth: number, expected: Uint8Array): Result<TreeNode, NodeError> {
  const hashed = hashedAnew(node, depth);
  if (compare32(hashed.hashes, TOP * HASH_BYTES, expected, 0) !== 0)
    return fail('WRONG_HASH', 'a node has another hash');
  const right = new Uint8Array(hashed.byteLength());
  hashed.encode(right);
  return ok(right as TreeNode);
}

/** The root of the tree with this root node. */
export const rootOf = (node: TreeNode): Hash =>
  toHash(hashedAnew(node, 0).hashes.subarray(TOP * HASH_BYTES, (TOP + 1) * HASH_BYTES));

/** Looking at a node is synchronous, and leaves nothing in it. */
const whole = new WorkingNode();

function hashedAnew(node: TreeNode, depth: number): WorkingNode {
  whole.load(node);
  whole.touchAll();
  if (whole.computeHash(TOP, depth) === 0) whole.hashes.set(EMPTY_SUBTREE, TOP * HASH_BYTES);
  return whole;
}
