/**
 * The tree of blocks, and which of its branches is believed: the one with the most work (Nakamoto 2008, section 5, where "the
 * longest chain" means the one with the greatest effort invested in it, section 4). Of equal ones the first that was seen.
 *
 * It knows nothing of what stands in a block. An id is whatever tells blocks apart: hashes where blocks are mined, numbers where
 * a million races are counted. Nothing here is checked but that a parent is here.
 */
import { invariant, present } from '../base/invariant.ts';

/** A block in the tree. */
export interface TreeNode<Id> {
  readonly id: Id;
  /** Null of the root. */
  readonly parent: TreeNode<Id> | null;
  /** Blocks before it, counted from the first block of all. */
  readonly height: number;
  /** Work of it and of all blocks before it, in hashes that were expected to find them. */
  readonly chainWork: bigint;
}

interface Node<Id> extends TreeNode<Id> {
  parent: Node<Id> | null;
  // A list of the children without an array for each block: most have one child.
  firstChild: Node<Id> | null;
  nextSibling: Node<Id> | null;
  readonly bytes: number;
  /** Of it and of all blocks before it. */
  readonly chainBytes: number;
}

export interface TreeLimits {
  /** How many blocks below the tip a branch may begin. */
  readonly depthMax: number;
  /** Blocks in the tree; at least those of two branches that are as deep as may be. */
  readonly blocksMax: number;
  /** Bytes of the blocks that are not on the best branch; at least those of a branch that is as deep as may be. */
  readonly sideBytesMax: number;
}

/** `tip`: it is the best block now. `side`: another one is. `orphan`: its parent is not here. */
export type Added = 'tip' | 'side' | 'known' | 'orphan';

/** The way from one block to another: back to where their branches parted, and on from there. */
export interface Path<Id> {
  /** Newest first. */
  readonly undo: readonly Id[];
  /** Oldest first. */
  readonly redo: readonly Id[];
}

export class BlockTree<Id> {
  readonly #limits: TreeLimits;
  /** In the order in which they found their parent here: first seen, first. */
  readonly #nodes = new Map<Id, Node<Id>>();
  #root: Node<Id>;
  #tip: Node<Id>;
  #bytes = 0;

  /** A tree of its root alone, at height 0 and without work: all branches have what stands before it in common. */
  constructor(root: Id, limits: TreeLimits) {
    invariant(limits.blocksMax >= 2 * (limits.depthMax + 1), 'two branches fit a tree', { ...limits });
    this.#limits = limits;
    this.#root = this.#insert(root, null, 0n, 0);
    this.#tip = this.#root;
  }

  /** The newest block of the best branch. */
  get tip(): TreeNode<Id> {
    return this.#tip;
  }

  /** The oldest block that is here. Every branch begins at it or above it. */
  get root(): TreeNode<Id> {
    return this.#root;
  }

  get size(): number {
    return this.#nodes.size;
  }

  /** Of the blocks that are not on the best branch. */
  get sideBytes(): number {
    return this.#bytes - (this.#tip.chainBytes - this.#root.chainBytes + this.#root.bytes);
  }

  get(id: Id): TreeNode<Id> | undefined {
    return this.#nodes.get(id);
  }

  /** Takes in a block. `work`: of this block alone, positive. `bytes`: of its content, where that is kept beside the tree. */
  add(id: Id, parentId: Id, work: bigint, bytes = 0): Added {
    if (this.#nodes.has(id)) return 'known';
    const parent = this.#nodes.get(parentId);
    if (parent === undefined) return 'orphan';
    const node = this.#insert(id, parent, work, bytes);
    // Not where they are equal: what was seen first stays.
    if (node.chainWork <= this.#tip.chainWork) return 'side';
    this.#tip = node;
    return 'tip';
  }

  /** Takes out a block that proved to be invalid, and all that stand on it. The tip is the best of the others then. Returns the
   *  ids of what is gone, the block itself first. */
  remove(id: Id): readonly Id[] {
    const node = present(this.#nodes.get(id), 'a block to remove');
    const removed = this.#cut(node);
    if (!this.#nodes.has(this.#tip.id)) this.#tip = this.#best();
    return removed;
  }

  /** Forgets what the limits leave no room for: branches that begin too deep below the tip with the blocks before them, and,
   *  where too many blocks or bytes are here, ends of branches, those with the least work first. `newest`: of these it goes last. A branch
   *  comes oldest block first, and while it comes it has less work than it will have in the end. Returns the ids of what is
   *  forgotten. Whoever follows the tip does so first: the way there may lead through what is forgotten. */
  prune(newest?: Id): readonly Id[] {
    const { depthMax, blocksMax, sideBytesMax } = this.#limits;
    const forgotten: Id[] = [];
    while (this.#tip.height - this.#root.height > depthMax) this.#raiseRoot(forgotten);
    while (this.#nodes.size > blocksMax || this.sideBytes > sideBytesMax) {
      const end = this.#worstEnd(newest);
      if (end === undefined) break;
      forgotten.push(...this.#cut(end));
    }
    return forgotten;
  }

  /** The block at this height on the branch that ends in `id`. Undefined where there is none, or it was forgotten. */
  ancestor(id: Id, height: number): TreeNode<Id> | undefined {
    let node = this.#nodes.get(id) ?? null;
    while (node !== null && node.height > height) node = node.parent;
    return node?.height === height ? node : undefined;
  }

  /** The newest block that this one's branch and the best one have in common. */
  fork(id: Id): TreeNode<Id> {
    let left = present(this.#nodes.get(id), 'a block of a branch');
    let right = this.#tip;
    while (left !== right) {
      if (left.height >= right.height) left = present(left.parent, 'a parent above the root');
      else right = present(right.parent, 'a parent above the root');
    }
    return left;
  }

  /** The way from one block to another; both are in the tree. */
  path(from: Id, to: Id): Path<Id> {
    const [undo, redo]: [Id[], Id[]] = [[], []];
    let left = present(this.#nodes.get(from), 'where a path begins');
    let right = present(this.#nodes.get(to), 'where a path ends');
    while (left !== right) {
      if (left.height >= right.height) {
        undo.push(left.id);
        left = present(left.parent, 'a parent above the root');
      } else {
        redo.push(right.id);
        right = present(right.parent, 'a parent above the root');
      }
    }
    return { undo, redo: redo.reverse() };
  }

  #insert(id: Id, parent: Node<Id> | null, work: bigint, bytes: number): Node<Id> {
    const node: Node<Id> = {
      id,
      parent,
      height: parent === null ? 0 : parent.height + 1,
      chainWork: parent === null ? work : parent.chainWork + work,
      firstChild: null,
      nextSibling: parent === null ? null : parent.firstChild,
      bytes,
      chainBytes: parent === null ? bytes : parent.chainBytes + bytes,
    };
    if (parent !== null) parent.firstChild = node;
    this.#nodes.set(id, node);
    this.#bytes += bytes;
    return node;
  }

  /** Takes a block out with all that stand on it. */
  #cut(node: Node<Id>): Id[] {
    invariant(node !== this.#root, 'the root is not cut off', { height: node.height });
    const parent = present(node.parent, 'the parent of a block that is not the root');
    if (parent.firstChild === node) {
      parent.firstChild = node.nextSibling;
    } else {
      let before = parent.firstChild;
      while (before !== null && before.nextSibling !== node) before = before.nextSibling;
      present(before, 'the sibling before').nextSibling = node.nextSibling;
    }
    const cut: Id[] = [];
    const waiting = [node];
    for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
      this.#nodes.delete(next.id);
      this.#bytes -= next.bytes;
      cut.push(next.id);
      for (let child = next.firstChild; child !== null; child = child.nextSibling) waiting.push(child);
    }
    return cut;
  }

  /** The next block of the best branch becomes the root. */
  #raiseRoot(forgotten: Id[]): void {
    const old = this.#root;
    const next = this.#childTowardsTip(old);
    const others: Node<Id>[] = [];
    for (let child = old.firstChild; child !== null; child = child.nextSibling) if (child !== next) others.push(child);
    for (const other of others) forgotten.push(...this.#cut(other));
    this.#nodes.delete(old.id);
    this.#bytes -= old.bytes;
    forgotten.push(old.id);
    next.parent = null;
    this.#root = next;
  }

  #childTowardsTip(node: Node<Id>): Node<Id> {
    const only = present(node.firstChild, 'a block above the root');
    if (only.nextSibling === null) return only;
    let child = this.#tip;
    while (child.parent !== node) child = present(child.parent, 'the way from the tip to the root');
    return child;
  }

  /** Work grows along a branch, so the best block has no child. Looked for only where a branch was cut off. */
  #best(): Node<Id> {
    let best = this.#root;
    for (const node of this.#nodes.values()) {
      if (node.chainWork > best.chainWork) best = node;
    }
    return best;
  }

  /** The end of a branch, but not of the best, with the least work; of equal ones the newest. `spared`: only where there is no
   *  other. */
  #worstEnd(spared: Id | undefined): Node<Id> | undefined {
    let worst: Node<Id> | undefined;
    for (const node of this.#nodes.values()) {
      if (node.firstChild !== null || node === this.#tip || node.id === spared) continue;
      if (worst === undefined || node.chainWork <= worst.chainWork) worst = node;
    }
    const last = spared === undefined ? undefined : this.#nodes.get(spared);
    return worst ?? (last === this.#tip ? undefined : last);
  }
}
