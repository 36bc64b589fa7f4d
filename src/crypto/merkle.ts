/**
 * Merkle trees of RFC 9162 (Certificate Transparency 2.0), section 2.1, with SHA-256. A leaf is hashed with 0x00 before it
 * and a node with 0x01, so that neither can stand for the other. Proofs are lists of hashes as hexadecimal text, leaf side
 * first, and are checked with the algorithms of 2.1.3.2 and 2.1.4.2. Sizes and positions are safe integers.
 */
import { type Hash, isHash } from '../base/brand.ts';
import { invariant, present } from '../base/invariant.ts';
import { fail, ok, type Result } from '../base/result.ts';
import { fromHex, toHash } from '../codec/hex.ts';
import { sha256, sha256Hash } from './sha256.ts';

/** Root of the tree without leaves: the hash of nothing. */
export const EMPTY_ROOT: Hash = sha256Hash(new Uint8Array(0));

/** Root of the tree over the leaves, in their order. */
export function merkleRoot(leaves: readonly Uint8Array[]): Hash {
  const tree = new HistoryTree();
  for (const leaf of leaves) tree.append(leaf);
  return tree.root();
}

/** Path from the leaf at `index` to the root of the tree over all the leaves (2.1.3.1). */
export function inclusionProof(leaves: readonly Uint8Array[], index: number): Hash[] {
  invariant(
    Number.isSafeInteger(index) && index >= 0 && index < leaves.length,
    'a proof is of a leaf that the tree has',
    { index },
  );
  const path: Hash[] = [];
  let [from, to] = [0, leaves.length];
  while (to - from > 1) {
    const middle = from + splitOf(to - from);
    const isLeft = index < middle;
    path.push(merkleRoot(isLeft ? leaves.slice(middle, to) : leaves.slice(from, middle)));
    if (isLeft) to = middle;
    else from = middle;
  }
  return path.reverse();
}

export interface InclusionClaim {
  readonly leaf: Uint8Array;
  /** Position of the leaf, from 0. */
  readonly index: number;
  /** Number of leaves of the tree. */
  readonly size: number;
  readonly root: Hash;
}

type ProofCode = 'MALFORMED_PROOF' | 'WRONG_PROOF_LENGTH' | 'OUT_OF_RANGE' | 'ROOT_MISMATCH';
export type ProofError = { readonly code: ProofCode; readonly message: string };

/** Ok if the proof shows that the leaf stands at this place of the tree with this root (2.1.3.2). */
export function verifyInclusion(claim: InclusionClaim, proof: readonly string[]): Result<void, ProofError> {
  const { index, size } = claim;
  if (!isSize(size) || !isSize(index) || index >= size) {
    return fail('OUT_OF_RANGE', `there is no leaf ${index} in a tree of ${size}`);
  }
  const walk = new Walk(index, size - 1);
  let node = hashLeaf(claim.leaf);
  for (const text of proof) {
    if (!isHash(text)) return malformed();
    if (walk.isAtRoot) return wrongLength();
    const sibling = fromHex(text);
    node = walk.siblingIsLeft ? hashChildren(sibling, node) : hashChildren(node, sibling);
    walk.up();
  }
  if (!walk.isAtRoot) return wrongLength();
  return toHash(node) === claim.root ? ok(undefined) : fail('ROOT_MISMATCH', 'the proof leads to another root');
}

/** Shows that the tree over the first `firstSize` leaves is a prefix of the tree over all of them (2.1.4.1). */
export function consistencyProof(leaves: readonly Uint8Array[], firstSize: number): Hash[] {
  const inRange = Number.isSafeInteger(firstSize) && firstSize > 0 && firstSize <= leaves.length;
  invariant(inRange, 'a prefix has a leaf, and no more than the tree', { firstSize, size: leaves.length });
  const path: Hash[] = [];
  let [from, to] = [0, leaves.length];
  // The subtree [from, to) is complete within the prefix once the prefix ends where it ends.
  while (firstSize !== to) {
    const middle = from + splitOf(to - from);
    const isLeft = firstSize <= middle;
    path.push(merkleRoot(isLeft ? leaves.slice(middle, to) : leaves.slice(from, middle)));
    if (isLeft) to = middle;
    else from = middle;
  }
  // Where the prefix is the left edge itself, the verifier has its root already.
  if (from > 0) path.push(merkleRoot(leaves.slice(from, to)));
  return path.reverse();
}

export interface ConsistencyClaim {
  readonly firstSize: number;
  readonly firstRoot: Hash;
  readonly secondSize: number;
  readonly secondRoot: Hash;
}

/** Ok if the proof shows that the first tree is a prefix of the second (2.1.4.2). The empty tree is refused: it is a prefix
 *  of everything, and a proof of that says nothing. */
export function verifyConsistency(claim: ConsistencyClaim, proof: readonly string[]): Result<void, ProofError> {
  const { firstSize, firstRoot, secondSize, secondRoot } = claim;
  if (!isSize(firstSize) || !isSize(secondSize) || firstSize === 0 || firstSize > secondSize) {
    return fail('OUT_OF_RANGE', `a tree of ${firstSize} cannot be shown to be a prefix of a tree of ${secondSize}`);
  }
  if (firstSize === secondSize) {
    if (proof.length > 0) return wrongLength();
    return firstRoot === secondRoot ? ok(undefined) : fail('ROOT_MISMATCH', 'two roots of trees of the same size');
  }
  if (!proof.every(isHash)) return malformed();
  const path = isPowerOfTwo(firstSize) ? [firstRoot, ...proof] : proof;
  const start = path[0];
  if (start === undefined) return wrongLength();

  const walk = new Walk(firstSize - 1, secondSize - 1);
  while (walk.isRightChild) walk.upOne();
  let first = fromHex(start);
  let second = first;
  for (const text of path.slice(1)) {
    if (walk.isAtRoot) return wrongLength();
    const sibling = fromHex(text);
    if (walk.siblingIsLeft) {
      first = hashChildren(sibling, first);
      second = hashChildren(sibling, second);
    } else {
      second = hashChildren(second, sibling);
    }
    walk.up();
  }
  if (!walk.isAtRoot) return wrongLength();
  if (toHash(first) !== firstRoot) return fail('ROOT_MISMATCH', 'the proof leads to another first root');
  return toHash(second) === secondRoot
    ? ok(undefined)
    : fail('ROOT_MISMATCH', 'the proof leads to another second root');
}

/** The RFC's pair (fn, sn): a node, and the last node of its level. Halved by division, because sizes pass 32 bits. */
class Walk {
  #node: number;
  #last: number;

  constructor(node: number, last: number) {
    this.#node = node;
    this.#last = last;
  }

  get isAtRoot(): boolean {
    return this.#last === 0;
  }

  get isRightChild(): boolean {
    return this.#node % 2 === 1;
  }

  /** Also the last node of a level without a sibling on the right: it moves up until it is somebody's right child. */
  get siblingIsLeft(): boolean {
    return this.isRightChild || this.#node === this.#last;
  }

  up(): void {
    if (this.siblingIsLeft) while (!this.isRightChild && this.#node > 0) this.upOne();
    this.upOne();
  }

  upOne(): void {
    this.#node = Math.floor(this.#node / 2);
    this.#last = Math.floor(this.#last / 2);
  }
}

/**
 * A tree that only grows, kept as its frontier: the roots of its complete subtrees, largest first, one for each 1 in the
 * binary form of its size. That is all that appending and the root need, so a chain stores at most 53 hashes for it.
 */
export class HistoryTree {
  readonly #frontier: Uint8Array[] = [];
  #size = 0;

  /** From what `snapshot` gave. Errors: OUT_OF_RANGE (size), WRONG_PROOF_LENGTH (not one hash for each subtree),
   *  MALFORMED_PROOF (not a hash). */
  static restore(size: number, snapshot: readonly string[]): Result<HistoryTree, ProofError> {
    if (!isSize(size)) return fail('OUT_OF_RANGE', `${size} is not a size`);
    if (snapshot.length !== countOnes(size)) return wrongLength();
    if (!snapshot.every(isHash)) return malformed();
    const tree = new HistoryTree();
    tree.#frontier.push(...snapshot.map(fromHex));
    tree.#size = size;
    return ok(tree);
  }

  /** Grows on its own from here. */
  copy(): HistoryTree {
    const tree = new HistoryTree();
    tree.#frontier.push(...this.#frontier);
    tree.#size = this.#size;
    return tree;
  }

  /** Number of leaves. */
  get size(): number {
    return this.#size;
  }

  append(leaf: Uint8Array): void {
    let node = hashLeaf(leaf);
    for (let rest = this.#size; rest % 2 === 1; rest = Math.floor(rest / 2)) {
      node = hashChildren(present(this.#frontier.pop(), 'a subtree for each 1 of the size'), node);
    }
    this.#frontier.push(node);
    this.#size += 1;
  }

  root(): Hash {
    const [smallest, ...larger] = this.#frontier.toReversed();
    if (smallest === undefined) return EMPTY_ROOT;
    return toHash(larger.reduce((right, left) => hashChildren(left, right), smallest));
  }

  /** To be stored beside the size. */
  snapshot(): Hash[] {
    return this.#frontier.map(toHash);
  }
}

/** Hashing is synchronous and keeps nothing of its input, so one buffer serves all inner nodes. */
const NODE = new Uint8Array(65);
NODE[0] = 0x01;

/** Of an inner node: SHA-256(0x01 ‖ left ‖ right). */
function hashChildren(left: Uint8Array, right: Uint8Array): Uint8Array {
  NODE.set(left, 1);
  NODE.set(right, 33);
  return sha256(NODE);
}

/** SHA-256(0x00 ‖ leaf). */
function hashLeaf(leaf: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(leaf.length + 1);
  bytes.set(leaf, 1);
  return sha256(bytes);
}

/** Leaves in the left subtree: the largest power of two below `size`, which is at least 2. */
function splitOf(size: number): number {
  let split = 1;
  while (split * 2 < size) split *= 2;
  return split;
}

function countOnes(size: number): number {
  let ones = 0;
  for (let rest = size; rest > 0; rest = Math.floor(rest / 2)) ones += rest % 2;
  return ones;
}

const isPowerOfTwo = (size: number): boolean => countOnes(size) === 1;
const isSize = (value: number): boolean => Number.isSafeInteger(value) && value >= 0;

const malformed = () => fail('MALFORMED_PROOF', 'a proof is a list of hashes, each 64 lower-case hexadecimal digits');
const wrongLength = () => fail('WRONG_PROOF_LENGTH', 'the proof has too few or too many hashes for these sizes');
