/**
 * Blocks that wait for their parent. Anybody can make them, so they are bounded in number and in bytes. Where there are too many,
 * the peer that has sent the most loses its oldest: a flood crowds out itself.
 *
 * Where there are too many bytes, only a block's content goes. That it is there, on which block it stands and what work is in it is
 * kept: so a branch that is larger than the room for contents is walked back once, block by block, and when its oldest blocks
 * have found their place it is known which block comes next. That one is asked for again.
 */
import type { Hash } from '../base/brand.ts';
import { invariant, present } from '../base/invariant.ts';
import type { PowBlock } from './block.ts';
import { workOfBits } from './target.ts';

/** Whoever a block came from, by a name of the caller's. */
export type Peer = string;

export interface OrphanLimits {
  readonly countMax: number;
  /** Of contents. */
  readonly bytesMax: number;
}

export interface Orphan {
  readonly block: PowBlock;
  readonly from: Peer;
}

/** A block whose content is not here. */
export interface Lost {
  readonly id: Hash;
  readonly from: Peer;
}

interface Waiting {
  readonly id: Hash;
  readonly parent: Hash;
  /** Of this block alone. */
  readonly work: bigint;
  readonly from: Peer;
  /** Null where the content had to go. */
  block: PowBlock | null;
}

/** Of one peer. */
interface Share {
  /** Oldest first. */
  readonly ids: Set<Hash>;
  /** Those with their content, oldest first. */
  readonly held: Set<Hash>;
  bytes: number;
}

export class Orphans {
  readonly #limits: OrphanLimits;
  readonly #orphans = new Map<Hash, Waiting>();
  readonly #byParent = new Map<Hash, Set<Hash>>();
  readonly #shares = new Map<Peer, Share>();
  #bytes = 0;

  constructor(limits: OrphanLimits) {
    this.#limits = limits;
  }

  get size(): number {
    return this.#orphans.size;
  }

  /** Of contents. */
  get bytes(): number {
    return this.#bytes;
  }

  has(id: Hash): boolean {
    return this.#orphans.has(id);
  }

  /** Who sent this block, where its content is here; null where it is not. */
  senderOf(id: Hash): Peer | null {
    const orphan = this.#orphans.get(id);
    return orphan === undefined || orphan.block === null ? null : orphan.from;
  }

  /** Takes in a block whose content is not here yet, whatever has to go for it. Its header and what its hash promises were checked. */
  add(block: PowBlock, from: Peer): void {
    const { id, header, bytes } = block;
    invariant(this.senderOf(id) === null, 'the content of an orphan comes once', { id });
    this.drop(id);
    this.#orphans.set(id, { id, parent: header.parent, work: workOfBits(header.bits), from, block });
    const siblings = this.#byParent.get(header.parent);
    if (siblings === undefined) this.#byParent.set(header.parent, new Set([id]));
    else siblings.add(id);
    const share = this.#shares.get(from) ?? { ids: new Set(), held: new Set(), bytes: 0 };
    this.#shares.set(from, share);
    share.ids.add(id);
    share.held.add(id);
    share.bytes += bytes.length;
    this.#bytes += bytes.length;
    while (this.#orphans.size > this.#limits.countMax) this.#dropOldest();
    while (this.#bytes > this.#limits.bytesMax) this.#dropOldestContent();
  }

  /** Takes out those that wait for this block and have their content, in the order in which they came. */
  takeChildren(parent: Hash): readonly Orphan[] {
    return this.#children(parent).flatMap(({ id, from, block }) => {
      if (block === null) return [];
      this.drop(id);
      return [{ block, from }];
    });
  }

  /** Those that wait for this block, and whose content had to go. */
  lostChildren(parent: Hash): readonly Lost[] {
    return this.#children(parent).filter(({ block }) => block === null);
  }

  /** Drops all that would stand on this block, because nothing can. Returns their ids. */
  dropBranch(parent: Hash): readonly Hash[] {
    const dropped: Hash[] = [];
    const waiting = [parent];
    for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
      for (const { id } of this.#children(next)) {
        this.drop(id);
        dropped.push(id);
        waiting.push(id);
      }
    }
    return dropped;
  }

  /** The block that has to come next so that this one can find its place: the first of its ancestors that does not wait here too.
   *  Where that one has its place already (`hasPlace`), the one after it, whose content had to go. The block itself, where it does
   *  not wait here. */
  missing(id: Hash, hasPlace: (id: Hash) => boolean): Hash {
    let [at, after] = [id, id];
    // A parent's hash stands in its child, so this does not go round in a circle.
    for (let next = this.#orphans.get(at); next !== undefined; next = this.#orphans.get(at))
      [at, after] = [next.parent, at];
    return hasPlace(at) ? after : at;
  }

  /** Work of the heaviest branch that waits for this block, without the block. */
  workAbove(id: Hash): bigint {
    let most = 0n;
    const waiting: { readonly id: Hash; readonly work: bigint }[] = [{ id, work: 0n }];
    for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
      if (next.work > most) most = next.work;
      for (const child of this.#children(next.id)) waiting.push({ id: child.id, work: next.work + child.work });
    }
    return most;
  }

  /** Drops a block, if it waits here. */
  drop(id: Hash): void {
    const orphan = this.#orphans.get(id);
    if (orphan === undefined) return;
    this.#dropContent(orphan);
    this.#orphans.delete(id);
    const siblings = present(this.#byParent.get(orphan.parent), 'the orphans of a parent');
    siblings.delete(id);
    if (siblings.size === 0) this.#byParent.delete(orphan.parent);
    const { ids } = this.#shareOf(orphan);
    ids.delete(id);
    if (ids.size === 0) this.#shares.delete(orphan.from);
  }

  #children(parent: Hash): Waiting[] {
    const ids = [...(this.#byParent.get(parent) ?? [])];
    return ids.map((id) => present(this.#orphans.get(id), 'an orphan'));
  }

  #shareOf({ from }: Waiting): Share {
    return present(this.#shares.get(from), 'the share of a peer');
  }

  #dropOldest(): void {
    const [oldest] = this.#largest(({ ids }) => ids.size).ids;
    this.drop(present(oldest, 'an orphan of the largest share'));
  }

  #dropOldestContent(): void {
    const [oldest] = this.#largest(({ bytes }) => bytes).held;
    this.#dropContent(present(this.#orphans.get(present(oldest, 'a content of the largest share')), 'an orphan'));
  }

  #largest(measure: (share: Share) => number): Share {
    return [...this.#shares.values()].reduce((a, b) => (measure(b) > measure(a) ? b : a));
  }

  #dropContent(orphan: Waiting): void {
    const { block } = orphan;
    if (block === null) return;
    const share = this.#shareOf(orphan);
    share.held.delete(block.id);
    share.bytes -= block.bytes.length;
    this.#bytes -= block.bytes.length;
    orphan.block = null;
  }
}
