/** The core's questions whether a body is valid, and their answers. Each part of a body is judged as soon as it is
 *  here. */
import type { Hash, Height, View } from '../../base/brand.ts';
import { NULL_BODY_HASH } from '../../ledger/block.ts';
import { checkBody } from '../../ledger/body-check.ts';
import type { Epochs } from '../../ledger/epoch.ts';
import type { Genesis } from '../../ledger/genesis.ts';
import { type BodyPool, completeTransactions } from './body-pool.ts';
import type { Judge } from './judge.ts';

export interface Question {
  readonly view: View;
  readonly height: Height;
  readonly bodyHash: Hash;
  /** It was proposed in an earlier view, and carried into this one by a NEW-VIEW. */
  readonly repeat: boolean;
}

type Asked = Question & {
  /** The parts of the body that need no transaction were found valid. */
  isSound?: true;
};

interface VerdictsContext {
  readonly genesis: Genesis;
  readonly epochs: Epochs;
  /** The body executed at this height, where the block is not final yet. */
  readonly executedBody: (height: Height) => Hash | undefined;
}

export class Verdicts {
  readonly #context: VerdictsContext;
  readonly #pool: BodyPool;
  readonly #judge: Judge;
  /** By height: what the core asks of the current view. */
  readonly #questions = new Map<Height, Asked>();
  /** By height: the body that is beyond a limit, and is not kept. */
  readonly #unfit = new Map<Height, Hash>();

  constructor(context: VerdictsContext, pool: BodyPool, judge: Judge) {
    this.#context = context;
    this.#pool = pool;
    this.#judge = judge;
  }

  ask(question: Question): void {
    this.#questions.set(question.height, { ...question });
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
    this.#pool.remove(height, hash);
  }

  /** Takes one question that has its answer, and the answer; undefined where there is none. */
  take(): (Question & { readonly valid: boolean }) | undefined {
    for (const question of this.#byHeight()) {
      const valid = this.#verdict(question);
      if (valid === undefined) continue;
      const { view, height, bodyHash, repeat } = question;
      this.#questions.delete(height);
      this.#unfit.delete(height);
      return { view, height, bodyHash, repeat, valid };
    }
    return undefined;
  }

  /** Whether the body is valid; undefined while that depends on what is missing. Remembers that a part was found
   *  sound. */
  #verdict(question: Asked): boolean | undefined {
    const { view, height, bodyHash: hash, repeat } = question;
    if (hash === NULL_BODY_HASH) return repeat;
    if (this.#context.executedBody(height) === hash) return true;
    if (this.#unfit.get(height) === hash) return false;
    const pooled = this.#pool.get(height, hash);
    if (pooled === undefined) return undefined;
    const transactions = completeTransactions(pooled);
    // A body is stored only after it was found valid.
    if (pooled.stored && repeat && transactions !== undefined) return true;
    const isTimely = (): boolean => repeat || this.#judge.isTimely(pooled.body, height, view);
    if (question.isSound === undefined) {
      if (!isTimely() || !this.#judge.isProved(pooled.body, height)) return false;
      question.isSound = true;
    }
    // Its time is compared when the body comes and when it is complete, not in between: else it would fail while it
    // waits.
    if (transactions === undefined) return undefined;
    const { genesis, epochs } = this.#context;
    const validators = epochs.at(height)?.validators;
    return isTimely() && validators !== undefined && checkBody(pooled.body, transactions, genesis, validators).ok;
  }

  /** Forgets the questions of these heights. */
  forget(isOver: (height: Height) => boolean): void {
    for (const map of [this.#questions, this.#unfit]) for (const each of map.keys()) if (isOver(each)) map.delete(each);
  }
}
