/**
 * Whether a disk holds the state of every height that is kept, and nothing of those that are not. What a height has is told twice: by
 * the tree of that version, whose root its header binds, and by the entries, each with what was there before. Values that stand apart have
 * to be what entries name.
 */
import type { Hash, Height } from '../../base/brand.ts';
import { fromHex, toHash, toHex } from '../../codec/hex.ts';
import { sha256 } from '../../crypto/sha256.ts';
import { decodePast } from '../../driver/state/state-writes.ts';
import { heightCodec, KEYS } from '../../driver/stored/records.ts';
import { blockRecordCodec } from '../../ledger/block.ts';
import type { Genesis } from '../../ledger/genesis.ts';
import { ENTRY_KINDS } from '../../ledger/state/kinds.ts';
import { chainStateCodec, genesisBlock } from '../../ledger/state/ledger-state.ts';
import { isNamedBy } from '../../ledger/state/value-reference.ts';
import { HASH_BYTES, LEAF_BYTES } from '../../ledger/tree/hashing.ts';
import { bytesBeforeLeaves, CHILD, kindOf, readVersion, slotAt, SLOTS, VERSION_BYTES } from '../../ledger/tree/node.ts';
import { baseOf, readNode } from '../../ledger/tree/difference.ts';
import { DIGITS, type NodeKey, ROOT_PATH } from '../../ledger/tree/path.ts';

/** What would survive a power loss. */
export interface Records {
  get(key: string): Uint8Array | undefined;
  /** Those whose keys begin with the prefix. */
  under(prefix: string): Iterable<readonly [string, Uint8Array]>;
}

/** Heights whose state is on the disk. */
export interface Kept {
  readonly oldest: Height;
  readonly head: Height;
}

/** Undefined where no chain was begun, or the records cannot be read. */
export function keptHeights(disk: Records): Kept | undefined {
  const chain = chainStateCodec.decode(disk.get(KEYS.chainState) ?? new Uint8Array());
  const pruned = disk.get(KEYS.pruned);
  const oldest = pruned === undefined ? undefined : heightCodec.decode(pruned);
  if (!chain.ok || oldest?.ok === false || disk.get(KEYS.founding) !== undefined) return undefined;
  return { oldest: oldest?.value ?? (0 as Height), head: chain.value.header.height };
}

/** The entries as they are after this height, by the text of their key. */
export function entriesAt(disk: Records, height: Height): ReadonlyMap<string, Uint8Array> {
  const entries = new Map<string, Uint8Array>();
  for (const [key, value] of disk.under('state/')) entries.set(key.slice('state/'.length), value);
  /** The first height above this one that changed an entry. */
  const changed = new Map<string, number>();
  for (const [key, bytes] of disk.under('past/')) {
    const text = key.slice('past/'.length, key.lastIndexOf(' '));
    const at = heightOf(key);
    if (at <= height || at >= (changed.get(text) ?? Number.POSITIVE_INFINITY)) continue;
    changed.set(text, at);
    const before = decodePast(bytes);
    if (before.ok && before.value !== undefined) entries.set(text, before.value);
    else entries.delete(text);
  }
  return entries;
}

/** At the end of the key of what is past. Keys of members have a space of their own before that. */
const heightOf = (key: string): number => Number(key.slice(key.lastIndexOf(' ')));

/** What is wrong with the newest `most` heights, and with what no height needs; nothing when all is well. */
export function complaintsAboutState(disk: Records, genesis: Genesis, most: number): string[] {
  const kept = keptHeights(disk);
  if (kept === undefined) return [];
  const complaints: string[] = [];
  const reached = new Set<string>();
  const historyHeights = (genesis.ledger as { historyHeights?: number }).historyHeights ?? 0;
  const needed = historyHeights === 0 ? 0 : Math.max(0, kept.head - historyHeights + 1);
  if (kept.oldest > needed) complaints.push(`height ${needed} is pruned, which has to be kept`);
  const from = Math.max(kept.oldest, kept.head - most + 1);
  for (let height = kept.head; height >= from; height = (height - 1) as Height) {
    const leaves = new Map<string, string>();
    const wrong = walk(disk, { version: height, path: ROOT_PATH }, rootAt(disk, genesis, height), { leaves, reached });
    if (wrong !== undefined) complaints.push(`height ${height}: ${wrong}`);
    const entries = entriesAt(disk, height);
    if (entries.size !== leaves.size)
      complaints.push(`height ${height}: ${entries.size} entries, ${leaves.size} leaves`);
    for (const [text, value] of entries) {
      if (leaves.get(toHex(sha256(new TextEncoder().encode(text)))) !== toHex(sha256(value)))
        complaints.push(`height ${height}: ${text} is not what the tree has`);
      const wrong = valueOf(disk, text, value, reached);
      if (wrong !== undefined) complaints.push(`height ${height}: ${wrong}`);
    }
  }
  if (from === kept.oldest) complaints.push(...leftovers(disk, kept, reached));
  return complaints;
}

/** What is wrong with what stands apart from an entry, or undefined. */
function valueOf(disk: Records, text: string, entry: Uint8Array, reached: Set<string>): string | undefined {
  const slash = text.indexOf('/');
  const kind = ENTRY_KINDS.get(text.slice(0, slash));
  const decoded = kind?.codec.decode(entry);
  if (kind === undefined || decoded?.ok !== true) return `${text} is of no kind that is known`;
  const reference = kind.referenceIn(decoded.value);
  if (reference === undefined) return undefined;
  const key = KEYS.value({ key: { kind, text: text.slice(slash + 1) }, version: reference.version });
  if (reached.has(key)) return undefined;
  reached.add(key);
  const value = disk.get(key);
  return value !== undefined && isNamedBy(value, reference) ? undefined : `${key} is not what its entry names`;
}

function rootAt(disk: Records, genesis: Genesis, height: Height): Hash | undefined {
  if (height === 0) return genesisBlock(genesis).header.stateRoot;
  const record = blockRecordCodec.decode(disk.get(KEYS.block(height)) ?? new Uint8Array());
  return record.ok ? record.value.header.stateRoot : undefined;
}

/** Collects the leaves below a node, and the nodes. What is wrong, or undefined. */
function walk(
  disk: Records,
  key: NodeKey,
  hash: Hash | undefined,
  found: { readonly leaves: Map<string, string>; readonly reached: Set<string> },
): string | undefined {
  const text = KEYS.node(key);
  const record = disk.get(text);
  if (record === undefined) return `${text} is gone`;
  if (hash === undefined) return `nothing says what ${text} is hashed to`;
  const base = baseOf(key, record);
  if (!base.ok) return `${text}: ${base.error.message}`;
  const baseText = base.value && KEYS.node(base.value);
  const records = { record, base: baseText === undefined ? undefined : disk.get(baseText) };
  const read = readNode(key, records, fromHex(hash));
  if (!read.ok) return `${text}: ${read.error.message}`;
  const bytes = read.value.node;
  found.reached.add(text);
  if (baseText !== undefined) found.reached.add(baseText);
  for (let slot = 0; slot < SLOTS; slot++) {
    const kind = kindOf(bytes, slot);
    const at = slotAt(bytes, slot);
    if (kind === CHILD) {
      const child = { version: readVersion(bytes, at) as Height, path: key.path + DIGITS.charAt(slot) };
      const below = bytes.slice(at + VERSION_BYTES, at + VERSION_BYTES + HASH_BYTES);
      const wrong = walk(disk, child, toHash(below), found);
      if (wrong !== undefined) return wrong;
      continue;
    }
    const first = at + bytesBeforeLeaves(kind);
    for (let leaf = first; leaf < first + kind * LEAF_BYTES; leaf += LEAF_BYTES)
      found.leaves.set(
        toHex(bytes.slice(leaf, leaf + HASH_BYTES)),
        toHex(bytes.slice(leaf + HASH_BYTES, leaf + LEAF_BYTES)),
      );
  }
  return undefined;
}

/** What is there and no height that is kept needs. */
function* leftovers(disk: Records, { oldest, head }: Kept, reached: ReadonlySet<string>): Generator<string> {
  for (const prefix of ['node/', 'value/'])
    for (const [key] of disk.under(prefix)) if (!reached.has(key)) yield `${key} is of no use`;
  for (const [key] of disk.under('past/')) if (heightOf(key) <= oldest) yield `${key} is of no use`;
  for (const prefix of ['stale/', 'replaced/'])
    for (const [key] of disk.under(prefix)) {
      const height = Number(key.slice(prefix.length));
      if (height <= oldest || height > head) yield `${key} is of no use`;
    }
}
