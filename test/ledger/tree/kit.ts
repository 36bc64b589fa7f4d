/** What tests of the tree share: the definition of its root, a store of nodes, and a key whose bits are chosen. */
import { type Hash, type Height, height } from '../../../src/base/brand.ts';
import { present } from '../../../src/base/invariant.ts';
import { fromHex, toHash, toHex } from '../../../src/codec/hex.ts';
import { sha256 } from '../../../src/crypto/sha256.ts';
import { EMPTY_TREE_ROOT } from '../../../src/ledger/tree/hashing.ts';
import { baseOf, encodeRecord, readNode, type StoredNode } from '../../../src/ledger/tree/difference.ts';
import {
  CHILD,
  type Difference,
  kindOf,
  readVersion,
  slotAt,
  type StoredNodes,
  type TreeNode,
} from '../../../src/ledger/tree/node.ts';
import { parseNode } from '../../../src/ledger/tree/node-codec.ts';
import { type NodeKey, nodeKeyText } from '../../../src/ledger/tree/path.ts';
import type { LeafChange } from '../../../src/ledger/tree/sorted-changes.ts';
import { type TreeUpdate, updateTree } from '../../../src/ledger/tree/update.ts';

const text = (words: string): Uint8Array => new TextEncoder().encode(words);

function sha256Of(...parts: readonly Uint8Array[]): Uint8Array {
  return sha256(Uint8Array.from(parts.flatMap((part) => [...part])));
}

/** Hashes of keys and of values, as hexadecimal text. */
export type Leaves = ReadonlyMap<string, string>;

/** The root as the README of the vectors writes it down: slow, and independent of ours. */
export function definition(leaves: Leaves): Hash {
  const bits = [...leaves].map(([key, value]) => ({
    key: fromHex(key),
    value: fromHex(value),
    bits: Array.from(key, (digit) => Number.parseInt(digit, 16).toString(2).padStart(4, '0')).join(''),
  }));
  const subtree = (part: typeof bits, depth: number): Uint8Array => {
    const [first] = part;
    if (first === undefined) return text('SPARSE_MERKLE_PLACEHOLDER_HASH__');
    if (part.length === 1) return sha256Of(text('JMT::LeafNode'), first.key, first.value);
    const left = part.filter(({ bits }) => bits[depth] === '0');
    const right = part.filter(({ bits }) => bits[depth] === '1');
    return sha256Of(text('JMT::IntrnalNode'), subtree(left, depth + 1), subtree(right, depth + 1));
  };
  return toHash(subtree(bits, 0));
}

/** A change of a key and value that are hashed already, as hexadecimal text; null deletes. */
export const change = (key: string, value: string | null): LeafChange => ({
  key: fromHex(key),
  value: value === null ? undefined : fromHex(value),
});

/** 32 bytes that begin with these digits, as hexadecimal text. */
export const beginning = (digits: string, filler = '0'): string => digits.padEnd(64, filler);

interface FoundNode {
  readonly key: NodeKey;
  readonly node: TreeNode;
  readonly hash: Uint8Array;
}

/** Nodes by their keys as text, and the records that a store has of them. */
export class MemoryNodes implements StoredNodes {
  readonly nodes = new Map<string, TreeNode>();
  readonly records = new Map<string, Uint8Array>();
  readonly #differences = new Map<string, Difference | undefined>();

  get(key: NodeKey): TreeNode | undefined {
    return this.nodes.get(nodeKeyText(key));
  }

  differenceOf(key: NodeKey): Difference | undefined {
    return this.#differences.get(nodeKeyText(key));
  }

  /** What is written goes through the codec. */
  write(update: TreeUpdate): void {
    for (const { key, bytes, difference } of update.nodes) {
      const parsed = parseNode(key, bytes.slice());
      if (!parsed.ok) throw new Error(`${parsed.error.code}: ${parsed.error.message}`);
      this.nodes.set(nodeKeyText(key), parsed.value);
      this.#differences.set(nodeKeyText(key), difference);
      this.records.set(nodeKeyText(key), encodeRecord(parsed.value, difference).slice());
    }
  }

  /** The node of this hash as its records tell, nothing else. */
  read(key: NodeKey, hash: Uint8Array): StoredNode {
    const record = present(this.records.get(nodeKeyText(key)), nodeKeyText(key));
    const base = baseOf(key, record);
    if (!base.ok) throw new Error(base.error.message);
    const read = readNode(key, { record, base: base.value && this.records.get(nodeKeyText(base.value)) }, hash);
    if (!read.ok) throw new Error(`${nodeKeyText(key)}: ${read.error.message}`);
    return read.value;
  }

  /** What is a base still is read from here as a node too. */
  delete(keys: readonly NodeKey[]): void {
    for (const key of keys) {
      if (!this.records.delete(nodeKeyText(key))) throw new Error(`${nodeKeyText(key)} is not there`);
      this.nodes.delete(nodeKeyText(key));
    }
  }

  /** The nodes of the tree of this version, each with the hash that its parent gives; the root with this one. */
  nodesOf(version: Height, root: Hash): FoundNode[] {
    const found: FoundNode[] = [];
    const visit = (key: NodeKey, hash: Uint8Array): void => {
      const node = present(this.get(key), nodeKeyText(key));
      found.push({ key, node, hash });
      for (const [slot, digit] of Array.from('0123456789abcdef').entries()) {
        if (kindOf(node, slot) !== CHILD) continue;
        const at = slotAt(node, slot);
        visit({ version: height(readVersion(node, at)), path: key.path + digit }, node.slice(at + 6, at + 38));
      }
    };
    visit({ version, path: '' }, fromHex(root));
    return found;
  }

  /** What of the tree of this version depends on its leaves alone: where nodes are, and their bytes but for versions. */
  shapeOf(version: Height): Map<string, string> {
    const shape = this.nodesOf(version, EMPTY_TREE_ROOT).map(({ key, node }) => {
      const bytes = node.slice();
      for (let slot = 0; slot < 16; slot++) {
        const at = slotAt(bytes, slot);
        if (kindOf(bytes, slot) === CHILD) bytes.fill(0, at, at + 6);
      }
      return [key.path, toHex(bytes)] as const;
    });
    return new Map(shape);
  }
}

/** A tree that grows by one version with each call. */
export class GrowingTree {
  readonly source = new MemoryNodes();
  version: Height | undefined;

  update(changes: readonly LeafChange[]): TreeUpdate {
    const to = height(this.version === undefined ? 0 : this.version + 1);
    const update = updateTree(this.source, { from: this.version, to }, changes);
    this.source.write(update);
    this.version = to;
    return update;
  }
}
