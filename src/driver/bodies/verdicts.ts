/**
 * The core's questions whether a body is valid, and their answers. Bodies collect transactions in the order in which they are
 * examined, and each part of a body is judged as soon as it is here. What is found valid is stored before anybody hears of it.
 */
import type { Hash, Height, View } from '../../base/brand.ts';
import { NULL_BODY_HASH } from '../../ledger/block.ts';
import { checkBody, mostBytesOf } from '../../ledger/body-check.ts';
import type { Epochs } from '../../ledger/epoch.ts';
import type { Genesis } from '../../ledger/genesis.ts';
import type { IdentifiedTransaction } from '../../ledger/transaction.ts';
import { rulesOf } from '../../ledger/transaction-rules.ts';
import { collectedBytesMax } from '../limits.ts';
import { type BodyPool, completeTransactions, type PooledBody } from './body-pool.ts';
import type { Judge } from './judge.ts';
import type { StoredBodies } from './stored-bodies.ts';

export interface Question {
  readonly view: View;
  readonly height: Height;
  readonly bodyHash: Hash;
  /** It was proposed in an earlier view, and carried into this one by a NEW-VIEW. */
  readonly repeat: boolean;
}

type Answered = Omit<Question, 'repeat'> & { readonly valid: boolean };

type Asked = Question & {
  /** The parts of the body that need no transaction were found valid. */
  isSound?: true;
};

interface VerdictsContext {
  readonly genesis: Genesis;
  readonly epochs: Epochs;
  readonly judge: Judge;
  readonly pool: BodyPool;
  readonly stored: StoredBodies;
  /** A verified transaction that waits here. */
  readonly find: (id: Hash) => IdentifiedTransaction | undefined;
  /** The body executed at this height, where the block is not final yet. */
  readonly executedBody: (height: Height) => Hash | undefined;
  /** Whether a quorum ordered this body: it is collected and kept, whatever is thought of it here. */
  readonly isOrdered: (body: { readonly height: Height; readonly hash: Hash }) => boolean;
}

export class Verdicts {
  readonly #context: VerdictsContext;
  /** By height: what the core asks of the current view. */
  readonly #questions = new Map<Height, Asked>();
  /** By height: the body that is beyond a limit, and is not kept. */
  readonly #unfit = new Map<Height, Hash>();

  constructor(context: VerdictsContext) {
    this.#context = context;
  }

  /** The core asks whether a body is valid. */
  ask(question: Question): void {
    this.#questions.set(question.height, { ...question });
    this.#context.pool.enliven(question.height, question.bodyHash);
    this.collect();
  }

  isAsked(height: Height, hash: Hash): boolean {
    return this.#questions.get(height)?.bodyHash === hash;
  }

  /** By height, ascending. */
  questions(): readonly Question[] {
    return this.#byHeight();
  }

  #byHeight(): readonly Asked[] {
    return [...this.#questions.values()].sort((a, b) => a.height - b.height);
  }

  /** A body beyond a limit: nobody honest prepares it, whatever else comes. */
  refuse({ height, hash }: { readonly height: Height; readonly hash: Hash }): void {
    this.#unfit.set(height, hash);
    this.#context.pool.remove(height, hash);
  }

  /** Bytes of transactions that bodies collected which are not judged yet. */
  get collectedBytes(): number {
    let bytes = 0;
    for (const pooled of this.#unjudged()) bytes += pooled.collected?.measure.bytes ?? 0;
    return bytes;
  }

  /** Lets bodies collect transactions, in the order in which they are examined: as many bodies as cannot hold too much
   *  together, and always the first. */
  collect(): void {
    const { genesis, pool, find } = this.#context;
    const { blockWeightMax } = genesis.ledger;
    let reserved = 0;
    for (const pooled of this.#unjudged()) {
      reserved += mostBytesOf(pooled.body.transactionIds.length, blockWeightMax);
      if (reserved <= collectedBytesMax(blockWeightMax)) pool.collect(pooled, find);
      else pool.release(pooled);
    }
  }

  /** Bodies that the core asks about, by height, but those that need no verdict any more. */
  #unjudged(): readonly PooledBody[] {
    return this.#byHeight().flatMap(({ height, bodyHash }) => {
      const pooled = this.#context.pool.get(height, bodyHash);
      return pooled === undefined || pooled.stored || this.#context.isOrdered(pooled) ? [] : [pooled];
    });
  }

  /** Takes one question that has its answer, and the answer; undefined where there is none. */
  take(): Answered | undefined {
    for (const question of this.#byHeight()) {
      const valid = this.#verdict(question);
      if (valid === undefined) continue;
      const { view, height, bodyHash: hash } = question;
      this.#questions.delete(height);
      this.#unfit.delete(height);
      if (valid) this.#keep(height, hash);
      else if (!this.#context.isOrdered({ height, hash })) this.#context.pool.remove(height, hash);
      this.collect();
      return { view, height, bodyHash: hash, valid };
    }
    return undefined;
  }

  #keep(height: Height, hash: Hash): void {
    const { pool, stored } = this.#context;
    const pooled = pool.get(height, hash);
    const transactions = pooled === undefined ? undefined : completeTransactions(pooled);
    if (pooled !== undefined && transactions !== undefined) stored.store(pooled, transactions);
  }

  /** Whether the body is valid; undefined while that depends on what is missing. Remembers that a part was found
   *  sound. */
  #verdict(question: Asked): boolean | undefined {
    const { view, height, bodyHash: hash, repeat } = question;
    if (hash === NULL_BODY_HASH) return repeat;
    if (this.#context.executedBody(height) === hash) return true;
    if (this.#unfit.get(height) === hash) return false;
    const { pool, judge } = this.#context;
    const pooled = pool.get(height, hash);
    if (pooled === undefined) return undefined;
    const transactions = completeTransactions(pooled);
    // A body is stored only after it was found valid.
    if (pooled.stored && repeat && transactions !== undefined) return true;
    const isTimely = (): boolean => repeat || judge.isTimely(pooled.body, height, view);
    if (question.isSound === undefined) {
      if (!isTimely() || !judge.isProved(pooled.body, height)) return false;
      question.isSound = true;
    }
    // Its time is compared when the body comes and when it is complete, not in between: else it would fail while it
    // waits.
    if (transactions === undefined) return undefined;
    const { genesis, epochs } = this.#context;
    const epoch = epochs.at(height);
    if (epoch === undefined || !isTimely()) return false;
    return checkBody(pooled.body, transactions, rulesOf(genesis, epoch), epoch.validators).ok;
  }

  /** Forgets the questions of these heights. */
  forget(isOver: (height: Height) => boolean): void {
    for (const map of [this.#questions, this.#unfit]) for (const each of map.keys()) if (isOver(each)) map.delete(each);
  }
}
