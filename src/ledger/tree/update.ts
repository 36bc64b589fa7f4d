/**
 * The changes of one block make the next version of the tree. All of them are done in one walk from the root, which goes only
 * where something changes, and computes each hash once, on the way back. Old nodes stay as they are: the new version has nodes of
 * its own along the paths to what changed, and shares all others with the version before.
 *
 * Source: Gao, Hu & Wu, "Jellyfish Merkle Tree" (2021), sections 3 and 4. Differs: leaves lie in the slots of nodes (node.ts says
 * when), and each version has a root node of its own, even where nothing changed, so that its key follows from the version.
 */
import type { Hash, Height } from '../../base/brand.ts';
import { invariant, present } from '../../base/invariant.ts';
import { toHash } from '../../codec/hex.ts';
import { INLINE_LEAVES_MAX } from '../limits.ts';
import { Arena } from './arena.ts';
import { differenceFrom } from './difference.ts';
import { EMPTY_TREE_ROOT, HASH_BYTES, LEAF_BYTES } from './hashing.ts';
import { CHILD, type Difference, type StoredNodes, type TreeNode } from './node.ts';
import { compare32, DIGITS, type NodeKey, nibbleAt, ROOT_PATH } from './path.ts';
import { type LeafChange, SortedChanges } from './sorted-changes.ts';
import { TOP, WorkingNode } from './working-node.ts';

export interface TreeUpdate {
  readonly root: Hash;
  /** To be stored with the block. The bytes are views of a few buffers that all nodes of the update share: a cache that keeps
   *  some of them for long keeps copies. */
  readonly nodes: readonly NewNode[];
  /** Of earlier versions, in whatever way they are stored: nodes that are not part of this one and of none to come, unless a node that
   *  is part of it is stored as a difference from them; and such bases that are needed no more. */
  readonly stale: readonly NodeKey[];
}

export interface NewNode {
  readonly key: NodeKey;
  readonly bytes: TreeNode;
  /** What it is stored as; undefined where it is stored whole. */
  readonly difference: Difference | undefined;
}

/** The version to make, and the one that it is made from; undefined for the first, which begins with the empty tree. */
export interface Versions {
  readonly from: Height | undefined;
  readonly to: Height;
}

/**
 * Changes each key at most once, in any order: `value` undefined deletes it, and it may be absent before.
 * Throws InvariantViolation where a node is not in the source: all nodes on the paths to the changed keys have to be there.
 */
export function updateTree(source: StoredNodes, { from, to }: Versions, changes: readonly LeafChange[]): TreeUpdate {
  invariant(from === undefined || from < to, 'versions rise', { from, to });
  return new Update(source, to, new SortedChanges(changes)).run(from);
}

class Update {
  readonly #source: StoredNodes;
  readonly #version: Height;
  readonly #changes: SortedChanges;
  readonly #nodes: NewNode[] = [];
  readonly #stale: NodeKey[] = [];
  readonly #arena = new Arena();
  /** Leaves on their way into a slot: what it has, and as many changes. */
  readonly #merged = new Uint8Array(2 * INLINE_LEAVES_MAX * LEAF_BYTES);

  constructor(source: StoredNodes, version: Height, changes: SortedChanges) {
    this.#source = source;
    this.#version = version;
    this.#changes = changes;
  }

  run(from: Height | undefined): TreeUpdate {
    const root = workingAt(0);
    const before = from === undefined ? undefined : { version: from, path: ROOT_PATH };
    if (before === undefined) root.clear();
    else this.#load(root, before);
    this.#changeNode(root, ROOT_PATH, 0, this.#changes.count);
    const fill = root.computeHash(TOP, 0);
    this.#emit(root, ROOT_PATH, before);
    const at = TOP * HASH_BYTES;
    return {
      root: fill === 0 ? EMPTY_TREE_ROOT : toHash(root.hashes.subarray(at, at + HASH_BYTES)),
      nodes: this.#nodes,
      stale: this.#stale,
    };
  }

  /** Applies the changes from `first` up to `end`, all of them below this node. Returns whether there was one that changed it. */
  #changeNode(node: WorkingNode, path: string, first: number, end: number): boolean {
    const { leaves } = this.#changes;
    let isChanged = false;
    for (let from = first; from < end; ) {
      const slot = nibbleAt(leaves, from * LEAF_BYTES, path.length);
      let to = from + 1;
      while (to < end && nibbleAt(leaves, to * LEAF_BYTES, path.length) === slot) to++;
      if (this.#changeSlot(node, path, slot, from, to)) isChanged = true;
      from = to;
    }
    return isChanged;
  }

  #changeSlot(node: WorkingNode, path: string, slot: number, first: number, end: number): boolean {
    if (node.kind(slot) !== CHILD) {
      const count = this.#mergeIntoSlot(node, slot, first, end);
      if (count !== TOO_MANY) return count !== UNCHANGED;
    }
    const childPath = path + DIGITS.charAt(slot);
    const child = workingAt(childPath.length);
    let replaced: NodeKey | undefined;
    if (node.kind(slot) === CHILD) {
      replaced = { version: node.childVersion(slot) as Height, path: childPath };
      this.#load(child, replaced);
    } else {
      moveLeaves(node, slot, child, childPath.length);
    }
    if (!this.#changeNode(child, childPath, first, end)) return false;
    this.#settle(node, slot, child, childPath, replaced);
    return true;
  }

  /** Where the slot has only leaves, and has room for those after the changes: makes them. Returns how many there are then. */
  #mergeIntoSlot(node: WorkingNode, slot: number, first: number, end: number): number {
    if (end - first > INLINE_LEAVES_MAX) return TOO_MANY;
    const { leaves, isDeleted } = this.#changes;
    const old = node.slotIn(slot);
    let at = node.leavesAt(slot);
    const oldEnd = at + node.kind(slot) * LEAF_BYTES;
    let bytes = 0;
    let isChanged = false;
    for (let change = first; change < end; change++) {
      const changeAt = change * LEAF_BYTES;
      let order = -1;
      while (at < oldEnd && (order = compare32(old, at, leaves, changeAt)) < 0) {
        bytes = this.#mergeLeaf(old, at, bytes);
        at += LEAF_BYTES;
      }
      const isThere = at < oldEnd && order === 0;
      if (isDeleted[change] === 1) {
        if (isThere) isChanged = true;
      } else {
        if (!isThere || compare32(old, at + HASH_BYTES, leaves, changeAt + HASH_BYTES) !== 0) isChanged = true;
        bytes = this.#mergeLeaf(leaves, changeAt, bytes);
      }
      if (isThere) at += LEAF_BYTES;
    }
    for (; at < oldEnd; at += LEAF_BYTES) bytes = this.#mergeLeaf(old, at, bytes);
    const count = bytes / LEAF_BYTES;
    if (count > INLINE_LEAVES_MAX) return TOO_MANY;
    if (!isChanged) return UNCHANGED;
    node.setLeaves(slot, this.#merged, 0, count);
    return count;
  }

  #mergeLeaf(source: Uint8Array, at: number, to: number): number {
    for (let i = 0; i < LEAF_BYTES; i++) this.#merged[to + i] = source[at + i] as number;
    return to + LEAF_BYTES;
  }

  /** Puts a changed child into its slot: its leaves, where these are few enough, or what says where it is. */
  #settle(node: WorkingNode, slot: number, child: WorkingNode, path: string, replaced: NodeKey | undefined): void {
    const count = child.leafCount();
    if (count <= INLINE_LEAVES_MAX) {
      if (replaced !== undefined) this.#replace(replaced, this.#source.differenceOf(replaced), undefined);
      child.copyLeaves(this.#merged);
      node.setLeaves(slot, this.#merged, 0, count);
      return;
    }
    child.computeHash(TOP, path.length);
    this.#emit(child, path, replaced);
    node.setChild(slot, this.#version, child);
  }

  #load(node: WorkingNode, key: NodeKey): void {
    node.load(present(this.#source.get(key), `the node at '${key.path}' of version ${key.version}`));
  }

  #emit(node: WorkingNode, path: string, replaced: NodeKey | undefined): void {
    const bytes = this.#arena.take(node.byteLength());
    node.encode(bytes);
    let difference: Difference | undefined;
    if (replaced !== undefined) {
      const before = this.#source.differenceOf(replaced);
      difference = differenceFrom({ key: replaced, difference: before }, node.changed, bytes);
      this.#replace(replaced, before, difference);
    }
    this.#nodes.push({ key: { version: this.#version, path }, bytes: bytes as TreeNode, difference });
  }

  /** Of the version that was replaced, and of its base, what the next one is not stored on is stale. */
  #replace(replaced: NodeKey, before: Difference | undefined, next: Difference | undefined): void {
    if (next?.base !== replaced.version) this.#stale.push(replaced);
    if (before !== undefined && next === undefined) this.#stale.push({ version: before.base, path: replaced.path });
  }
}

/** One for each depth that a walk has reached. Walks are synchronous and one at a time, and leave nothing in them. */
const working: WorkingNode[] = [];

function workingAt(depth: number): WorkingNode {
  const node = working[depth] ?? new WorkingNode();
  working[depth] = node;
  return node;
}

/** What becomes of a slot beside a number of leaves. */
const TOO_MANY = -1;
const UNCHANGED = -2;

/** Leaves of a slot become those of a child, a new one. */
function moveLeaves(node: WorkingNode, slot: number, child: WorkingNode, depth: number): void {
  invariant(depth < 2 * HASH_BYTES, 'two keys differ in a nibble', { depth });
  child.clear();
  const [source, at] = [node.slotIn(slot), node.leavesAt(slot)];
  const count = node.kind(slot);
  for (let first = 0; first < count; ) {
    const nibble = nibbleAt(source, at + first * LEAF_BYTES, depth);
    let end = first + 1;
    while (end < count && nibbleAt(source, at + end * LEAF_BYTES, depth) === nibble) end++;
    child.setLeaves(nibble, source, at + first * LEAF_BYTES, end - first);
    first = end;
  }
}
