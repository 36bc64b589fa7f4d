/**
 * What submissions are charged: an estimate by their announced length before they are read, and then what they took. What is
 * taken in is given back, so that honest load costs nothing however much it is, and useless work takes its share at most.
 */
import type { IncomingMessage } from 'node:http';
import { BATCH_BYTES_MAX } from '../api/limits.ts';
import { ForgetfulMap } from '../base/bounded.ts';
import type { Hash } from '../base/brand.ts';
import type { SubmitOutcome } from '../driver/transactions/fate.ts';
import { BODY_MICROS_PER_KIB, GIVEN_BACK_MAX, SUBMIT_MICROS } from './limits.ts';
import type { Turns } from './turns.ts';

/** What a request is charged before its body is read. One that comes in chunks announces nothing, and may be the largest. */
export function announcedMicros({ headers }: Pick<IncomingMessage, 'headers'>): number {
  const length = headers['transfer-encoding'] === undefined ? Number(headers['content-length'] ?? 0) : BATCH_BYTES_MAX;
  return SUBMIT_MICROS + (Math.min(length, BATCH_BYTES_MAX) / 1024) * BODY_MICROS_PER_KIB;
}

export class Bills {
  readonly #turns: Turns;
  readonly #givenBack = new ForgetfulMap<Hash, true>(GIVEN_BACK_MAX);

  constructor(turns: Turns) {
    this.#turns = turns;
  }

  /** The bill of a submission whose turn has come. */
  open(request: IncomingMessage): Bill {
    return new Bill(this.#turns, announcedMicros(request), (outcome) => this.#claim(outcome));
  }

  /** True when a submission was taken in, the first time that it is claimed: anybody can copy what waits or is
   *  committed. */
  #claim(outcome: SubmitOutcome): boolean {
    if ('code' in outcome || outcome.status !== 'pending' || this.#givenBack.has(outcome.id)) return false;
    this.#givenBack.set(outcome.id, true);
    return true;
  }
}

export class Bill {
  readonly #turns: Turns;
  readonly #claim: (outcome: SubmitOutcome) => boolean;
  #micros: number;

  constructor(turns: Turns, micros: number, claim: (outcome: SubmitOutcome) => boolean) {
    this.#turns = turns;
    this.#micros = micros;
    this.#claim = claim;
  }

  spend(micros: number): void {
    this.#micros += micros;
    this.#turns.spend(micros);
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

  /** Gives back the part of what was taken in. */
  settle(outcomes: readonly SubmitOutcome[]): void {
    const used = outcomes.filter((outcome) => this.#claim(outcome)).length;
    if (used > 0) this.#turns.giveBack((this.#micros * used) / outcomes.length);
  }
}
