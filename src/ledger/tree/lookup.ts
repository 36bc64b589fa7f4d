/** Reading the tree as of a version, and saying which nodes that needs. */
import type { Height } from '../../base/brand.ts';
import { type Coded, fail, ok, type Result } from '../../base/result.ts';
import { HASH_BYTES, LEAF_BYTES } from './hashing.ts';
import {
  bytesBeforeLeaves,
  CHILD,
  kindOf,
  type NodeSource,
  readVersion,
  slotAt,
  type TreeNode,
  VERSION_BYTES,
} from './node.ts';
import { compare32, DIGITS, type NodeKey, nibbleAt, ROOT_PATH } from './path.ts';
import { inOrder } from './sorted-changes.ts';

/** The source has not this node: it was not fetched yet, or this version is pruned. */
export interface MissingNode extends Coded<'NODE_MISSING'> {
  readonly key: NodeKey;
}

export const missing = (key: NodeKey): { readonly ok: false; readonly error: MissingNode } => {
  const { error } = fail('NODE_MISSING', `the node at '${key.path}' of version ${key.version} is not here`);
  return { ok: false, error: { ...error, key } };
};

/** SHA-256 of the value that the key, given by its SHA-256, has in this version; undefined where it has none.
 *  Error: NODE_MISSING. */
export function lookUp(
  source: NodeSource,
  version: Height,
  keyHash: Uint8Array,
): Result<Uint8Array | undefined, MissingNode> {
  let key: NodeKey = { version, path: ROOT_PATH };
  for (;;) {
    const node = source.get(key);
    if (node === undefined) return missing(key);
    const child = childOn(node, key, keyHash);
    if (child !== undefined) key = child;
    else return ok(valueIn(node, key.path.length, keyHash));
  }
}

export interface NodeToFetch {
  readonly key: NodeKey;
  /** What its parent says that it is hashed to; undefined of the root. */
  readonly hash: Uint8Array | undefined;
}

/** The nodes on the paths to these keys, given by their SHA-256, that the source does not have, as far as can be told
 *  without them: whoever fetches them and asks again until there are none has all that a lookup, proof or update needs. Each node
 *  is looked at once, however many keys lie below it. */
export function nodesToFetch(source: NodeSource, version: Height, keyHashes: readonly Uint8Array[]): NodeToFetch[] {
  const sorted = Array.from(inOrder(keyHashes), (position) => keyHashes[position] as Uint8Array);
  const toFetch: NodeToFetch[] = [];
  /** The node at `key`, a child of `parent`, with the keys from `first` up to `end` below it. */
  const walk = (key: NodeKey, parent: TreeNode | undefined, first: number, end: number): void => {
    const node = source.get(key);
    if (node === undefined) return void toFetch.push({ key, hash: parent && childHash(parent, key) });
    const depth = key.path.length;
    for (let from = first; from < end; ) {
      const keyHash = sorted[from] as Uint8Array;
      const slot = nibbleAt(keyHash, 0, depth);
      let to = from + 1;
      while (to < end && nibbleAt(sorted[to] as Uint8Array, 0, depth) === slot) to++;
      const child = childOn(node, key, keyHash);
      if (child !== undefined) walk(child, node, from, to);
      from = to;
    }
  };
  // The root is needed whatever changes: each version has its own.
  walk({ version, path: ROOT_PATH }, undefined, 0, sorted.length);
  return toFetch;
}

function childHash(parent: TreeNode, { path }: NodeKey): Uint8Array {
  const at = slotAt(parent, Number.parseInt(path.slice(-1), 16)) + VERSION_BYTES;
  return parent.slice(at, at + HASH_BYTES);
}

/** The child of this node on the way to the key, if there is one. */
export function childOn(node: TreeNode, { path }: NodeKey, keyHash: Uint8Array): NodeKey | undefined {
  const slot = nibbleAt(keyHash, 0, path.length);
  if (kindOf(node, slot) !== CHILD) return undefined;
  return { version: readVersion(node, slotAt(node, slot)) as Height, path: path + DIGITS.charAt(slot) };
}

function valueIn(node: TreeNode, depth: number, keyHash: Uint8Array): Uint8Array | undefined {
  const slot = nibbleAt(keyHash, 0, depth);
  const kind = kindOf(node, slot);
  const from = slotAt(node, slot) + bytesBeforeLeaves(kind);
  const end = from + kind * LEAF_BYTES;
  for (let at = from; at < end; at += LEAF_BYTES) {
    if (compare32(node, at, keyHash, 0) === 0) return node.slice(at + HASH_BYTES, at + LEAF_BYTES);
  }
  return undefined;
}
