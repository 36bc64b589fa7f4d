/**
 * A node that is being changed. It reads what stays as it is from the old bytes and holds what is new beside them; so a change
 * copies no more than it must. An update uses one of these again for each node of a depth.
 */
import { invariant } from '../../base/invariant.ts';
import { EMPTY_SUBTREE, HASH_BYTES, LEAF_BYTES, writeInnerHash, writeLeafHash, writeLeavesHash } from './hashing.ts';
import {
  bytesBeforeLeaves,
  bytesBeforeSlots,
  CHILD,
  KINDS_BYTES,
  kindOf,
  QUARTER_SLOTS,
  QUARTERS,
  readVersion,
  SLOT_BYTES_MAX,
  SLOTS,
  slotBytes,
  VERSION_BYTES,
  writeVersion,
} from './node.ts';

/** Positions in the node's part of the binary tree, as in a heap: 1 is its root, 2p and 2p + 1 are below p. */
export const TOP = 1;
const FIRST_QUARTER = QUARTERS;
export const FIRST_SLOT: number = SLOTS;

/** How many leaves are below a position, as far as hashing cares: none, one, or several. */
export type Fill = 0 | 1 | 2;

/** A bit for each slot. */
export const ALL_SLOTS: number = 2 ** SLOTS - 1;

const NOTHING = new Uint8Array(0);

export class WorkingNode {
  /** Hashes by position, as far as they were computed. */
  readonly hashes: Uint8Array = new Uint8Array(2 * SLOTS * HASH_BYTES);
  /** Of each slot: a number of leaves, or CHILD. */
  readonly #kinds = new Uint8Array(SLOTS);
  #old: Uint8Array = NOTHING;
  /** Where slots and quarters stand in the old bytes. */
  readonly #slotAt = new Int32Array(SLOTS);
  readonly #quarterAt = new Int32Array(QUARTERS);
  /** Contents of the slots that are new, each at its number times SLOT_BYTES_MAX. */
  readonly #fresh = new Uint8Array(SLOTS * SLOT_BYTES_MAX);
  /** A bit for each slot that is new. */
  #touched = 0;
  /** Whether each slot has as many leaves as before, or a child as before: everything then stands where it stood. */
  #hasOldShape = false;

  /** Begins with an empty node. */
  clear(): void {
    this.#kinds.fill(0);
    this.#old = NOTHING;
    this.#touched = 0;
    this.#hasOldShape = false;
  }

  /** Begins with this node. */
  load(node: Uint8Array): void {
    this.#old = node;
    this.#touched = 0;
    this.#hasOldShape = true;
    const kinds = this.#kinds;
    const slotsAt = this.#slotAt;
    let at = bytesBeforeSlots(node);
    for (let slot = 0; slot < SLOTS; slot++) {
      const kind = kindOf(node, slot);
      kinds[slot] = kind;
      slotsAt[slot] = at;
      at += slotBytes(kind);
    }
    let quarterAt = KINDS_BYTES;
    for (let quarter = 0; quarter < QUARTERS; quarter++) {
      this.#quarterAt[quarter] = quarterAt;
      if (this.#isQuarterUsed(quarter)) quarterAt += HASH_BYTES;
    }
  }

  /** From here on all contents are new, and no hash that was stored counts. */
  touchAll(): void {
    for (let slot = 0; slot < SLOTS; slot++) {
      const [source, at, kind] = [this.slotIn(slot), this.slotAt(slot), this.kind(slot)];
      const bytes = slotBytes(kind);
      for (let i = 0; i < bytes; i++) this.#fresh[slot * SLOT_BYTES_MAX + i] = source[at + i] as number;
      this.#touch(slot, kind);
    }
  }

  /** A bit for each slot that may have changed since the node was loaded, the first slot in the lowest; all of one that began empty. */
  get changed(): number {
    return this.#old === NOTHING ? ALL_SLOTS : this.#touched;
  }

  kind(slot: number): number {
    return this.#kinds[slot] as number;
  }

  /** The buffer in which the contents of the slot stand, from `slotAt` on. */
  slotIn(slot: number): Uint8Array {
    return this.#isTouched(slot) ? this.#fresh : this.#old;
  }

  slotAt(slot: number): number {
    return this.#isTouched(slot) ? slot * SLOT_BYTES_MAX : (this.#slotAt[slot] as number);
  }

  /** Where the leaves of the slot begin. */
  leavesAt(slot: number): number {
    return this.slotAt(slot) + bytesBeforeLeaves(this.kind(slot));
  }

  childVersion(slot: number): number {
    return readVersion(this.slotIn(slot), this.slotAt(slot));
  }

  /** The slot now holds these leaves, in the order of their keys. */
  setLeaves(slot: number, source: Uint8Array, at: number, count: number): void {
    invariant(slotBytes(count) <= SLOT_BYTES_MAX, 'leaves of a slot fit it', { count });
    const bytes = count * LEAF_BYTES;
    const to = slot * SLOT_BYTES_MAX + bytesBeforeLeaves(count);
    for (let i = 0; i < bytes; i++) this.#fresh[to + i] = source[at + i] as number;
    this.#touch(slot, count);
  }

  /** The slot now has a child, whose hash has been computed. */
  setChild(slot: number, version: number, child: WorkingNode): void {
    const to = slot * SLOT_BYTES_MAX;
    writeVersion(version, this.#fresh, to);
    for (let i = 0; i < HASH_BYTES; i++) {
      this.#fresh[to + VERSION_BYTES + i] = child.hashes[TOP * HASH_BYTES + i] as number;
    }
    this.#touch(slot, CHILD);
  }

  /** The slot now has a child, whose version and hash stand at `at`. */
  copyChild(slot: number, source: Uint8Array, at: number): void {
    for (let i = 0; i < slotBytes(CHILD); i++) this.#fresh[slot * SLOT_BYTES_MAX + i] = source[at + i] as number;
    this.#touch(slot, CHILD);
  }

  /** Leaves of the whole subtree, or infinity where there is a child: that alone has more than a slot holds. */
  leafCount(): number {
    let count = 0;
    for (let slot = 0; slot < SLOTS; slot++) {
      if (this.kind(slot) === CHILD) return Number.POSITIVE_INFINITY;
      count += this.kind(slot);
    }
    return count;
  }

  /** Writes all leaves in their order. */
  copyLeaves(target: Uint8Array): void {
    let to = 0;
    for (let slot = 0; slot < SLOTS; slot++) {
      const [source, at] = [this.slotIn(slot), this.leavesAt(slot)];
      const bytes = this.kind(slot) * LEAF_BYTES;
      for (let i = 0; i < bytes; i++) target[to + i] = source[at + i] as number;
      to += bytes;
    }
  }

  /** Writes the hash of what is below the position into `hashes`, where that is not empty. `depth`: nibbles of the path to this
   *  node. */
  computeHash(position: number, depth: number): Fill {
    if (position >= FIRST_SLOT) return this.#computeSlot(position - FIRST_SLOT, depth);
    const quarter = position - FIRST_QUARTER;
    if (quarter >= 0 && quarter < QUARTERS && !this.#isQuarterTouched(quarter)) return this.#copyQuarter(quarter);
    const left = this.computeHash(2 * position, depth);
    const right = this.computeHash(2 * position + 1, depth);
    const at = position * HASH_BYTES;
    if (left + right <= 1) {
      if (left + right === 1) this.#copyHash(2 * position + right, position);
      return (left + right) as Fill;
    }
    if (left === 0) this.hashes.set(EMPTY_SUBTREE, 2 * at);
    if (right === 0) this.hashes.set(EMPTY_SUBTREE, 2 * at + HASH_BYTES);
    writeInnerHash(this.hashes, 2 * at, this.hashes, at);
    return 2;
  }

  /** How many leaves are below the position. */
  fillOf(position: number): Fill {
    let [first, last] = [position, position];
    while (first < FIRST_SLOT) [first, last] = [2 * first, 2 * last + 1];
    let leaves = 0;
    for (let at = first; at <= last; at++) leaves += this.kind(at - FIRST_SLOT);
    return Math.min(leaves, 2) as Fill;
  }

  /** The first slot below the position that is not empty. */
  slotBelow(position: number): number {
    let first = position;
    while (first < FIRST_SLOT) first *= 2;
    let slot = first - FIRST_SLOT;
    while (this.kind(slot) === 0) slot++;
    return slot;
  }

  /** Bytes of the node as it is now. */
  byteLength(): number {
    if (this.#hasOldShape) return this.#old.length;
    let bytes = KINDS_BYTES;
    for (let quarter = 0; quarter < QUARTERS; quarter++) if (this.#isQuarterUsed(quarter)) bytes += HASH_BYTES;
    for (let slot = 0; slot < SLOTS; slot++) bytes += slotBytes(this.kind(slot));
    return bytes;
  }

  /** Writes the node, whose hash has been computed. */
  encode(target: Uint8Array): void {
    if (this.#hasOldShape) this.#encodeOver(target);
    else this.#encodeAnew(target);
  }

  /** Copies the old bytes at once, and what is new over them: most changes are of values. */
  #encodeOver(target: Uint8Array): void {
    target.set(this.#old);
    for (let quarter = 0; quarter < QUARTERS; quarter++) {
      if (!this.#isQuarterTouched(quarter) || !this.#isQuarterUsed(quarter)) continue;
      const from = (FIRST_QUARTER + quarter) * HASH_BYTES;
      const to = this.#quarterAt[quarter] as number;
      for (let i = 0; i < HASH_BYTES; i++) target[to + i] = this.hashes[from + i] as number;
    }
    const fresh = this.#fresh;
    for (let slot = 0; slot < SLOTS; slot++) {
      if (!this.#isTouched(slot)) continue;
      const from = slot * SLOT_BYTES_MAX;
      const to = this.#slotAt[slot] as number;
      const bytes = slotBytes(this.kind(slot));
      for (let i = 0; i < bytes; i++) target[to + i] = fresh[from + i] as number;
    }
  }

  #encodeAnew(target: Uint8Array): void {
    let to = 0;
    for (let slot = 0; slot < SLOTS; slot += 2) target[to++] = (this.kind(slot) << 4) | this.kind(slot + 1);
    for (let quarter = 0; quarter < QUARTERS; quarter++) {
      if (!this.#isQuarterUsed(quarter)) continue;
      const at = (FIRST_QUARTER + quarter) * HASH_BYTES;
      for (let i = 0; i < HASH_BYTES; i++) target[to + i] = this.hashes[at + i] as number;
      to += HASH_BYTES;
    }
    for (let slot = 0; slot < SLOTS; ) {
      const from = slot;
      const source = this.slotIn(slot);
      const at = this.slotAt(slot);
      let bytes = slotBytes(this.kind(slot++));
      // Old slots that follow one another stand side by side in the old bytes.
      if (!this.#isTouched(from)) while (slot < SLOTS && !this.#isTouched(slot)) bytes += slotBytes(this.kind(slot++));
      if (bytes > 0) target.set(source.subarray(at, at + bytes), to);
      to += bytes;
    }
  }

  #computeSlot(slot: number, depth: number): Fill {
    const kind = this.kind(slot);
    if (kind === 0) return 0;
    const source = this.slotIn(slot);
    const at = this.slotAt(slot);
    const to = (FIRST_SLOT + slot) * HASH_BYTES;
    if (kind === 1) {
      writeLeafHash(source, at, this.hashes, to);
      return 1;
    }
    const hashAt = kind === CHILD ? at + VERSION_BYTES : at;
    if (kind !== CHILD && this.#isTouched(slot)) {
      writeLeavesHash(source, this.leavesAt(slot), kind, 4 * (depth + 1), this.#fresh, hashAt);
    }
    for (let i = 0; i < HASH_BYTES; i++) this.hashes[to + i] = source[hashAt + i] as number;
    return 2;
  }

  #copyQuarter(quarter: number): Fill {
    if (this.#isQuarterUsed(quarter)) {
      const at = this.#quarterAt[quarter] as number;
      const to = (FIRST_QUARTER + quarter) * HASH_BYTES;
      for (let i = 0; i < HASH_BYTES; i++) this.hashes[to + i] = this.#old[at + i] as number;
    }
    return this.fillOf(FIRST_QUARTER + quarter);
  }

  #copyHash(from: number, to: number): void {
    for (let i = 0; i < HASH_BYTES; i++)
      this.hashes[to * HASH_BYTES + i] = this.hashes[from * HASH_BYTES + i] as number;
  }

  #touch(slot: number, kind: number): void {
    if (kind !== this.#kinds[slot]) this.#hasOldShape = false;
    this.#kinds[slot] = kind;
    this.#touched |= 1 << slot;
  }

  #isTouched(slot: number): boolean {
    return ((this.#touched >>> slot) & 1) === 1;
  }

  #isQuarterTouched(quarter: number): boolean {
    return ((this.#touched >>> (quarter * QUARTER_SLOTS)) & 15) !== 0;
  }

  #isQuarterUsed(quarter: number): boolean {
    const first = quarter * QUARTER_SLOTS;
    for (let slot = first; slot < first + QUARTER_SLOTS; slot++) if (this.#kinds[slot] !== 0) return true;
    return false;
  }
}
