/**
 * From body hashes to bodies: answers the core's questions whether a body is valid, and hands ordered bodies to the ledger.
 * Each part of a body is judged as soon as it is here, and no more is collected of a body that is invalid.
 */
import type { Hash, Height } from '../../base/brand.ts';
import type { Authority } from '../../consensus/authenticate.ts';
import { type Body, bodyHash, type FullBody, NULL_BODY, NULL_BODY_HASH } from '../../ledger/block.ts';
import { checkBodyAlone, checkMeasure } from '../../ledger/body-check.ts';
import type { Epochs, EpochSet } from '../../ledger/epoch.ts';
import type { Genesis } from '../../ledger/genesis.ts';
import { type IdentifiedTransaction, identifyTransaction } from '../../ledger/transaction.ts';
import { rulesOf } from '../../ledger/transaction-rules.ts';
import { Attention } from './attention.ts';
import { BodyPool, completeTransactions } from './body-pool.ts';
import type { Batch } from '../stored/batch.ts';
import { Judge } from './judge.ts';
import { StoredBodies } from './stored-bodies.ts';
import { Verdicts } from './verdicts.ts';
import { type Knowledge, Wants } from './wants.ts';
import type { Clock, PeerId } from '../ports.ts';
import type { Outbox } from '../peers/outbox.ts';
import type { Roster } from '../peers/roster.ts';

interface BodiesContext {
  readonly genesis: Genesis;
  readonly clock: Clock;
  readonly batch: Batch;
  readonly epochs: Epochs;
  readonly authority: (epoch: EpochSet) => Authority;
  /** Time of the newest block that was executed. */
  readonly headMs: () => number;
  readonly roster: Pick<Roster, 'peers' | 'peerOf'>;
  readonly outbox: Pick<Outbox, 'sendTo'>;
  /** A verified transaction that waits here. */
  readonly find: (id: Hash) => IdentifiedTransaction | undefined;
  readonly executedHeight: () => Height;
  /** The body executed at this height, where the block is not final yet. */
  readonly executedBody: (height: Height) => Hash | undefined;
}

export interface ReadyBody {
  readonly body: Body;
  readonly transactions: readonly IdentifiedTransaction[];
  /** The store has it, or this turn's batch. */
  readonly stored: boolean;
}

export class Bodies {
  readonly pool: BodyPool;
  readonly attention: Attention;
  /** Whether bodies are valid: what the core asks, and what it is answered. */
  readonly verdicts: Verdicts;
  readonly #context: BodiesContext;
  readonly #stored: StoredBodies;
  readonly #wants: Wants;
  /** Ordered bodies that wait for execution, by height. */
  readonly #ordered = new Map<Height, Hash>();

  constructor(context: BodiesContext) {
    this.#context = context;
    this.attention = new Attention(context.genesis, context.clock.nowMs());
    this.pool = new BodyPool((pooled, measure) => {
      const epoch = context.epochs.at(pooled.height);
      const fits = epoch !== undefined && checkMeasure(pooled.body, measure, rulesOf(context.genesis, epoch)).ok;
      if (!fits && !this.#isOrdered(pooled)) this.verdicts.refuse(pooled);
    });
    this.#stored = new StoredBodies(context.batch, context.executedHeight);
    this.verdicts = new Verdicts({
      ...context,
      judge: new Judge(context, this.attention),
      pool: this.pool,
      stored: this.#stored,
      isOrdered: (body) => this.#isOrdered(body),
    });
    this.#wants = new Wants(context, this.pool);
  }

  /** Bodies that were durable when the node stopped: they were checked before. */
  restore(bodies: readonly { readonly height: Height; readonly hash: Hash; readonly fullBody: FullBody }[]): void {
    for (const { height, hash, fullBody } of bodies) {
      const pooled = this.pool.add(height, hash, fullBody.body, null);
      const found = fullBody.transactions.flatMap((bytes) => {
        const identified = identifyTransaction(bytes);
        return identified.ok ? [[identified.value.id, identified.value] as const] : [];
      });
      const known = new Map(found);
      this.pool.collect(pooled, (id) => known.get(id));
      this.#stored.found(pooled);
    }
  }

  /** Whether bodies of a height are taken. While the first ordered height lacks its body and more than a window of
   *  ordered heights waits behind it, only bodies near it are taken: else they would pile up here for as long as the
   *  quorum goes on without us. The others are asked for later. */
  #hasRoom(height: Height): boolean {
    const { genesis, executedHeight } = this.#context;
    const { window } = genesis.consensus;
    return this.#ordered.size <= window || height <= executedHeight() + window;
  }

  #isOrdered({ height, hash }: { readonly height: Height; readonly hash: Hash }): boolean {
    return this.#ordered.get(height) === hash;
  }

  /** A body that came with a PRE-PREPARE which the core accepted, or that was asked for. */
  offered(height: Height, hash: Hash, body: Body, from: PeerId): void {
    if (!this.#hasRoom(height)) return;
    // The sender is not punished: it may be honest, and pass on what the primary signed and sent to it.
    const { genesis, epochs } = this.#context;
    const epoch = epochs.at(height);
    if (epoch === undefined || !checkBodyAlone(body, rulesOf(genesis, epoch), epoch.validators).ok)
      return this.verdicts.refuse({ height, hash });
    const pooled = this.pool.add(height, hash, body, from, this.#ordered.get(height));
    if (this.#isWanted(height, hash)) this.pool.enliven(height, hash);
    if (this.#isOrdered(pooled)) this.pool.collect(pooled, this.#context.find);
    else this.verdicts.collect();
  }

  /** A body of our own. Durable before anybody hears of it. */
  proposed(height: Height, body: Body, transactions: readonly IdentifiedTransaction[]): Hash {
    const hash = bodyHash(body);
    const found = new Map(transactions.map((item) => [item.id, item]));
    const pooled = this.pool.add(height, hash, body, null, this.#ordered.get(height));
    this.pool.collect(pooled, (id) => found.get(id));
    this.pool.enliven(height, hash);
    this.#stored.store(pooled, transactions);
    return hash;
  }

  /** An answer to FETCH. True when its transactions are of use: it was asked for, and lacks some. */
  answered(height: Height, hash: Hash, body: Body, from: PeerId): boolean {
    if (!this.#isWanted(height, hash)) return false;
    if (this.pool.get(height, hash) === undefined) this.offered(height, hash, body, from);
    return (this.pool.get(height, hash)?.collected?.missing.size ?? 0) > 0;
  }

  /** Another view begins: questions of the one before need no answer. */
  viewEntered(): void {
    this.verdicts.forget(() => true);
    this.pool.retire(this.#ordered);
    for (const [height, hash] of this.#ordered) this.#expect(height, hash);
  }

  /** The core ordered a body. */
  execute(height: Height, hash: Hash): void {
    this.#ordered.set(height, hash);
    this.#expect(height, hash);
  }

  /** Collects a body that a quorum ordered, however much it holds: it has to be executed. */
  #expect(height: Height, hash: Hash): void {
    const pooled = this.pool.get(height, hash);
    if (pooled === undefined) return;
    this.pool.enliven(height, hash);
    this.pool.collect(pooled, this.#context.find);
  }

  #isWanted(height: Height, hash: Hash): boolean {
    return this.verdicts.isAsked(height, hash) || this.#ordered.get(height) === hash;
  }

  /** The body of the next height, if it is ordered and here. */
  nextExecutable(height: Height): ReadyBody | undefined {
    const hash = this.#ordered.get(height);
    if (hash === undefined) return undefined;
    return this.complete(height, hash);
  }

  /** A body with all its transactions, where these are here. */
  complete(height: Height, hash: Hash): ReadyBody | undefined {
    if (hash === NULL_BODY_HASH) return { body: NULL_BODY, transactions: [], stored: false };
    const pooled = this.pool.get(height, hash);
    const transactions = pooled === undefined ? undefined : completeTransactions(pooled);
    if (pooled === undefined || transactions === undefined) return undefined;
    return { body: pooled.body, transactions, stored: pooled.stored };
  }

  /** The height is executed: all about it and below is settled. Bodies that lost are removed from the store. */
  drop(height: Height, kept: Hash): void {
    this.verdicts.forget((each) => each <= height);
    for (const each of this.#ordered.keys()) if (each <= height) this.#ordered.delete(each);
    this.pool.drop(height);
    this.#stored.drop(height, kept);
  }

  /** There is a certificate a whole window above this height. What was not ordered up to here comes by state transfer,
   *  so whatever is known of it is dropped. */
  passed(height: Height): void {
    this.verdicts.forget((each) => each <= height && !this.#ordered.has(each));
    this.pool.drop(height, this.#ordered);
  }

  /** Fetches what is missing. Called at the end of each turn. */
  fetch(tick: number, knowledge: Knowledge): void {
    const needed = new Map<Height, Hash>(this.#ordered);
    for (const { height, bodyHash: hash } of this.verdicts.questions())
      if (!needed.has(height)) needed.set(height, hash);
    for (const height of needed.keys()) if (!this.#hasRoom(height)) needed.delete(height);
    this.#wants.pursue(needed, tick, knowledge);
  }

  /** Whether the body of this height is ordered, and was asked for in vain. */
  isOverdue(height: Height, isCertified: boolean): boolean {
    const hash = this.#ordered.get(height);
    return hash !== undefined && this.#wants.isInVain(hash, isCertified);
  }
}
