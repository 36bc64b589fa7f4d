/** One seed after another on several cores, until the time is over. */
import { scenarioOf } from '../../src/simulator/search/scenario.ts';
import { TWINS_SCENARIOS } from '../../src/simulator/search/twins.ts';
import { Coverage } from './coverage.ts';
import { kindOf, narrowed, type Only, onlyText, type Search } from './searches.ts';
import type { HuntAnswer, HuntQuestion } from './worker.ts';
import { ask, launch } from './workers.ts';

export interface Wanted {
  readonly search: Search;
  readonly minutes: number;
  readonly firstSeed: number;
  /** Seeds to try; undefined: as many as the time allows. */
  readonly count: number | undefined;
  /** Simulated milliseconds of faults for each seed. */
  readonly durationMs: number;
  readonly workers: number;
  /** Whether the work of nodes takes time. */
  readonly costs: boolean;
  /** What all scenarios of faults have in common; else the seed decides. */
  readonly only?: Only;
  /** Ends it when the seeds under way are through. */
  readonly signal: AbortSignal;
}

export interface Failure {
  readonly seed: number;
  readonly failure: string;
  /** Shows it again. */
  readonly command: string;
}

export class Hunt {
  readonly wanted: Wanted;
  /** Of seeds with faults; the scenarios of the others are all of one kind. */
  readonly coverage: Coverage | null;
  readonly failures: Failure[] = [];
  readonly recoveriesMs: number[] = [];
  seeds = 0;
  recovered = 0;
  simulatedMs = 0;
  nextSeed: number;
  readonly #startedMs = performance.now();
  readonly #found: (failure: Failure) => void;

  /** `found` is told of each failure as it comes. */
  constructor(wanted: Wanted, found: (failure: Failure) => void) {
    this.wanted = wanted;
    this.coverage = wanted.search === 'faults' || wanted.search === 'mix' ? new Coverage() : null;
    this.nextSeed = wanted.firstSeed;
    this.#found = found;
  }

  get wallMs(): number {
    return performance.now() - this.#startedMs;
  }

  async run(): Promise<void> {
    await Promise.all(Array.from({ length: this.wanted.workers }, () => this.#work()));
  }

  async #work(): Promise<void> {
    const { search, durationMs, costs, only = {} } = this.wanted;
    let worker = launch('worker');
    for (let seed = this.#next(); seed !== null; seed = this.#next()) {
      const kind = kindOf(search, seed);
      const question: HuntQuestion = { kind, seed, durationMs, costs, only };
      const answer = await ask<HuntAnswer>(worker, question);
      if (typeof answer !== 'string') {
        this.#take(seed, answer);
        continue;
      }
      const command = `npm run hunt -- --search ${kind} --seed ${seed} --count 1${costs ? '' : ' --costs off'}${onlyText(only)}`;
      this.#take(seed, { command, failure: answer, simulatedMs: 0, recovered: false, recoveryMs: null });
      await worker.terminate();
      worker = launch('worker');
    }
    await worker.terminate();
  }

  #next(): number | null {
    const { search, minutes, firstSeed, count = Number.POSITIVE_INFINITY, signal } = this.wanted;
    // Twins are counted, not drawn.
    const end = Math.min(firstSeed + count, search === 'twins' ? TWINS_SCENARIOS : Number.POSITIVE_INFINITY);
    if (signal.aborted || this.wallMs >= minutes * 60_000 || this.nextSeed >= end) return null;
    return this.nextSeed++;
  }

  #take(seed: number, { command, failure, simulatedMs, recovered, recoveryMs }: HuntAnswer): void {
    this.seeds += 1;
    this.simulatedMs += simulatedMs;
    const { search, durationMs } = this.wanted;
    if (kindOf(search, seed) === 'faults')
      this.coverage?.take(narrowed(scenarioOf(seed, durationMs), this.wanted.only));
    if (recovered) this.recovered += 1;
    if (recoveryMs !== null) this.recoveriesMs.push(recoveryMs);
    if (failure === null) return;
    const found = { seed, failure, command };
    this.failures.push(found);
    this.#found(found);
  }
}
