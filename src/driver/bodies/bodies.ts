/**
 * From body hashes to bodies: answers the core's questions whether a body is valid, and hands ordered bodies to the ledger.
 * A body is judged by each of its parts as soon as that part is here, and what is invalid is not collected any further.
 */
import type { Epoch, Hash, Height, ValidatorIndex, View } from '../../base/brand.ts';
import type { Authority } from '../../consensus/authenticate.ts';
import { type Body, bodyHash, type FullBody, fullBodyCodec, NULL_BODY, NULL_BODY_HASH } from '../../ledger/block.ts';
import { checkBody, checkBodyAlone, checkMeasure, mostBytesOf } from '../../ledger/body-check.ts';
import type { Genesis } from '../../ledger/genesis.ts';
import { type IdentifiedTransaction, identifyTransaction } from '../../ledger/transaction.ts';
import { Attention } from './attention.ts';
import { BodyPool, completeTransactions, type PooledBody } from './body-pool.ts';
import { Fetching, type Want } from './fetching.ts';
import type { Batch } from '../durability/batch.ts';
import { Judge } from './judge.ts';
import { collectedBytesMax } from '../limits.ts';
import type { Clock, PeerId } from '../ports.ts';
import type { Outbox } from '../peers/outbox.ts';
import type { Roster } from '../peers/roster.ts';
import { KEYS } from '../durability/records.ts';

/** Rounds of questions for an ordered body after which its block is fetched: who executed it may have forgotten what execution
 *  skipped, and can no longer give the body. Sooner where a certificate proves that a quorum executed it. */
const ROUNDS_BEFORE_BLOCKS = 3;
const ROUNDS_BEFORE_CERTIFIED_BLOCKS = 2;

interface BodiesContext {
  readonly genesis: Genesis;
  readonly clock: Clock;
  readonly batch: Batch;
  readonly authority: (epoch: Epoch) => Authority;
  /** Time of the newest block that was executed. */
  readonly headMs: () => number;
  readonly roster: Pick<Roster, 'peers' | 'peerOf'>;
  readonly outbox: Pick<Outbox, 'sendTo'>;
  /** Who proposed this body in our view, and who voted for it. */
  readonly voters: (height: Height, hash: Hash) => Iterable<ValidatorIndex>;
  /** A verified transaction that waits here. */
  readonly find: (id: Hash) => IdentifiedTransaction | undefined;
  readonly isChecking: (id: Hash) => boolean;
  readonly executedHeight: () => Height;
  /** The body executed at this height, where the block is not final yet. */
  readonly executedBody: (height: Height) => Hash | undefined;
}

interface Question {
  readonly view: View;
  readonly height: Height;
  readonly bodyHash: Hash;
  readonly repeat: boolean;
}

type Asked = Question & {
  /** The parts of the body that need no transaction were found valid. */
  isSound?: true;
};

export interface ReadyBody {
  readonly body: Body;
  readonly transactions: readonly IdentifiedTransaction[];
  /** The store has it, or this turn's batch. */
  readonly stored: boolean;
}

export class Bodies {
  readonly pool: BodyPool;
  readonly attention: Attention;
  readonly #context: BodiesContext;
  readonly #judge: Judge;
  readonly #fetching: Fetching;
  /** By height: what the core asks of the current view. */
  readonly #questions = new Map<Height, Asked>();
  /** Ordered bodies that wait for execution, by height. */
  readonly #ordered = new Map<Height, Hash>();
  /** By height: the body that is beyond a limit, and is not kept. */
  readonly #unfit = new Map<Height, Hash>();
  /** What the store has of heights that are not executed: more than the pool, which forgets the oldest of many views. */
  readonly #stored = new Map<Height, Set<Hash>>();

  constructor(context: BodiesContext) {
    this.#context = context;
    this.attention = new Attention(context.genesis, context.clock.nowMs());
    this.#judge = new Judge(context, this.attention);
    this.#fetching = new Fetching(context);
    this.pool = new BodyPool((pooled, measure) => {
      if (!this.#isOrdered(pooled) && !checkMeasure(pooled.body, measure, context.genesis).ok) this.#refuse(pooled);
    });
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
      pooled.stored = true;
      this.#noteStored(pooled);
    }
  }

  /** Bytes of transactions that bodies collected which are not judged yet. */
  get collectedBytes(): number {
    let bytes = 0;
    for (const { height, bodyHash: hash } of this.#questions.values()) {
      const pooled = this.pool.get(height, hash);
      if (pooled !== undefined && !pooled.stored && !this.#isOrdered(pooled))
        bytes += pooled.collected?.measure.bytes ?? 0;
    }
    return bytes;
  }

  /** While more than a window of ordered heights waits for what the first of them lacks, only bodies of these are taken: the
   *  others would gather here as long as the quorum goes on. They are asked for when their time has come. */
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
    // Not the sender's fault for certain: whoever got it as we did may pass it on with the primary's signature.
    if (!checkBodyAlone(body, this.#context.genesis).ok) return this.#refuse({ height, hash });
    const pooled = this.pool.add(height, hash, body, from, this.#ordered.get(height));
    if (this.#wants(height, hash)) this.pool.enliven(height, hash);
    if (this.#isOrdered(pooled)) this.pool.collect(pooled, this.#context.find);
    else this.#collect();
  }

  /** A body of our own. Durable before anybody hears of it. */
  proposed(height: Height, body: Body, transactions: readonly IdentifiedTransaction[]): Hash {
    const hash = bodyHash(body);
    const found = new Map(transactions.map((item) => [item.id, item]));
    const pooled = this.pool.add(height, hash, body, null, this.#ordered.get(height));
    this.pool.collect(pooled, (id) => found.get(id));
    this.pool.enliven(height, hash);
    this.#store(pooled, transactions);
    return hash;
  }

  /** An answer to FETCH. True when its transactions are of use: it was asked for, and lacks some. */
  answered(height: Height, hash: Hash, body: Body, from: PeerId): boolean {
    if (!this.#wants(height, hash)) return false;
    if (this.pool.get(height, hash) === undefined) this.offered(height, hash, body, from);
    return (this.pool.get(height, hash)?.collected?.missing.size ?? 0) > 0;
  }

  /** The core asks whether a body is valid. */
  check(question: Question): void {
    this.#questions.set(question.height, { ...question });
    this.pool.enliven(question.height, question.bodyHash);
    this.#collect();
  }

  /** Another view begins: questions of the one before need no answer. */
  viewEntered(): void {
    this.#questions.clear();
    this.#unfit.clear();
    this.pool.retire(this.#ordered);
    for (const [height, hash] of this.#ordered) this.#expect(height, hash);
  }

  /** The core ordered a body. */
  execute(height: Height, hash: Hash): void {
    this.#ordered.set(height, hash);
    this.#expect(height, hash);
  }

  /** Whatever it takes, what a quorum ordered is collected. */
  #expect(height: Height, hash: Hash): void {
    const pooled = this.pool.get(height, hash);
    if (pooled === undefined) return;
    this.pool.enliven(height, hash);
    this.pool.collect(pooled, this.#context.find);
  }

  #wants(height: Height, hash: Hash): boolean {
    return this.#questions.get(height)?.bodyHash === hash || this.#ordered.get(height) === hash;
  }

  /** Lets bodies collect in the order in which they are examined, as many as could not hold too much together. The first always
   *  can. */
  #collect(): void {
    const { blockWeightMax } = this.#context.genesis.ledger;
    let reserved = 0;
    for (const question of this.#byHeight()) {
      const pooled = this.pool.get(question.height, question.bodyHash);
      if (pooled === undefined || pooled.stored || this.#isOrdered(pooled)) continue;
      reserved += mostBytesOf(pooled.body.transactionIds.length, blockWeightMax);
      if (reserved <= collectedBytesMax(blockWeightMax)) this.pool.collect(pooled, this.#context.find);
      else this.pool.release(pooled);
    }
  }

  #byHeight(): readonly Asked[] {
    return [...this.#questions.values()].sort((a, b) => a.height - b.height);
  }

  /** A body beyond a limit: nobody honest prepares it, whatever else comes. */
  #refuse({ height, hash }: { readonly height: Height; readonly hash: Hash }): void {
    this.#unfit.set(height, hash);
    this.pool.remove(height, hash);
  }

  /** An answer to one of the core's questions, if there is any. */
  nextChecked(): { view: View; height: Height; bodyHash: Hash; valid: boolean } | undefined {
    for (const question of this.#byHeight()) {
      const valid = this.#verdict(question);
      if (valid === undefined) continue;
      const { view, height, bodyHash: hash } = question;
      this.#questions.delete(height);
      this.#unfit.delete(height);
      if (!valid && this.#ordered.get(height) !== hash) this.pool.remove(height, hash);
      this.#collect();
      return { view, height, bodyHash: hash, valid };
    }
    return undefined;
  }

  /** Undefined while it depends on what is missing. */
  #verdict(question: Asked): boolean | undefined {
    const { view, height, bodyHash: hash, repeat } = question;
    if (hash === NULL_BODY_HASH) return repeat;
    if (this.#context.executedBody(height) === hash) return true;
    if (this.#unfit.get(height) === hash) return false;
    const pooled = this.pool.get(height, hash);
    if (pooled === undefined) return undefined;
    const transactions = completeTransactions(pooled);
    // What is stored was checked before it was.
    if (pooled.stored && repeat && transactions !== undefined) return true;
    const isTimely = (): boolean => repeat || this.#judge.isTimely(pooled.body, height, view);
    if (question.isSound === undefined) {
      if (!isTimely() || !this.#judge.isProved(pooled.body, height)) return false;
      question.isSound = true;
    }
    // Time is looked at when the body comes and when it is complete, not in between: nobody is blamed for waiting.
    if (transactions === undefined) return undefined;
    if (!isTimely()) return false;
    if (!checkBody(pooled.body, transactions, this.#context.genesis).ok) return false;
    this.#store(pooled, transactions);
    return true;
  }

  /** The body of the next height, if it is ordered and here. */
  nextExecutable(height: Height): ReadyBody | undefined {
    const hash = this.#ordered.get(height);
    if (hash === undefined) return undefined;
    if (hash === NULL_BODY_HASH) return { body: NULL_BODY, transactions: [], stored: false };
    const pooled = this.pool.get(height, hash);
    const transactions = pooled === undefined ? undefined : completeTransactions(pooled);
    if (pooled === undefined || transactions === undefined) return undefined;
    return { body: pooled.body, transactions, stored: pooled.stored };
  }

  /** The height is executed: all about it and below is settled. Bodies that lost are removed from the store. */
  drop(height: Height, executed: Hash): void {
    for (const map of [this.#questions, this.#ordered, this.#unfit])
      for (const each of map.keys()) if (each <= height) map.delete(each);
    this.pool.drop(height);
    for (const [each, hashes] of this.#stored) {
      if (each > height) continue;
      this.#stored.delete(each);
      for (const hash of hashes)
        if (each !== height || hash !== executed) this.#context.batch.delete(KEYS.body(each, hash));
    }
  }

  /** A certificate reaches a window further than this: what is not ordered by now comes by sync, whatever is known of it. */
  passed(height: Height): void {
    for (const map of [this.#questions, this.#unfit])
      for (const each of map.keys()) if (each <= height && !this.#ordered.has(each)) map.delete(each);
    this.pool.drop(height, this.#ordered);
  }

  /** Fetches what is missing. Called at the end of each turn. */
  fetch(tick: number): void {
    const needed = new Map<Height, Hash>(this.#ordered);
    for (const { height, bodyHash: hash } of this.#questions.values())
      if (!needed.has(height)) needed.set(height, hash);
    const wants: Want[] = [];
    for (const [height, hash] of needed) {
      if (hash === NULL_BODY_HASH || !this.#hasRoom(height)) continue;
      const pooled = this.pool.get(height, hash);
      const missing = pooled?.collected?.missing;
      // Its turn has not come, or it is complete.
      if (pooled !== undefined && (missing === undefined || missing.size === 0)) continue;
      wants.push({
        height,
        hash,
        ids: () => (missing === undefined ? null : [...missing.keys()].filter((id) => !this.#context.isChecking(id))),
        holders: () => this.#holders(height, hash, pooled),
      });
    }
    this.#fetching.pursue(wants, tick);
  }

  /** Best first: who gave us the body, who made it, who voted for it. */
  *#holders(height: Height, hash: Hash, pooled: PooledBody | undefined): Generator<PeerId> {
    const { genesis, roster, voters } = this.#context;
    if (pooled !== undefined) {
      if (pooled.from !== null) yield pooled.from;
      if (genesis.validators.validators[pooled.body.proposer] !== undefined) yield roster.peerOf(pooled.body.proposer);
    }
    for (const voter of voters(height, hash)) yield roster.peerOf(voter);
  }

  /** Whether the body of this height is ordered, and was asked for in vain. */
  isOverdue(height: Height, isCertified: boolean): boolean {
    const hash = this.#ordered.get(height);
    const rounds = isCertified ? ROUNDS_BEFORE_CERTIFIED_BLOCKS : ROUNDS_BEFORE_BLOCKS;
    return hash !== undefined && this.#fetching.rounds(hash) >= rounds;
  }

  #store(pooled: PooledBody, transactions: readonly IdentifiedTransaction[]): void {
    // The chain has the body of an executed height, and nobody would remember here that it must stay.
    if (pooled.stored || pooled.height <= this.#context.executedHeight()) return;
    pooled.stored = true;
    this.#noteStored(pooled);
    const fullBody = { body: pooled.body, transactions: transactions.map(({ bytes }) => bytes) };
    this.#context.batch.put(KEYS.body(pooled.height, pooled.hash), fullBodyCodec.encode(fullBody));
  }

  #noteStored({ height, hash }: PooledBody): void {
    this.#stored.set(height, (this.#stored.get(height) ?? new Set()).add(hash));
  }
}
