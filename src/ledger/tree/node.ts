/**
 * The bytes of a node, and how to find something in them. A node stands for four levels of the binary tree. It has sixteen
 * slots, one for each nibble that may come next; a slot is empty, or holds the few leaves of its subtree, or says where the
 * child node is that stands for the subtree.
 *
 *   8 bytes    what is in each slot, four bits each, the first slot in the high bits: the number of its leaves, or CHILD
 *   32 each    hashes of the four quarters of the node (four slots each) in their order, without those that are empty
 *   then the slots in their order:
 *   64 each    a leaf: SHA-256 of its key, SHA-256 of its value; in a slot they stand in the order of their keys, and where there are
 *              several their common hash stands before them
 *   38         a child: version (6 bytes, the highest first) and hash
 *
 * Of the fourteen inner hashes of a node the four quarters alone are stored: a change then costs 6 hashes of inner nodes instead of
 * 15. All fourteen would save 2 more and cost 320 bytes in each node that a block writes.
 *
 * A subtree lies in the slot of its parent if and only if it has at most INLINE_LEAVES_MAX leaves. So the leaves alone
 * decide which nodes there are, in whatever order they came and went.
 */
import type { Height } from '../../base/brand.ts';
import { INLINE_LEAVES_MAX } from '../limits.ts';
import { HASH_BYTES, LEAF_BYTES } from './hashing.ts';
import type { NodeKey } from './path.ts';

declare const checked: unique symbol;
/** Bytes of a node in their one right form: made by `updateTree`, or checked by `parseNode`. Never changed. */
export type TreeNode = Uint8Array & { readonly [checked]: true };

/** Where nodes are found. Whoever calls has fetched before what is asked for (see `nodesToFetch`). */
export interface NodeSource {
  get(key: NodeKey): TreeNode | undefined;
}

/** What a version of a node is stored as, where it is not stored whole (see difference.ts). */
export interface Difference {
  /** The version at the same path that is stored whole. */
  readonly base: Height;
  /** A bit for each slot that may have changed since, the first slot in the lowest. */
  readonly slots: number;
}

/** Nodes that a next version is made from. */
export interface StoredNodes extends NodeSource {
  /** What a node that is here is stored as, where it is not stored whole. */
  differenceOf(key: NodeKey): Difference | undefined;
}

export const SLOTS = 16;
export const QUARTERS = 4;
/** Slots of a quarter. */
export const QUARTER_SLOTS = 4;
/** What is in a slot that holds no leaves but says where a child is. */
export const CHILD = 15;
export const KINDS_BYTES = 8;
export const VERSION_BYTES = 6;
const CHILD_BYTES: number = VERSION_BYTES + HASH_BYTES;
/** A full slot. */
export const SLOT_BYTES_MAX: number = HASH_BYTES + INLINE_LEAVES_MAX * LEAF_BYTES;
export const NODE_BYTES_MAX: number = KINDS_BYTES + QUARTERS * HASH_BYTES + SLOTS * SLOT_BYTES_MAX;

/** What is in the slot: a number of leaves, or CHILD. */
export function kindOf(node: Uint8Array, slot: number): number {
  const pair = node[slot >>> 1] as number;
  return (slot & 1) === 0 ? pair >>> 4 : pair & 15;
}

export const slotBytes = (kind: number): number =>
  kind === CHILD ? CHILD_BYTES : bytesBeforeLeaves(kind) + kind * LEAF_BYTES;

/** Several leaves have their hash before them: otherwise a change of a slot would hash the leaves of its neighbours too. */
export const bytesBeforeLeaves = (kind: number): number => (kind > 1 ? HASH_BYTES : 0);

/** Bytes before the first slot. */
export function bytesBeforeSlots(node: Uint8Array): number {
  let bytes = KINDS_BYTES;
  // The kinds of a quarter are two bytes.
  for (let i = 0; i < KINDS_BYTES; i += 2) if (node[i] !== 0 || node[i + 1] !== 0) bytes += HASH_BYTES;
  return bytes;
}

/** Where the slot begins. */
export function slotAt(node: Uint8Array, slot: number): number {
  let at = bytesBeforeSlots(node);
  for (let before = 0; before < slot; before++) at += slotBytes(kindOf(node, before));
  return at;
}

/** Version of the child at this place. */
export function readVersion(bytes: Uint8Array, at: number): number {
  let version = 0;
  for (let i = 0; i < VERSION_BYTES; i++) version = version * 256 + (bytes[at + i] as number);
  return version;
}

export function writeVersion(version: number, target: Uint8Array, at: number): void {
  let rest = version;
  for (let i = VERSION_BYTES - 1; i >= 0; i--) {
    target[at + i] = rest % 256;
    rest = Math.floor(rest / 256);
  }
}
