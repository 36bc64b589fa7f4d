/**
 * How a version of a node is stored. A block changes a slot or two of most nodes that it touches, and a whole node is twenty times as
 * long as a slot. So most versions are stored as their difference from the last one that was stored whole, their base: all slots that
 * changed since then. Whoever reads one needs two records, never more.
 *
 *   1 byte     DIFFERENCE, with which no whole node begins
 *   6 bytes    version of the base, the highest byte first
 *   2 bytes    a bit for each slot that may be another than in the base, the first slot in the highest bit
 *   then these slots in their order: a byte that says what is in it (see node.ts), and its contents but for the hash of
 *   several leaves: 64 bytes for each leaf, or the 38 of a child
 *
 * No hash is stored that follows from the rest. When the node is put together again, all of them are computed, and that of
 * the node has to be the one that its parent gives: so nothing of a base is believed either but what stands in the node.
 */
import type { Height } from '../../base/brand.ts';
import { type Coded, fail, ok, type Result } from '../../base/result.ts';
import { DIFFERENCE_PART_MAX, INLINE_LEAVES_MAX } from '../limits.ts';
import { LEAF_BYTES } from './hashing.ts';
import {
  bytesBeforeLeaves,
  CHILD,
  type Difference,
  kindOf,
  readVersion,
  SLOTS,
  slotAt,
  slotBytes,
  type TreeNode,
  VERSION_BYTES,
  writeVersion,
} from './node.ts';
import { checkNodeHash, completedNode, type NodeError, parseNode } from './node-codec.ts';
import { type NodeKey, ROOT_PATH } from './path.ts';
import { ALL_SLOTS, WorkingNode } from './working-node.ts';

/** No slot has fourteen leaves. */
const DIFFERENCE = 0xee;
const HEAD_BYTES: number = 1 + VERSION_BYTES + 2;

/** Bytes of the contents of a slot in a difference. */
const contentBytes = (kind: number): number => slotBytes(kind) - (kind === CHILD ? 0 : bytesBeforeLeaves(kind));

const isIn = (slots: number, slot: number): boolean => ((slots >>> slot) & 1) === 1;

/**
 * What to store of the next version of a node: its difference, or all of it (undefined). `before`: the version that it replaces, and
 * what that is stored as; `changed`: a bit for each slot that is another now. Roots are whole, since a start begins with one.
 */
export function differenceFrom(
  before: { readonly key: NodeKey; readonly difference: Difference | undefined },
  changed: number,
  node: Uint8Array,
): Difference | undefined {
  if (before.key.path === ROOT_PATH || changed === ALL_SLOTS) return undefined;
  const base = before.difference?.base ?? before.key.version;
  const slots = (before.difference?.slots ?? 0) | changed;
  return differenceLength(node, slots) <= DIFFERENCE_PART_MAX * node.length ? { base, slots } : undefined;
}

function differenceLength(node: Uint8Array, slots: number): number {
  let bytes = HEAD_BYTES;
  for (let slot = 0; slot < SLOTS; slot++) if (isIn(slots, slot)) bytes += 1 + contentBytes(kindOf(node, slot));
  return bytes;
}

/** The record of a node: all of it, or the difference that it is stored as. */
export function encodeRecord(node: TreeNode, difference: Difference | undefined): Uint8Array {
  if (difference === undefined) return node;
  const { base, slots } = difference;
  const bytes = new Uint8Array(differenceLength(node, slots));
  bytes[0] = DIFFERENCE;
  writeVersion(base, bytes, 1);
  let to = HEAD_BYTES;
  let at = slotAt(node, 0);
  for (let slot = 0; slot < SLOTS; slot++) {
    const kind = kindOf(node, slot);
    if (isIn(slots, slot)) {
      const [bits, bit] = [1 + VERSION_BYTES + (slot >>> 3), 128 >>> (slot & 7)];
      bytes[bits] = (bytes[bits] as number) | bit;
      bytes[to++] = kind;
      const end = at + slotBytes(kind);
      for (let from = end - contentBytes(kind); from < end; from++) bytes[to++] = node[from] as number;
    }
    at += slotBytes(kind);
  }
  return bytes;
}

type RecordError = Coded<'MALFORMED'>;

/** Which other record the node is made of; undefined where its own is all of it. Error: MALFORMED. */
export function baseOf(key: NodeKey, record: Uint8Array): Result<NodeKey | undefined, RecordError> {
  const difference = parseDifference(key, record);
  if (!difference.ok) return difference;
  return ok(difference.value && { version: difference.value.base, path: key.path });
}

/** What a record of this node says that it is; undefined of a whole node, whose bytes are the record. Error: MALFORMED. */
function parseDifference(key: NodeKey, record: Uint8Array): Result<Difference | undefined, RecordError> {
  if (record[0] !== DIFFERENCE) return ok(undefined);
  if (record.length < HEAD_BYTES) return fail('MALFORMED', 'a difference begins with its base and its slots');
  if (key.path === ROOT_PATH) return fail('MALFORMED', 'a root is stored whole');
  const base = readVersion(record, 1) as Height;
  if (base >= key.version) return fail('MALFORMED', 'a base is of an earlier version');
  let slots = 0;
  let at = HEAD_BYTES;
  for (let slot = 0; slot < SLOTS; slot++) {
    if (((record[1 + VERSION_BYTES + (slot >>> 3)] as number) & (128 >>> (slot & 7))) === 0) continue;
    const kind = record[at];
    if (kind === undefined || (kind !== CHILD && kind > INLINE_LEAVES_MAX))
      return fail('MALFORMED', `slot ${slot} holds neither leaves nor a child`);
    slots |= 1 << slot;
    at += 1 + contentBytes(kind);
  }
  return at === record.length ? ok({ base, slots }) : fail('MALFORMED', 'a difference has other slots than it says');
}

/** A node as it was stored, which has the hash that is expected of it. */
export interface StoredNode {
  readonly node: TreeNode;
  readonly difference: Difference | undefined;
}

/** What is read of a node: its record, and that of its base, where it has one that was found. */
export interface NodeRecords {
  readonly record: Uint8Array;
  readonly base: Uint8Array | undefined;
}

/**
 * The strict way from a store that nobody trusts to a node. `expected`: its hash, as its parent gives it.
 * Errors: TOO_LARGE, MALFORMED, NON_CANONICAL of it or of its base, WRONG_HASH.
 */
export function readNode(
  key: NodeKey,
  { record, base }: NodeRecords,
  expected: Uint8Array,
): Result<StoredNode, NodeError> {
  const parsed = parseDifference(key, record);
  if (!parsed.ok) return parsed;
  const difference = parsed.value;
  if (difference === undefined) {
    const node = parseNode(key, record);
    if (!node.ok) return node;
    const checked = checkNodeHash(node.value, key.path.length, expected);
    return checked.ok ? ok({ node: node.value, difference }) : checked;
  }
  if (base === undefined) return fail('MALFORMED', 'the base of a difference is gone');
  const from = parseNode({ version: difference.base, path: key.path }, base);
  if (!from.ok) return from;
  const whole = parseNode(key, changedNode(from.value, record, difference.slots));
  if (!whole.ok) return whole;
  const node = completedNode(whole.value, key.path.length, expected);
  return node.ok ? ok({ node: node.value, difference }) : node;
}

/** Putting a node together is synchronous, and leaves nothing in it. */
const changing = new WorkingNode();

/** The base with the slots of the record, whose form was checked; what stands where hashes belong means nothing. */
function changedNode(base: TreeNode, record: Uint8Array, slots: number): Uint8Array {
  changing.load(base);
  let at = HEAD_BYTES;
  for (let slot = 0; slot < SLOTS; slot++) {
    if (!isIn(slots, slot)) continue;
    const kind = record[at++] as number;
    if (kind === CHILD) changing.copyChild(slot, record, at);
    else changing.setLeaves(slot, record, at, kind);
    at += kind === CHILD ? slotBytes(CHILD) : kind * LEAF_BYTES;
  }
  const bytes = new Uint8Array(changing.byteLength());
  changing.encode(bytes);
  return bytes;
}
