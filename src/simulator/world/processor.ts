/**
 * The processor of a node: one thread that does one thing after another, and others that check signatures for it. Work takes
 * time by the price list, and what comes meanwhile waits in order.
 */
import { listenToWork, type Work } from '../../base/work.ts';
import { COSTS } from '../../driver/fairness/costs.ts';
import { priceOf } from './prices.ts';
import type { Scheduler } from './scheduler.ts';

/** Threads that check signatures. */
const HELPERS = 2;
const US_PER_MS = 1000;
/** Tasks that are done and still stand in the queue, at most. */
const FORGOTTEN_MAX = 1024;

export class Processor {
  /** How fast it is: half as fast, and all takes twice as long. */
  speed = 1;
  /** Microseconds of work that the thread was given so far, and its helpers, at a speed of one. */
  spentUs = 0;
  helpersUs = 0;
  readonly #scheduler: Scheduler;
  readonly #isFree: boolean;
  /** When it was made. */
  readonly #sinceMs: number;
  readonly #work = (work: Work, of: string, amount: number): void => this.spend(priceOf(work, of, amount));
  #busyUntilMs = 0;
  #helpersUntilMs = 0;
  /** What waits; those before `#next` are done. */
  #queue: (() => void)[] = [];
  #next = 0;
  /** What leaves when the last task is done. */
  #leaving: (() => void)[] = [];
  /** Microseconds of the task that runs; null while none does. */
  #taskUs: number | null = null;
  #stopped = false;
  /** Changes when all that waits is forgotten. */
  #life = 0;
  #awaited = false;

  /** `isFree`: work takes no time. */
  constructor(scheduler: Scheduler, isFree: boolean) {
    this.#scheduler = scheduler;
    this.#isFree = isFree;
    this.#sinceMs = scheduler.nowMs;
  }

  /** Part of the time in which the thread had work, so far. */
  get busyShare(): number {
    return this.spentUs / US_PER_MS / Math.max(1, this.#scheduler.nowMs - this.#sinceMs);
  }

  /** Tasks that wait. */
  get waiting(): number {
    return this.#queue.length - this.#next;
  }

  /** Milliseconds from now until what the present task did so far is done. */
  get delayMs(): number {
    return (this.#taskUs ?? 0) / US_PER_MS / this.speed;
  }

  /** Runs the task, or lets it wait for its turn. */
  run(task: () => void): void {
    // What a task brings about at once is part of it.
    if (this.#taskUs !== null) return task();
    if (!this.#stopped && this.waiting === 0 && this.#scheduler.nowMs >= this.#busyUntilMs) this.#execute(task);
    else this.#queue.push(task);
    this.#await();
  }

  /** The present task takes so much longer. */
  spend(us: number): void {
    if (this.#isFree || this.#taskUs === null) return;
    this.spentUs += us;
    this.#taskUs += us;
  }

  /** What the task sends leaves when it is done; at once where it has taken no time. */
  leave(action: () => void): void {
    if (this.delayMs === 0) this.aside(action);
    else this.#leaving.push(action);
  }

  /** Runs what is not the node's own work. */
  aside<T>(run: () => T): T {
    const listener = listenToWork(null);
    try {
      return run();
    } finally {
      listenToWork(listener);
    }
  }

  /** Milliseconds from now until the helpers have checked so many signatures more. `longKiB`: of their messages together, beyond
   *  the first of each. */
  helpMs(signatures: number, longKiB = 0): number {
    if (this.#isFree) return 0;
    const us = signatures * COSTS.verify + longKiB * COSTS.verifyKiB;
    this.helpersUs += us;
    const { nowMs } = this.#scheduler;
    const start = Math.max(this.#helpersUntilMs, nowMs + this.delayMs);
    this.#helpersUntilMs = start + us / HELPERS / US_PER_MS / this.speed;
    return this.#helpersUntilMs - nowMs;
  }

  /** The process stands still. */
  stop(): void {
    this.#stopped = true;
  }

  /** It goes on. */
  go(): void {
    this.#stopped = false;
    if (this.#scheduler.nowMs >= this.#busyUntilMs) this.#goOn();
    this.#await();
  }

  /** The process is gone, with all that waited. */
  clear(): void {
    this.#life += 1;
    this.#queue = [];
    this.#next = 0;
    this.#leaving = [];
    this.#stopped = false;
    this.#awaited = false;
    this.#busyUntilMs = 0;
    this.#helpersUntilMs = 0;
  }

  #execute(task: () => void): void {
    this.#depart();
    const life = this.#life;
    const listener = listenToWork(this.#isFree ? null : this.#work);
    this.#taskUs = 0;
    try {
      task();
    } finally {
      listenToWork(listener);
      const tookMs = this.delayMs;
      this.#taskUs = null;
      if (life === this.#life) this.#busyUntilMs = this.#scheduler.nowMs + tookMs;
      else this.#leaving = [];
    }
  }

  #depart(): void {
    const leaving = this.#leaving;
    if (leaving.length === 0) return;
    this.#leaving = [];
    for (const action of leaving) this.aside(action);
  }

  /** Comes back when the last task is done, if something waits for it. */
  #await(): void {
    if (this.#awaited || this.#stopped || (this.waiting === 0 && this.#leaving.length === 0)) return;
    this.#awaited = true;
    const life = this.#life;
    this.#scheduler.after(Math.max(0, this.#busyUntilMs - this.#scheduler.nowMs), () => {
      if (life !== this.#life) return;
      this.#awaited = false;
      if (!this.#stopped) this.#goOn();
      this.#await();
    });
  }

  #goOn(): void {
    const life = this.#life;
    this.#depart();
    while (life === this.#life && !this.#stopped && this.waiting > 0) {
      if (this.#scheduler.nowMs < this.#busyUntilMs) return;
      const task = this.#queue[this.#next++] as () => void;
      if (this.#next > FORGOTTEN_MAX || this.waiting === 0) {
        this.#queue = this.#queue.slice(this.#next);
        this.#next = 0;
      }
      this.#execute(task);
    }
  }
}
