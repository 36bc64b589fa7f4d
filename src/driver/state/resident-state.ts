/**
 * The part of the state that is in memory. It is as the executed head left it: what is here is changed by each block, so it is never
 * older than what is stored. What was not used for long is forgotten once it is durable (`forget`), and fetched again when a body
 * needs it (state-fetching.ts).
 *
 * What came from the disk is believed where the tree proves it: a node when it has the hash that its parent gives, an entry when
 * its leaf has the hash of its value. That is asked once, before the entry is first executed on.
 */
import type { Hash, Height } from '../../base/brand.ts';
import { invariant, InvariantViolation, present } from '../../base/invariant.ts';
import { equalBytes } from '../../codec/codec.ts';
import { fromHex } from '../../codec/hex.ts';
import { sha256 } from '../../crypto/sha256.ts';
import { type EntryKind, type StateKey, stateKeyText, treeKeyOf } from '../../ledger/state/entry-kind.ts';
import type { StateDelta, StateSource } from '../../ledger/state/source.ts';
import { baseOf, type NodeRecords, readNode } from '../../ledger/tree/difference.ts';
import { lookUp, type NodeToFetch, nodesToFetch } from '../../ledger/tree/lookup.ts';
import type { NodeKey } from '../../ledger/tree/path.ts';
import { Generations } from './generations.ts';
import { ENTRY_WEIGHT, type StateCacheLimits } from './limits.ts';
import { ResidentNodes } from './resident-nodes.ts';

/** An entry that is here; a key with nothing under it is remembered too. */
interface Slot {
  value: unknown;
  readonly treeKey: Uint8Array;
  /** SHA-256 of the value as it was read (null: nothing was there), until the tree has proved it. */
  unproved: Uint8Array | null | undefined;
  /** Number of the last look for what is missing that came here: a block touches some entries many times. */
  look: number;
  readonly weight: number;
}

export class ResidentState implements StateSource {
  readonly nodes = new ResidentNodes();
  readonly #limits: StateCacheLimits;
  readonly #entries = new Map<EntryKind<never, unknown>, Generations<Slot>>();
  #version: Height;
  #looks = 0;
  #root: Hash;

  /** `version`: of the tree, the executed height; `root`: what the head's header says of it. */
  constructor({ version, root }: { readonly version: Height; readonly root: Hash }, limits: StateCacheLimits) {
    this.#version = version;
    this.#root = root;
    this.#limits = limits;
  }

  /** Bytes that are kept here, about. */
  get bytes(): number {
    let { bytes } = this.nodes;
    for (const entries of this.#entries.values()) bytes += entries.weight;
    return bytes;
  }

  has(key: StateKey): boolean {
    return this.#slot(key) !== undefined;
  }

  get<V>(key: StateKey<V>): V | undefined {
    return this.#present(key).value as V | undefined;
  }

  treeKey(key: StateKey): Uint8Array {
    return this.#present(key).treeKey;
  }

  apply({ height, entries, tree }: StateDelta): void {
    for (const { key, after, bytes } of entries) {
      const slot = this.#slot(key);
      const weight = weightOf(key, bytes);
      if (slot?.weight === weight) {
        slot.value = after;
        slot.unproved = undefined;
        continue;
      }
      const treeKey = slot?.treeKey ?? treeKeyOf(key);
      this.#put(key, { value: after, treeKey, unproved: undefined, look: 0, weight });
    }
    this.nodes.apply(tree);
    this.#version = height;
    this.#root = tree.root;
  }

  /** What of these keys is missing here, as far as can be told; the rest shows when that is here. All that is here counts as used. */
  missing(keys: Iterable<StateKey>): { readonly entries: readonly StateKey[]; readonly nodes: readonly NodeToFetch[] } {
    const entries = new Map<string, StateKey>();
    const treeKeys: Uint8Array[] = [];
    this.#looks += 1;
    for (const key of keys) {
      const slot = this.#slot(key);
      if (slot?.look === this.#looks) continue;
      if (slot !== undefined) slot.look = this.#looks;
      else if (!entries.has(stateKeyText(key))) entries.set(stateKeyText(key), key);
      else continue;
      treeKeys.push(slot?.treeKey ?? treeKeyOf(key));
    }
    return { entries: [...entries.values()], nodes: nodesToFetch(this.nodes, this.#version, treeKeys) };
  }

  /** An entry as it was read. One that is here is newer. Throws InvariantViolation where it cannot be one. */
  fillEntry(key: StateKey, bytes: Uint8Array | undefined): void {
    if (this.has(key)) return;
    const decoded = bytes === undefined ? undefined : key.kind.codec.decode(bytes);
    if (decoded?.ok === false) throw damaged(stateKeyText(key), decoded.error.message);
    this.#put(key, {
      value: decoded?.value,
      treeKey: treeKeyOf(key),
      unproved: bytes === undefined ? null : sha256(bytes),
      look: 0,
      weight: weightOf(key, bytes),
    });
  }

  /** The other record that a node is made of, as its own record says, if it is. Throws InvariantViolation where there is none. */
  baseOf({ key }: NodeToFetch, record: Uint8Array | undefined): NodeKey | undefined {
    if (record === undefined) throw damagedNode(key, 'it is gone');
    const base = baseOf(key, record);
    if (!base.ok) throw damagedNode(key, base.error.message);
    return base.value;
  }

  /** A node as it was read. Throws InvariantViolation where it is not the one that its parent names, or the head for the root. */
  fillNode({ key, hash }: NodeToFetch, records: NodeRecords): void {
    if (this.nodes.get(key) !== undefined) return;
    const stored = readNode(key, records, hash ?? fromHex(this.#root));
    if (!stored.ok) throw damagedNode(key, stored.error.message);
    this.nodes.add(key, stored.value);
  }

  /** Nothing of these keys is missing: holds what was read of them against the tree. Throws InvariantViolation where it proves something
   *  else. */
  prove(keys: Iterable<StateKey>): void {
    for (const key of keys) {
      const slot = this.#present(key);
      if (slot.unproved === undefined) continue;
      const found = lookUp(this.nodes, this.#version, slot.treeKey);
      invariant(found.ok, 'the path to an entry is here before it is proved', { key: stateKeyText(key) });
      const same = slot.unproved === null ? found.value === undefined : isSame(found.value, slot.unproved);
      if (!same) throw damaged(stateKeyText(key), 'the tree has another value');
      slot.unproved = undefined;
    }
  }

  /** Makes room where more than half of it was used since the last time. Called when all that was changed here is durable. */
  forget(): void {
    const { entryBytes, nodeBytes } = this.#limits;
    let used = 0;
    for (const entries of this.#entries.values()) used += entries.youngWeight;
    if (2 * used > entryBytes) for (const entries of this.#entries.values()) entries.turn();
    this.nodes.forget(nodeBytes);
  }

  #slot({ kind, text }: StateKey): Slot | undefined {
    return this.#entries.get(kind)?.get(text);
  }

  #present(key: StateKey): Slot {
    const slot = this.#slot(key);
    if (slot === undefined)
      throw new InvariantViolation('what is executed on was fetched before', { key: stateKeyText(key) });
    return slot;
  }

  #put({ kind, text }: StateKey, slot: Slot): void {
    let entries = this.#entries.get(kind);
    if (entries === undefined) {
      entries = new Generations();
      this.#entries.set(kind, entries);
    }
    entries.set(text, slot);
  }
}

const weightOf = ({ text }: StateKey, bytes: Uint8Array | undefined): number =>
  ENTRY_WEIGHT + text.length + (bytes?.length ?? 0);

const isSame = (a: Uint8Array | undefined, b: Uint8Array): boolean =>
  a !== undefined && equalBytes(a, present(b, 'hash'));

const damagedNode = ({ version, path }: NodeKey, how: string): InvariantViolation =>
  damaged(`node ${version}/${path}`, how);

const damaged = (what: string, how: string): InvariantViolation =>
  new InvariantViolation('what the disk has of the state is what the head binds', { what, how });
