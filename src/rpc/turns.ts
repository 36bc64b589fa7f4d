/**
 * The part of the main thread's time that answers to clients may take: consensus runs on the same thread. What a client asks for
 * is charged by an estimate before it is done, and by what it took after; where there is nothing left it waits, one of each
 * client in turn. A turn of the event loop does little of it, so that messages of peers are never far behind.
 */
import { Allowance } from '../base/allowance.ts';
import { type Client, FairQueue } from './fair-queue.ts';
import { READ_MICROS, type TurnLimits } from './limits.ts';

type Resolve = (granted: boolean) => void;

interface Waiting {
  /** What the turn is charged before it begins. */
  readonly micros: number;
  readonly resolve: Resolve;
}

export class Turns {
  readonly #limits: TurnLimits;
  readonly #allowance: Allowance;
  readonly #waiting: FairQueue<Waiting>;
  /** Refusals that are held back, so that who asks again at once does not get to ask at once. */
  readonly #refused = new Map<Resolve, NodeJS.Timeout>();
  readonly #readMicros: () => number;
  #chargedForReading = 0;
  /** Microseconds charged in this turn of the event loop. */
  #charged = 0;
  #timer: NodeJS.Timeout | undefined;
  #immediate: NodeJS.Immediate | undefined;
  #closed = false;

  /** `readMicros`: what reading has taken so far, which nobody else charges. */
  constructor(limits: TurnLimits, readMicros: () => number = () => 0) {
    this.#limits = limits;
    this.#readMicros = readMicros;
    this.#allowance = new Allowance(limits.microsPerSecond, limits.microsBurst);
    this.#waiting = new FairQueue(limits.waitingMax);
  }

  /** Resolves when it is the client's turn; with false, and late, when too many wait already. */
  next(client: Client, micros = READ_MICROS): Promise<boolean> {
    this.#chargeForReading();
    if (this.#waiting.size === 0 && this.#isFree()) {
      this.spend(micros);
      return Promise.resolve(true);
    }
    return new Promise((resolve) => {
      const [dropped] = this.#waiting.push(client, { micros, resolve });
      if (dropped !== undefined) this.#refuse(dropped.resolve);
      this.#look();
    });
  }

  /** Charges what was done. */
  spend(micros: number): void {
    this.#charged += micros;
    this.#allowance.spend(micros, performance.now());
    this.#immediate ??= setImmediate(() => {
      this.#immediate = undefined;
      this.#charged = 0;
      this.#grant();
    });
  }

  /** Gives back what was charged for work that proved to be of use: whoever waits may have it now. */
  giveBack(micros: number): void {
    this.#allowance.spend(-micros, performance.now());
    // It was set for as long as all of the debt would have taken.
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#grant();
  }

  /** Does something at once and charges the time that it takes. */
  measured<T>(work: () => T): T {
    const startMs = performance.now();
    try {
      return work();
    } finally {
      this.spend(1000 * (performance.now() - startMs));
    }
  }

  /** Nobody waits any more. */
  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
    this.#grant();
    for (const [resolve, timer] of this.#refused) {
      clearTimeout(timer);
      resolve(false);
    }
    this.#refused.clear();
  }

  #chargeForReading(): void {
    const reading = this.#readMicros();
    if (reading > this.#chargedForReading) this.spend(reading - this.#chargedForReading);
    this.#chargedForReading = reading;
  }

  #isFree(): boolean {
    return this.#closed || (this.#charged < this.#limits.microsPerTurn && this.#allowance.left(performance.now()) > 0);
  }

  #grant(): void {
    for (let next = this.#waiting.peek(); next !== undefined; next = this.#waiting.peek()) {
      this.#chargeForReading();
      if (!this.#isFree()) break;
      this.#waiting.shift();
      this.spend(next.micros);
      next.resolve(true);
    }
    this.#look();
  }

  /** Sees to it that those who wait get their turns. */
  #look(): void {
    if (this.#waiting.size === 0 || this.#immediate !== undefined || this.#timer !== undefined) return;
    const waitMs = Math.ceil(this.#allowance.waitMs(performance.now()));
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#grant();
    }, waitMs);
  }

  #refuse(resolve: Resolve): void {
    if (this.#closed || this.#refused.size >= this.#limits.waitingMax) return resolve(false);
    const timer = setTimeout(() => {
      this.#refused.delete(resolve);
      resolve(false);
    }, this.#limits.refusalMs);
    this.#refused.set(resolve, timer);
  }
}
