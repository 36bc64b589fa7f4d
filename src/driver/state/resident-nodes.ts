/**
 * Nodes of the newest version of the tree that are in memory. Those that a block made share a few buffers, which is cheap, but a buffer
 * stays as long as one node in it: a block that changes a few accounts for the first time, and others that every block changes, would
 * keep fifty times what is of use. So what a block made is counted together, and when most of it is gone the rest moves
 * into a buffer of its own. What is counted is what is kept, whatever blocks do.
 */
import type { Height } from '../../base/brand.ts';
import type { Difference, StoredNodes, TreeNode } from '../../ledger/tree/node.ts';
import type { NodeKey } from '../../ledger/tree/path.ts';
import type { StoredNode } from '../../ledger/tree/difference.ts';
import type { NewNode, TreeUpdate } from '../../ledger/tree/update.ts';
import { Generations } from './generations.ts';
import { LIVE_PART, NODE_WEIGHT } from './limits.ts';

/** Nodes that came together: they share their buffers. */
interface Group {
  /** Bytes of all of them, and of those that are still here. */
  readonly bytes: number;
  live: number;
  readonly paths: readonly string[];
}

interface Node {
  readonly version: Height;
  readonly bytes: TreeNode;
  readonly difference: Difference | undefined;
  readonly group: Group;
  readonly weight: number;
}

export class ResidentNodes implements StoredNodes {
  /** By path: the newest of each. */
  readonly #nodes = new Generations<Node>();
  /** Bytes that are kept for nodes which are gone. */
  #dead = 0;

  /** Bytes that are kept here, about. */
  get bytes(): number {
    return this.#nodes.weight + this.#dead;
  }

  get({ version, path }: NodeKey): TreeNode | undefined {
    const node = this.#nodes.get(path);
    return node?.version === version ? node.bytes : undefined;
  }

  differenceOf({ version, path }: NodeKey): Difference | undefined {
    const node = this.#nodes.peek(path);
    return node?.version === version ? node.difference : undefined;
  }

  /** A node that was read. */
  add(key: NodeKey, { node: bytes, difference }: StoredNode): void {
    const group: Group = { bytes: bytes.length, live: bytes.length, paths: [key.path] };
    const before = this.#put({ key, bytes, difference }, group);
    if (before !== undefined) this.#gone([before]);
  }

  apply({ nodes, stale }: Pick<TreeUpdate, 'nodes' | 'stale'>): void {
    const length = nodes.reduce((sum, { bytes }) => sum + bytes.length, 0);
    const group: Group = { bytes: length, live: length, paths: nodes.map(({ key }) => key.path) };
    const gone: Node[] = [];
    for (const node of nodes) {
      const before = this.#put(node, group);
      if (before !== undefined) gone.push(before);
    }
    // Most have given their place to their next version.
    for (const { version, path } of stale) {
      const node = this.#nodes.peek(path)?.version === version ? this.#nodes.take(path) : undefined;
      if (node !== undefined) gone.push(node);
    }
    this.#gone(gone);
  }

  /** Makes room for so many bytes, where more than half of them was used since the last time. */
  forget(bytesMax: number): void {
    const used = this.#nodes.youngWeight;
    // What is kept in vain is kept for all alike.
    const kept = this.#nodes.weight === 0 ? 0 : (used / this.#nodes.weight) * this.#dead;
    if (2 * (used + kept) > bytesMax) this.#gone(this.#nodes.turn());
  }

  /** What was there before. */
  #put({ key: { version, path }, bytes, difference }: NewNode, group: Group): Node | undefined {
    return this.#nodes.set(path, { version, bytes, difference, group, weight: NODE_WEIGHT + bytes.length });
  }

  /** These are not here any more. */
  #gone(nodes: Iterable<Node>): void {
    const groups = new Set<Group>();
    for (const { group, bytes } of nodes) {
      group.live -= bytes.length;
      this.#dead += bytes.length;
      groups.add(group);
    }
    for (const group of groups) {
      if (group.live === 0) this.#dead -= group.bytes;
      else if (group.live < LIVE_PART * group.bytes) this.#move(group);
    }
  }

  /** What is left of the group into a buffer of its own. */
  #move(group: Group): void {
    const paths = group.paths.filter((path) => this.#nodes.peek(path)?.group === group);
    const buffer = new Uint8Array(group.live);
    const moved: Group = { bytes: group.live, live: group.live, paths };
    let at = 0;
    for (const path of paths) {
      const node = this.#nodes.peek(path) as Node;
      buffer.set(node.bytes, at);
      const bytes = buffer.subarray(at, at + node.bytes.length) as TreeNode;
      this.#nodes.replace(path, { ...node, bytes, group: moved });
      at += bytes.length;
    }
    this.#dead -= group.bytes - group.live;
  }
}
