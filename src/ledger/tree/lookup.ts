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
import { compare32, DIGITS, type NodeKey, nibbleAt, nodeKeyText, ROOT_PATH } from './path.ts';

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
 *  without them: whoever fetches them and asks again until there are none has all that a lookup, proof or update needs. */
export function nodesToFetch(source: NodeSource, version: Height, keyHashes: Iterable<Uint8Array>): NodeToFetch[] {
  const toFetch = new Map<string, NodeToFetch>();
  for (const keyHash of keyHashes) {
    let key: NodeKey = { version, path: ROOT_PATH };
    let parent: TreeNode | undefined;
    for (;;) {
      const node = source.get(key);
      if (node === undefined) {
        const text = nodeKeyText(key);
        if (!toFetch.has(text)) toFetch.set(text, { key, hash: parent && childHash(parent, key) });
        break;
      }
      const child = childOn(node, key, keyHash);
      if (child === undefined) break;
      parent = node;
      key = child;
    }
  }
  return [...toFetch.values()];
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
