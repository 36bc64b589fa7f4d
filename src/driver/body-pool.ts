/**
 * Bodies of the heights in flight. A body arrives with its transactions named by id; it is complete when all of them are
 * here and their signatures checked. Bounded: a few bodies a height, heights within the window.
 */
import type { Hash, Height } from '../base/brand.ts';
import type { Body } from '../ledger/block.ts';
import type { IdentifiedTransaction } from '../ledger/transaction.ts';
import { BODIES_PER_HEIGHT_MAX } from './limits.ts';

export interface PooledBody {
  readonly height: Height;
  readonly hash: Hash;
  readonly body: Body;
  /** In the order of the ids; undefined where it is missing. */
  readonly transactions: (IdentifiedTransaction | undefined)[];
  /** Positions by id of what is missing. */
  readonly missing: Map<Hash, number>;
  /** It is stored, or in the batch of this turn. */
  stored: boolean;
  /** The core asks about it or ordered it: what it carries need not be proposed again. */
  live: boolean;
}

export class BodyPool {
  readonly #heights = new Map<Height, Map<Hash, PooledBody>>();
  /** Transactions of complete live bodies, by id: what FETCH is answered from, and what is not proposed again. */
  readonly #carried = new Map<Hash, IdentifiedTransaction>();
  /** Who waits for a transaction. */
  readonly #wanted = new Map<Hash, Set<PooledBody>>();

  get(height: Height, hash: Hash): PooledBody | undefined {
    return this.#heights.get(height)?.get(hash);
  }

  /** Transactions in flight. */
  get carried(): ReadonlyMap<Hash, IdentifiedTransaction> {
    return this.#carried;
  }

  wants(id: Hash): boolean {
    return this.#wanted.has(id);
  }

  /** A full height forgets its oldest body, but the one to `keep`: what we voted for stays on disk, here and at others. */
  add(
    height: Height,
    hash: Hash,
    body: Body,
    find: (id: Hash) => IdentifiedTransaction | undefined,
    keep?: Hash,
  ): PooledBody {
    const bodies = this.#heights.get(height) ?? new Map<Hash, PooledBody>();
    const known = bodies.get(hash);
    if (known !== undefined) return known;
    if (bodies.size >= BODIES_PER_HEIGHT_MAX) {
      const oldest = [...bodies.values()].find((each) => each.hash !== keep);
      if (oldest !== undefined) {
        this.#forget(oldest);
        bodies.delete(oldest.hash);
      }
    }
    const transactions = body.transactionIds.map(find);
    const missing = new Map<Hash, number>();
    const pooled: PooledBody = { height, hash, body, transactions, missing, stored: false, live: false };
    for (const [position, id] of body.transactionIds.entries()) {
      if (transactions[position] !== undefined) continue;
      missing.set(id, position);
      const waiting = this.#wanted.get(id) ?? new Set();
      this.#wanted.set(id, waiting.add(pooled));
    }
    bodies.set(hash, pooled);
    this.#heights.set(height, bodies);
    return pooled;
  }

  /** The core asks about the body, or ordered it. */
  enliven(height: Height, hash: Hash): void {
    const pooled = this.get(height, hash);
    if (pooled === undefined || pooled.live) return;
    pooled.live = true;
    if (pooled.missing.size === 0) this.#carry(pooled);
  }

  /** Another view begins: bodies of the one before are in flight only if they are proposed again. */
  retire(): void {
    this.#carried.clear();
    for (const bodies of this.#heights.values()) for (const pooled of bodies.values()) pooled.live = false;
  }

  /** What the core asks about or ordered, and is not executed. */
  *live(): Generator<Body> {
    for (const bodies of this.#heights.values()) for (const { live, body } of bodies.values()) if (live) yield body;
  }

  /** A transaction whose signature was checked. */
  supply(item: IdentifiedTransaction): void {
    const waiting = this.#wanted.get(item.id);
    if (waiting === undefined) return;
    this.#wanted.delete(item.id);
    for (const pooled of waiting) {
      const position = pooled.missing.get(item.id);
      if (position === undefined) continue;
      pooled.missing.delete(item.id);
      pooled.transactions[position] = item;
      if (pooled.missing.size === 0 && pooled.live) this.#carry(pooled);
    }
  }

  /** How many are here. */
  get size(): number {
    let size = 0;
    for (const bodies of this.#heights.values()) size += bodies.size;
    return size;
  }

  /** Drops the bodies of a height and below, but of those to keep. */
  drop(upTo: Height, keep: ReadonlyMap<Height, unknown> = new Map()): void {
    for (const [height, bodies] of this.#heights) {
      if (height > upTo || keep.has(height)) continue;
      this.#heights.delete(height);
      for (const pooled of bodies.values()) this.#forget(pooled);
    }
  }

  #forget(pooled: PooledBody): void {
    if (pooled.live) for (const id of pooled.body.transactionIds) this.#carried.delete(id);
    for (const id of pooled.missing.keys()) {
      const waiting = this.#wanted.get(id);
      waiting?.delete(pooled);
      if (waiting?.size === 0) this.#wanted.delete(id);
    }
  }

  #carry(pooled: PooledBody): void {
    for (const item of pooled.transactions) if (item !== undefined) this.#carried.set(item.id, item);
  }
}

/** The transactions of a complete body; undefined while some are missing. */
export const completeTransactions = (pooled: PooledBody): readonly IdentifiedTransaction[] | undefined =>
  pooled.missing.size === 0 ? (pooled.transactions as IdentifiedTransaction[]) : undefined;
