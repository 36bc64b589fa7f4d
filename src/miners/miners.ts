/** The mining threads of a run, and the wires between them: each message takes a while, and none is lost. */
import { extname } from 'node:path';
import { Worker } from 'node:worker_threads';
import { present, unreachable } from '../base/invariant.ts';
import type { Random } from '../base/random.ts';
import { DELAY_MS, TRANSACTION_DELAY_MS } from './limits.ts';
import type { FromMiner, Gossip, Standing, ToMiner, WorkerSettings } from './messages.ts';

/** Next to this file, and compiled when this file is. */
const WORKER_FILE = new URL(`./miner-worker${extname(import.meta.filename)}`, import.meta.url);

/** What a thread tells that is not for another one. */
export type Told = Extract<FromMiner, { readonly kind: 'found' | 'tip' | 'reorganised' }>;

type Sent = Extract<FromMiner, { readonly kind: 'send' }>;
type Answer = Exclude<FromMiner, Told | Sent>;

export class Miners {
  readonly #random: Random;
  readonly #told: (miner: number, told: Told) => void;
  readonly #workers: Worker[] = [];
  /** Whom an answer that is due goes to, by miner: answers come in the order of the questions. */
  readonly #due: ((answer: Answer) => void)[][] = [];
  /** Messages that are on their way, or have come and were not looked at. */
  #pending = 0;
  #drained: (() => void) | null = null;
  #fail: (error: Error) => void = () => undefined;
  /** Rejects when a thread dies. */
  readonly failed: Promise<never>;

  constructor(random: Random, told: (miner: number, told: Told) => void) {
    this.#random = random;
    this.#told = told;
    this.failed = new Promise((_, reject) => {
      this.#fail = reject;
    });
  }

  /** Resolves when all threads are there. */
  async start(count: number, originMs: number): Promise<void> {
    const ready = Array.from({ length: count }, async (_, miner) => {
      const settings: WorkerSettings = { miner, originMs };
      const worker = new Worker(WORKER_FILE, { workerData: settings });
      this.#workers.push(worker);
      const due: ((answer: Answer) => void)[] = [];
      this.#due.push(due);
      worker.on('message', (message: FromMiner) => this.#hear(miner, message));
      worker.on('error', (error) => this.#fail(error));
      return new Promise<void>((resolve) => due.push(() => resolve()));
    });
    await Promise.race([Promise.all(ready), this.failed]);
  }

  /** Hashes that all threads try in so many milliseconds, together. */
  async rehearse(): Promise<number> {
    const answers = await this.#askAll({ kind: 'rehearse' });
    return answers.reduce((sum, answer) => sum + (answer.kind === 'rehearsed' ? answer.hashes : 0), 0);
  }

  /** The chain begins. Nobody mines yet. */
  begin(firstBits: number): void {
    for (const worker of this.#workers) post(worker, { kind: 'begin', firstBits });
  }

  /** All mine, or none. Resolves when all have heard it. */
  async mine(on: boolean): Promise<void> {
    await this.#askAll({ kind: 'mine', on });
  }

  /** A client gives something to a miner. */
  give(miner: number, gossip: Gossip): void {
    this.#carry(null, miner, gossip);
  }

  /** Resolves when no message is on its way any more. */
  async drain(): Promise<void> {
    const drained = new Promise<void>((resolve) => {
      this.#drained = resolve;
    });
    this.#lookWhetherDrained();
    await Promise.race([drained, this.failed]);
  }

  /** Where each stands. */
  async standings(): Promise<readonly Standing[]> {
    const answers = await this.#askAll({ kind: 'stand' });
    return answers.map((answer) =>
      present(answer.kind === 'standing' ? answer.standing : null, 'where a miner stands'),
    );
  }

  async stop(): Promise<void> {
    await Promise.all(this.#workers.map((worker) => worker.terminate()));
  }

  async #askAll(question: ToMiner): Promise<readonly Answer[]> {
    const answers = this.#workers.map(
      (_, miner) => new Promise<Answer>((resolve) => this.#ask(miner, question, resolve)),
    );
    return Promise.race([Promise.all(answers), this.failed]);
  }

  #ask(miner: number, question: ToMiner, answered: (answer: Answer) => void): void {
    present(this.#due[miner], 'a miner').push(answered);
    post(present(this.#workers[miner], 'a miner'), question);
  }

  #hear(miner: number, message: FromMiner): void {
    switch (message.kind) {
      case 'send':
        return this.#send(miner, message);
      case 'found':
      case 'tip':
      case 'reorganised':
        return this.#told(miner, message);
      case 'ready':
      case 'done':
      case 'rehearsed':
      case 'standing':
        return present(present(this.#due[miner], 'a miner').shift(), 'a question to this answer')(message);
      default:
        return unreachable(message);
    }
  }

  #send(miner: number, { to, except, gossip }: Sent): void {
    for (const other of this.#workers.keys()) {
      const isMeant = to === null ? other !== miner && other !== except : other === to;
      if (isMeant) this.#carry(miner, other, gossip);
    }
  }

  #carry(from: number | null, to: number, gossip: Gossip): void {
    this.#pending += 1;
    const arrive = (): void =>
      this.#ask(to, { kind: 'gossip', from, gossip }, () => {
        this.#pending -= 1;
        this.#lookWhetherDrained();
      });
    setTimeout(arrive, this.#random.int(...(gossip.kind === 'transaction' ? TRANSACTION_DELAY_MS : DELAY_MS)));
  }

  #lookWhetherDrained(): void {
    if (this.#pending > 0) return;
    this.#drained?.();
    this.#drained = null;
  }
}

/** Nothing changes hands: bytes are copied, since several miners get the same ones. */
const post = (worker: Worker, message: ToMiner): void => worker.postMessage(message, []);
