/**
 * Nodes of the newest version of the tree that are in memory, each at its place: looking one up goes down from the root, and costs less
 * than a map of paths, whose texts would have to be hashed again and again. What was not used for long is forgotten: in a young
 * generation is what was used since the last turn of generations, in the old one what was used between the last two.
 *
 * The nodes that a block made share a few buffers, which is cheap, but a buffer stays as long as one node in it: a block that changes a
 * few accounts for the first time, and others that every block changes, would keep fifty times what is of use. So what a block
 * made is counted together, and when most of it is gone the rest moves into a buffer of its own. What is counted is what is kept,
 * whatever blocks do.
 */
import type { Height } from '../../base/brand.ts';
import { present } from '../../base/invariant.ts';
import type { StoredNode } from '../../ledger/tree/difference.ts';
import { type Difference, SLOTS, type StoredNodes, type TreeNode } from '../../ledger/tree/node.ts';
import type { NodeKey } from '../../ledger/tree/path.ts';
import type { NewNode, TreeUpdate } from '../../ledger/tree/update.ts';
import { LIVE_PART, NODE_WEIGHT } from './limits.ts';

/** Nodes that came together: they share their buffers. */
interface Group {
  /** Bytes of all of them, and of those that are still here. */
  readonly bytes: number;
  live: number;
  /** Where they were put. */
  readonly places: Place[];
}

interface Held {
  readonly version: Height;
  readonly bytes: TreeNode;
  readonly difference: Difference | undefined;
  readonly group: Group;
}

/** Where a node may be, and what is below it. */
interface Place {
  /** The newest of this path, if it is here. */
  node: Held | undefined;
  /** Number of the turn in which it was used last. */
  used: number;
  /** By the next nibble; undefined until there is one. */
  children: (Place | undefined)[] | undefined;
  /** How many of them there are. */
  count: number;
}

const emptyPlace = (): Place => ({ node: undefined, used: 0, children: undefined, count: 0 });

const weightOf = ({ bytes }: Held): number => NODE_WEIGHT + bytes.length;

/** The nibble at this position of a path. */
function nibbleOf(path: string, position: number): number {
  const code = path.charCodeAt(position);
  return code < 58 ? code - 48 : code - 87;
}

export class ResidentNodes implements StoredNodes {
  readonly #root = emptyPlace();
  #turn = 1;
  #youngWeight = 0;
  #oldWeight = 0;
  /** Bytes that are kept for nodes which are gone. */
  #dead = 0;

  /** Bytes that are kept here, about. */
  get bytes(): number {
    return this.#youngWeight + this.#oldWeight + this.#dead;
  }

  get({ version, path }: NodeKey): TreeNode | undefined {
    const place = this.#find(path);
    const node = place?.node;
    if (place === undefined || node?.version !== version) return undefined;
    if (place.used !== this.#turn) {
      place.used = this.#turn;
      this.#oldWeight -= weightOf(node);
      this.#youngWeight += weightOf(node);
    }
    return node.bytes;
  }

  differenceOf({ version, path }: NodeKey): Difference | undefined {
    const node = this.#find(path)?.node;
    return node?.version === version ? node.difference : undefined;
  }

  /** A node that was read. */
  add(key: NodeKey, { node: bytes, difference }: StoredNode): void {
    this.apply({ nodes: [{ key, bytes, difference }], stale: [] });
  }

  apply({ nodes, stale }: Pick<TreeUpdate, 'nodes' | 'stale'>): void {
    const length = nodes.reduce((sum, { bytes }) => sum + bytes.length, 0);
    const group: Group = { bytes: length, live: length, places: [] };
    const poorer = new Set<Group>();
    for (const node of nodes) this.#put(node, group, poorer);
    // Most have given their place to their next version.
    for (const { version, path } of stale)
      if (this.#find(path)?.node?.version === version) this.#remove(this.#root, path, 0, poorer);
    this.#tidy(poorer);
  }

  /** Makes room for so many bytes, where more than half of them was used since the last time. */
  forget(bytesMax: number): void {
    const used = this.#youngWeight;
    const weight = used + this.#oldWeight;
    // What is kept in vain is kept for all alike.
    const kept = weight === 0 ? 0 : (used / weight) * this.#dead;
    if (2 * (used + kept) <= bytesMax) return;
    const poorer = new Set<Group>();
    this.#forgetOld(this.#root, poorer);
    this.#turn += 1;
    this.#oldWeight = this.#youngWeight;
    this.#youngWeight = 0;
    this.#tidy(poorer);
  }

  #find(path: string): Place | undefined {
    let place: Place | undefined = this.#root;
    for (let i = 0; i < path.length && place !== undefined; i++) place = place.children?.[nibbleOf(path, i)];
    return place;
  }

  #put({ key: { version, path }, bytes, difference }: NewNode, group: Group, poorer: Set<Group>): void {
    let place = this.#root;
    for (let i = 0; i < path.length; i++) {
      place.children ??= Array.from({ length: SLOTS });
      const nibble = nibbleOf(path, i);
      let child = place.children[nibble];
      if (child === undefined) {
        child = emptyPlace();
        place.children[nibble] = child;
        place.count += 1;
      }
      place = child;
    }
    this.#empty(place, poorer);
    place.node = { version, bytes, difference, group };
    place.used = this.#turn;
    group.places.push(place);
    this.#youngWeight += NODE_WEIGHT + bytes.length;
  }

  /** Takes out the node at the path, and places that nothing is at or below any more. */
  #remove(place: Place, path: string, depth: number, poorer: Set<Group>): void {
    if (depth === path.length) return this.#empty(place, poorer);
    const children = present(place.children, 'places on the way to a node');
    const nibble = nibbleOf(path, depth);
    const child = present(children[nibble], 'places on the way to a node');
    this.#remove(child, path, depth + 1, poorer);
    if (child.node === undefined && child.count === 0) dropChild(place, children, nibble);
  }

  /** Below this place and at it, forgets what is of the old generation. */
  #forgetOld(place: Place, poorer: Set<Group>): void {
    if (place.node !== undefined && place.used !== this.#turn) this.#empty(place, poorer);
    const { children } = place;
    if (children === undefined) return;
    for (let nibble = 0; nibble < SLOTS; nibble++) {
      const child = children[nibble];
      if (child === undefined) continue;
      this.#forgetOld(child, poorer);
      if (child.node === undefined && child.count === 0) dropChild(place, children, nibble);
    }
  }

  #empty(place: Place, poorer: Set<Group>): void {
    const { node } = place;
    if (node === undefined) return;
    if (place.used === this.#turn) this.#youngWeight -= weightOf(node);
    else this.#oldWeight -= weightOf(node);
    node.group.live -= node.bytes.length;
    this.#dead += node.bytes.length;
    poorer.add(node.group);
    place.node = undefined;
  }

  /** Some nodes of these groups are not here any more. */
  #tidy(groups: Iterable<Group>): void {
    for (const group of groups) {
      if (group.live === 0) this.#dead -= group.bytes;
      else if (group.live < LIVE_PART * group.bytes) this.#move(group);
    }
  }

  /** What is left of the group into a buffer of its own. */
  #move(group: Group): void {
    const places = group.places.filter(({ node }) => node?.group === group);
    const buffer = new Uint8Array(group.live);
    const moved: Group = { bytes: group.live, live: group.live, places };
    let at = 0;
    for (const place of places) {
      const node = place.node as Held;
      buffer.set(node.bytes, at);
      const bytes = buffer.subarray(at, at + node.bytes.length) as TreeNode;
      place.node = { ...node, bytes, group: moved };
      at += bytes.length;
    }
    this.#dead -= group.bytes - group.live;
  }
}

function dropChild(place: Place, children: (Place | undefined)[], nibble: number): void {
  children[nibble] = undefined;
  place.count -= 1;
  if (place.count === 0) place.children = undefined;
}
