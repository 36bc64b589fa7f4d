/**
 * Blocks that wait for their parent. Anybody can make them, so they are bounded in number and in bytes. Where there are too many,
 * the peer that has sent the most loses its oldest: a flood crowds out itself.
 */
import type { Hash } from '../base/brand.ts';
import { invariant, present } from '../base/invariant.ts';
import type { PowBlock } from './block.ts';

/** Whoever a block came from, by a name of the caller's. */
export type Peer = string;

export interface OrphanLimits {
  readonly countMax: number;
  readonly bytesMax: number;
}

export interface Orphan {
  readonly block: PowBlock;
  readonly from: Peer;
}

/** Of one peer. */
interface Share {
  /** Oldest first. */
  readonly ids: Set<Hash>;
  bytes: number;
}

export class Orphans {
  readonly #limits: OrphanLimits;
  readonly #orphans = new Map<Hash, Orphan>();
  readonly #byParent = new Map<Hash, Set<Hash>>();
  readonly #shares = new Map<Peer, Share>();
  #bytes = 0;

  constructor(limits: OrphanLimits) {
    this.#limits = limits;
  }

  get size(): number {
    return this.#orphans.size;
  }

  get bytes(): number {
    return this.#bytes;
  }

  has(id: Hash): boolean {
    return this.#orphans.has(id);
  }

  /** Takes in a block that is not here yet, whatever has to go for it. */
  add(block: PowBlock, from: Peer): void {
    const { id, header, bytes } = block;
    invariant(!this.#orphans.has(id), 'an orphan comes once', { id });
    this.#orphans.set(id, { block, from });
    const siblings = this.#byParent.get(header.parent);
    if (siblings === undefined) this.#byParent.set(header.parent, new Set([id]));
    else siblings.add(id);
    const share = this.#shares.get(from) ?? { ids: new Set(), bytes: 0 };
    this.#shares.set(from, share);
    share.ids.add(id);
    share.bytes += bytes.length;
    this.#bytes += bytes.length;
    while (this.#orphans.size > this.#limits.countMax) this.#dropOldest(({ ids }) => ids.size);
    while (this.#bytes > this.#limits.bytesMax) this.#dropOldest((other) => other.bytes);
  }

  /** Takes out those that wait for this block, in the order in which they came. */
  takeChildren(parent: Hash): readonly Orphan[] {
    const children = [...(this.#byParent.get(parent) ?? [])];
    return children.map((id) => this.#remove(id));
  }

  /** Drops all that would stand on this block, because nothing can. */
  dropBranch(parent: Hash): void {
    const waiting = [parent];
    for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
      for (const { block } of this.takeChildren(next)) waiting.push(block.id);
    }
  }

  /** The block that has to come before this orphan can find its place: the first of its ancestors that does not wait here too. */
  missing(id: Hash): Hash {
    let at = present(this.#orphans.get(id), 'an orphan').block.header.parent;
    // A parent's hash stands in its child, so this does not go round in a circle.
    for (let next = this.#orphans.get(at); next !== undefined; next = this.#orphans.get(at))
      at = next.block.header.parent;
    return at;
  }

  #dropOldest(measure: (share: Share) => number): void {
    const shares = [...this.#shares.values()];
    const largest = shares.reduce((a, b) => (measure(b) > measure(a) ? b : a));
    this.#remove(present(largest.ids.values().next().value, 'an orphan of the largest share'));
  }

  #remove(id: Hash): Orphan {
    const orphan = present(this.#orphans.get(id), 'an orphan');
    const { block, from } = orphan;
    this.#orphans.delete(id);
    const siblings = present(this.#byParent.get(block.header.parent), 'the orphans of a parent');
    siblings.delete(id);
    if (siblings.size === 0) this.#byParent.delete(block.header.parent);
    const share = present(this.#shares.get(from), 'the share of a peer');
    share.ids.delete(id);
    share.bytes -= block.bytes.length;
    if (share.ids.size === 0) this.#shares.delete(from);
    this.#bytes -= block.bytes.length;
    return orphan;
  }
}
