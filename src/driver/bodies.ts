/**
 * From body hashes to bodies: answers the core's questions whether a body is valid, and hands ordered bodies to the ledger.
 * What is missing is fetched from one peer after another.
 */
import type { Epoch, Hash, Height, View } from '../base/brand.ts';
import { present } from '../base/invariant.ts';
import { fail, ok, type Result } from '../base/result.ts';
import { type Authority, checkCertificate } from '../consensus/authenticate.ts';
import { checkEvidence } from '../consensus/evidence.ts';
import {
  type Body,
  bodyHash,
  type FullBody,
  fullBodyCodec,
  type Header,
  NULL_BODY,
  NULL_BODY_HASH,
} from '../ledger/block.ts';
import { checkBody } from '../ledger/body-check.ts';
import type { Genesis } from '../ledger/genesis.ts';
import { isRecordable } from '../ledger/offence.ts';
import { type IdentifiedTransaction, identifyTransaction } from '../ledger/transaction.ts';
import { epochOf, primaryOf } from '../ledger/validators.ts';
import type { Certificate } from '../ledger/vote.ts';
import { Attention } from './attention.ts';
import { BodyPool, completeTransactions, type PooledBody } from './body-pool.ts';
import { checkRange } from './catch-up.ts';
import type { Journal } from './journal.ts';
import { BUNDLE_TRANSACTIONS_MAX } from './limits.ts';
import type { Clock } from './ports.ts';
import { KEYS } from './records.ts';
import type { PeerMessage, SyncBlock } from './wire.ts';

/** Ticks between two questions for the same thing. The first is asked one tick late: what is missing is usually on its way. */
const ASK_TICKS = 4;

interface BodiesContext {
  readonly genesis: Genesis;
  readonly clock: Clock;
  readonly journal: Journal;
  readonly authority: (epoch: Epoch) => Authority;
  /** Time of the newest block that was executed. */
  readonly headMs: () => number;
  /** Asks one connected peer, another with each number. */
  readonly ask: (message: PeerMessage, turn: number) => void;
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

export interface ReadyBody {
  readonly body: Body;
  readonly transactions: readonly IdentifiedTransaction[];
  /** The store has it, or this turn's batch. */
  readonly stored: boolean;
}

export interface ProvedBlock {
  readonly header: Header;
  readonly body: Body;
  readonly transactions: readonly IdentifiedTransaction[];
  readonly certificate: Certificate | null;
}

export class Bodies {
  readonly pool = new BodyPool();
  readonly attention: Attention;
  readonly #context: BodiesContext;
  /** By height: what the core asks of the current view. */
  readonly #questions = new Map<Height, Question>();
  /** Ordered bodies that wait for execution, by height. */
  readonly #ordered = new Map<Height, Hash>();
  readonly #asked = new Map<string, { tick: number; turn: number }>();
  /** What the store has of heights that are not executed: more than the pool, which forgets the oldest of many views. */
  readonly #stored = new Map<Height, Set<Hash>>();

  constructor(context: BodiesContext) {
    this.#context = context;
    this.attention = new Attention(context.genesis, context.clock.nowMs());
  }

  /** Bodies that were durable when the node stopped: they were checked before. */
  restore(bodies: readonly { readonly height: Height; readonly hash: Hash; readonly fullBody: FullBody }[]): void {
    for (const { height, hash, fullBody } of bodies) {
      const pooled = this.pool.add(height, hash, fullBody.body, () => undefined);
      for (const bytes of fullBody.transactions) {
        const identified = identifyTransaction(bytes);
        if (identified.ok) this.pool.supply(identified.value);
      }
      pooled.stored = true;
      this.#noteStored(pooled);
    }
  }

  /** While more than a window of ordered heights waits for what the first of them lacks, only bodies of these are taken: the
   *  others would gather here as long as the quorum goes on. They are asked for when their time has come. */
  #hasRoom(height: Height): boolean {
    const { genesis, executedHeight } = this.#context;
    const { window } = genesis.consensus;
    return this.#ordered.size <= window || height <= executedHeight() + window;
  }

  /** A body that came with a PRE-PREPARE which the core accepted, or that was asked for. Error: DUPLICATE_TRANSACTION. */
  offered(height: Height, hash: Hash, body: Body): Result<true> {
    if (!this.#hasRoom(height)) return ok(true);
    if (new Set(body.transactionIds).size !== body.transactionIds.length)
      return fail('DUPLICATE_TRANSACTION', `a transaction stands twice in the body of height ${height}`);
    this.pool.add(height, hash, body, this.#context.find, this.#ordered.get(height));
    if (this.#wants(height, hash)) this.pool.enliven(height, hash);
    return ok(true);
  }

  /** A body of our own. Durable before anybody hears of it. */
  proposed(height: Height, body: Body, transactions: readonly IdentifiedTransaction[]): Hash {
    const hash = bodyHash(body);
    const found = new Map(transactions.map((item) => [item.id, item]));
    const pooled = this.pool.add(height, hash, body, (id) => found.get(id), this.#ordered.get(height));
    this.pool.enliven(height, hash);
    this.#store(pooled, transactions);
    return hash;
  }

  /** An answer to FETCH. True when it was asked for: its transactions are of use then. Error: DUPLICATE_TRANSACTION. */
  answered(height: Height, { body }: FullBody): Result<boolean> {
    const hash = bodyHash(body);
    const wanted = this.#wants(height, hash);
    if (!wanted || this.pool.get(height, hash) !== undefined) return ok(wanted);
    const offered = this.offered(height, hash, body);
    return offered.ok ? ok(true) : offered;
  }

  /** The core asks whether a body is valid. */
  check(question: Question): void {
    this.#questions.set(question.height, question);
    this.pool.enliven(question.height, question.bodyHash);
  }

  /** Another view begins: questions of the one before need no answer. */
  viewEntered(): void {
    this.#questions.clear();
    this.pool.retire();
    for (const [height, hash] of this.#ordered) this.pool.enliven(height, hash);
  }

  /** The core ordered a body. */
  execute(height: Height, hash: Hash): void {
    this.#ordered.set(height, hash);
    this.pool.enliven(height, hash);
  }

  #wants(height: Height, hash: Hash): boolean {
    return this.#questions.get(height)?.bodyHash === hash || this.#ordered.get(height) === hash;
  }

  /** An answer to one of the core's questions, if there is any. */
  nextChecked(): { view: View; height: Height; bodyHash: Hash; valid: boolean } | undefined {
    for (const [height, { view, bodyHash: hash, repeat }] of this.#questions) {
      if (hash === NULL_BODY_HASH) {
        this.#questions.delete(height);
        return { view, height, bodyHash: hash, valid: repeat };
      }
      if (this.#context.executedBody(height) === hash) {
        this.#questions.delete(height);
        return { view, height, bodyHash: hash, valid: true };
      }
      const pooled = this.pool.get(height, hash);
      const transactions = pooled === undefined ? undefined : completeTransactions(pooled);
      if (pooled === undefined || transactions === undefined) continue;
      this.#questions.delete(height);
      // What is stored was checked before it was.
      const valid = (pooled.stored && repeat) || this.#isValid(pooled, transactions, view, repeat);
      if (valid) this.#store(pooled, transactions);
      return { view, height, bodyHash: hash, valid };
    }
    return undefined;
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
    for (const map of [this.#questions, this.#ordered])
      for (const each of map.keys()) if (each <= height) map.delete(each);
    this.pool.drop(height);
    for (const [each, hashes] of this.#stored) {
      if (each > height) continue;
      this.#stored.delete(each);
      for (const hash of hashes)
        if (each !== height || hash !== executed) this.#context.journal.delete(KEYS.body(each, hash));
    }
  }

  /** A certificate reaches a window further than this: what is not ordered by now comes by sync, whatever is known of it. */
  passed(height: Height): void {
    for (const each of this.#questions.keys())
      if (each <= height && !this.#ordered.has(each)) this.#questions.delete(each);
    this.pool.drop(height, this.#ordered);
  }

  /** Fetches what is missing. */
  tick(now: number): void {
    const needed = new Map<Height, Hash>(this.#ordered);
    for (const { height, bodyHash: hash } of this.#questions.values())
      if (!needed.has(height)) needed.set(height, hash);
    for (const [key, { tick }] of this.#asked) if (now - tick > 16 * ASK_TICKS) this.#asked.delete(key);
    for (const [height, hash] of needed) {
      if (hash === NULL_BODY_HASH || !this.#hasRoom(height)) continue;
      const pooled = this.pool.get(height, hash);
      const fetchBody: PeerMessage = { kind: 'fetch-body', height, hash };
      if (pooled === undefined) this.#ask(hash, now, [fetchBody]);
      else if (pooled.missing.size > 0) {
        const ids = [...pooled.missing.keys()].filter((id) => !this.#context.isChecking(id));
        if (ids.length === 0) continue;
        // Peers that executed the body have its transactions only with it.
        this.#ask(hash, now, [{ kind: 'fetch-transactions', ids: ids.slice(0, BUNDLE_TRANSACTIONS_MAX) }, fetchBody]);
      }
    }
  }

  /** Asks one peer after another, each in all these ways. */
  #ask(key: string, now: number, ways: readonly PeerMessage[]): void {
    const asked = this.#asked.get(key);
    if (asked === undefined) {
      this.#asked.set(key, { tick: now - ASK_TICKS + 1, turn: 0 });
      return;
    }
    if (now - asked.tick < ASK_TICKS) return;
    const message = present(ways[asked.turn % ways.length], 'a way to ask');
    this.#context.ask(message, Math.floor(asked.turn / ways.length));
    this.#asked.set(key, { tick: now, turn: asked.turn + 1 });
  }

  /** Blocks of a peer, proved by certificates. Errors: as `checkRange`, and SYNC_BODY. */
  range(
    authority: Authority,
    head: { readonly header: Header; readonly hash: Hash },
    blocks: readonly SyncBlock[],
  ): Result<readonly ProvedBlock[]> {
    const checked = checkRange(authority, { height: head.header.height, hash: head.hash }, blocks);
    if (!checked.ok) return checked;
    const proved: ProvedBlock[] = [];
    for (const { header, fullBody, certificate } of blocks) {
      const transactions: IdentifiedTransaction[] = [];
      for (const [position, bytes] of fullBody.transactions.entries()) {
        const identified = identifyTransaction(bytes);
        if (!identified.ok || identified.value.id !== fullBody.body.transactionIds[position])
          return fail('SYNC_BODY', `another transaction at height ${header.height}`);
        transactions.push(identified.value);
      }
      proved.push({ header, body: fullBody.body, transactions, certificate });
    }
    return ok(proved);
  }

  #isValid(pooled: PooledBody, transactions: readonly IdentifiedTransaction[], view: View, repeat: boolean): boolean {
    const { genesis, authority, clock, headMs } = this.#context;
    const { body, height } = pooled;
    if (!checkBody(body, transactions, genesis).ok) return false;
    const { epochLength, clockDriftMs } = genesis.consensus;
    const epoch = epochOf(height, epochLength);
    if (!repeat) {
      if (body.proposer !== primaryOf(genesis.validators, epoch, view)) return false;
      const nowMs = clock.nowMs();
      if (body.timestampMs > nowMs + clockDriftMs) return false;
      if (body.timestampMs < this.attention.oldestMs(nowMs, headMs())) return false;
    }
    if (body.certificate !== null) {
      if (body.certificate.height >= height) return false;
      if (!checkCertificate(authority(epochOf(body.certificate.height, epochLength)), body.certificate).ok)
        return false;
    }
    return body.evidence.every((evidence) => {
      const of = evidence.first.vote.epoch;
      return isRecordable(of, epoch) && checkEvidence(authority(of), evidence).ok;
    });
  }

  #store(pooled: PooledBody, transactions: readonly IdentifiedTransaction[]): void {
    // The chain has the body of an executed height, and nobody would remember here that it must stay.
    if (pooled.stored || pooled.height <= this.#context.executedHeight()) return;
    pooled.stored = true;
    this.#noteStored(pooled);
    const fullBody = { body: pooled.body, transactions: transactions.map(({ bytes }) => bytes) };
    this.#context.journal.put(KEYS.body(pooled.height, pooled.hash), fullBodyCodec.encode(fullBody));
  }

  #noteStored({ height, hash }: PooledBody): void {
    this.#stored.set(height, (this.#stored.get(height) ?? new Set()).add(hash));
  }
}
