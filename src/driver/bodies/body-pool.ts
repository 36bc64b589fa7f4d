/**
 * Bodies of the heights in flight. A body arrives with the ids of its transactions. When it may collect, those that are
 * here are looked up, and it waits for the others. It is complete when all are here, with their signatures checked.
 * Bounded: a few bodies for each height, heights within the window; `Bodies` says which may collect.
 */
import type { Hash, Height } from '../../base/brand.ts';
import type { Body } from '../../ledger/block.ts';
import type { Measure } from '../../ledger/body-check.ts';
import type { IdentifiedTransaction } from '../../ledger/transaction.ts';
import { weightOf } from '../../ledger/weight.ts';
import { BODIES_PER_HEIGHT_MAX } from '../limits.ts';
import type { PeerId } from '../ports.ts';

export interface PooledBody {
  readonly height: Height;
  readonly hash: Hash;
  readonly body: Body;
  /** Who gave it to us; null where it was stored, or is our own. */
  readonly from: PeerId | null;
  /** What it collected; null while its turn has not come. */
  collected: Collected | null;
  /** It is stored, or in the batch of this turn. Only bodies that were found valid are. */
  stored: boolean;
  /** The core asks about it or ordered it, so it is in flight: what it carries is not proposed a second time. */
  live: boolean;
}

interface Collected {
  /** In the order of the ids; undefined where it is missing. */
  readonly transactions: (IdentifiedTransaction | undefined)[];
  /** Positions by id of what is missing. */
  readonly missing: Map<Hash, number>;
  measure: Measure;
}

type Find = (id: Hash) => IdentifiedTransaction | undefined;

export class BodyPool {
  readonly #heights = new Map<Height, Map<Hash, PooledBody>>();
  /** Transactions of complete live bodies, by id: what FETCH is answered from, and what is not proposed again. */
  readonly #carried = new Map<Hash, IdentifiedTransaction>();
  /** Who waits for a transaction. */
  readonly #wanted = new Map<Hash, Set<PooledBody>>();
  /** Called when a body grew: it is given up if it is too large by now. */
  readonly #grew: (pooled: PooledBody, measure: Measure) => void;

  constructor(grew: (pooled: PooledBody, measure: Measure) => void = () => {}) {
    this.#grew = grew;
  }

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

  /** Takes a body in. A height that is full forgets its oldest body, but never the one to `keep`. Those that we voted
   *  for stay on disk all the same. */
  add(height: Height, hash: Hash, body: Body, from: PeerId | null, keep?: Hash): PooledBody {
    const bodies = this.#heights.get(height) ?? new Map<Hash, PooledBody>();
    const known = bodies.get(hash);
    if (known !== undefined) return known;
    if (bodies.size >= BODIES_PER_HEIGHT_MAX) {
      const oldest = [...bodies.values()].find((each) => each.hash !== keep);
      if (oldest !== undefined) this.remove(oldest.height, oldest.hash);
    }
    const pooled: PooledBody = { height, hash, body, from, collected: null, stored: false, live: false };
    bodies.set(hash, pooled);
    this.#heights.set(height, bodies);
    return pooled;
  }

  /** Its turn has come: what is here is looked up, and the rest waited for. */
  collect(pooled: PooledBody, find: Find): void {
    if (pooled.collected !== null) return;
    const transactions = pooled.body.transactionIds.map(find);
    const missing = new Map<Hash, number>();
    let [count, weight, bytes] = [0, 0, 0];
    for (const [position, id] of pooled.body.transactionIds.entries()) {
      const item = transactions[position];
      if (item === undefined) {
        missing.set(id, position);
        this.#wanted.set(id, (this.#wanted.get(id) ?? new Set()).add(pooled));
        continue;
      }
      count += 1;
      weight += weightOf(item.signed.transaction);
      bytes += item.bytes.length;
    }
    pooled.collected = { transactions, missing, measure: { count, weight, bytes } };
    if (pooled.live && missing.size === 0) this.#carry(pooled);
    this.#grew(pooled, pooled.collected.measure);
  }

  /** Drops what it collected. */
  release(pooled: PooledBody): void {
    if (pooled.collected === null) return;
    if (isComplete(pooled) && pooled.live) for (const id of pooled.body.transactionIds) this.#carried.delete(id);
    for (const id of pooled.collected.missing.keys()) {
      const waiting = this.#wanted.get(id);
      waiting?.delete(pooled);
      if (waiting?.size === 0) this.#wanted.delete(id);
    }
    pooled.collected = null;
  }

  /** The core asks about the body, or ordered it. */
  enliven(height: Height, hash: Hash): void {
    const pooled = this.get(height, hash);
    if (pooled === undefined || pooled.live) return;
    pooled.live = true;
    if (isComplete(pooled)) this.#carry(pooled);
  }

  /** Another view begins: no body is in flight until it is proposed again. Those that were not found valid, and are not
   *  to be kept, drop what they collected, and collect anew then. */
  retire(keep: ReadonlyMap<Height, Hash> = new Map()): void {
    this.#carried.clear();
    for (const bodies of this.#heights.values())
      for (const pooled of bodies.values()) {
        pooled.live = false;
        if (!pooled.stored && keep.get(pooled.height) !== pooled.hash) this.release(pooled);
      }
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
    const weight = weightOf(item.signed.transaction);
    for (const pooled of waiting) {
      const { collected } = pooled;
      const position = collected?.missing.get(item.id);
      if (collected === null || position === undefined) continue;
      collected.missing.delete(item.id);
      collected.transactions[position] = item;
      const { measure } = collected;
      collected.measure = {
        count: measure.count + 1,
        weight: measure.weight + weight,
        bytes: measure.bytes + item.bytes.length,
      };
      if (pooled.live && isComplete(pooled)) this.#carry(pooled);
      this.#grew(pooled, collected.measure);
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
      for (const hash of bodies.keys()) this.remove(height, hash);
    }
  }

  remove(height: Height, hash: Hash): void {
    const bodies = this.#heights.get(height);
    const pooled = bodies?.get(hash);
    if (bodies === undefined || pooled === undefined) return;
    this.release(pooled);
    bodies.delete(hash);
    if (bodies.size === 0) this.#heights.delete(height);
  }

  #carry({ collected }: PooledBody): void {
    for (const item of collected?.transactions ?? []) if (item !== undefined) this.#carried.set(item.id, item);
  }
}

const isComplete = ({ collected }: PooledBody): boolean => collected !== null && collected.missing.size === 0;

/** The transactions of a complete body; undefined while some are missing. */
export const completeTransactions = (pooled: PooledBody): readonly IdentifiedTransaction[] | undefined =>
  isComplete(pooled) ? (pooled.collected?.transactions as IdentifiedTransaction[]) : undefined;
