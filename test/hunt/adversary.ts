/** A hunt for the worst that liars with a plan can do: one climb for each seed, on several cores, until the time is over. */
import { type Climb, type Climbed, HANDMADE } from './climb.ts';
import type { MeasureName } from './measures.ts';
import { ask, launch } from './workers.ts';

export interface AdversaryWanted {
  readonly measure: MeasureName;
  readonly minutes: number;
  readonly firstSeed: number;
  /** Seeds to try; undefined: as many as the time allows. */
  readonly count: number | undefined;
  /** Simulated milliseconds in which they lie, in each run. */
  readonly durationMs: number;
  /** Validators; undefined: 4 to 16, as the seed says. */
  readonly size: number | undefined;
  /** Runs of each climb. */
  readonly rounds: number;
  /** Where every climb begins; undefined: at random, at a plan made by hand, or at the worst so far. */
  readonly plan: string | undefined;
  readonly workers: number;
  /** Whether the work of nodes takes time. */
  readonly costs: boolean;
  /** Ends it when the climbs under way are through. */
  readonly signal: AbortSignal;
}

export class Adversary {
  readonly wanted: AdversaryWanted;
  /** Of each number of validators, without faults of the network and with them, the worst. */
  readonly #worst = new Map<string, Climbed>();
  readonly failures: { readonly seed: number; readonly failure: string; readonly command: string }[] = [];
  seeds = 0;
  runs = 0;
  simulatedMs = 0;
  nextSeed: number;
  readonly #startedMs = performance.now();
  readonly #found: (what: string) => void;

  /** `found` is told of each broken promise, and of each run that is the worst so far. */
  constructor(wanted: AdversaryWanted, found: (what: string) => void) {
    this.wanted = wanted;
    this.nextSeed = wanted.firstSeed;
    this.#found = found;
  }

  get wallMs(): number {
    return performance.now() - this.#startedMs;
  }

  /** The worst first. */
  get ranking(): readonly Climbed[] {
    return [...this.#worst.values()].toSorted((a, b) => b.score - a.score);
  }

  async run(): Promise<void> {
    await Promise.all(Array.from({ length: this.wanted.workers }, () => this.#work()));
  }

  async #work(): Promise<void> {
    const { measure, durationMs, size, rounds, costs } = this.wanted;
    let worker = launch('climber');
    for (let seed = this.#next(); seed !== null; seed = this.#next()) {
      const question: Climb = { measure, seed, durationMs, size, rounds, costs, start: this.#start(seed) };
      const answer = await ask<Climbed>(worker, question);
      if (typeof answer !== 'string') {
        this.#take(answer);
        continue;
      }
      this.seeds += 1;
      const start = question.start === null ? '' : ` --plan '${question.start}'`;
      const command = `npm run hunt -- --adversary ${measure} --seed ${seed} --count 1 --rounds ${rounds}${costs ? '' : ' --costs off'}${start}`;
      this.#fail(seed, answer, command);
      await worker.terminate();
      worker = launch('climber');
    }
    await worker.terminate();
  }

  #next(): number | null {
    const { minutes, firstSeed, count = Number.POSITIVE_INFINITY, signal } = this.wanted;
    if (signal.aborted || this.wallMs >= minutes * 60_000 || this.nextSeed >= firstSeed + count) return null;
    return this.nextSeed++;
  }

  /** Half of all climbs begin at random; the others where somebody has been. */
  #start(seed: number): string | null {
    const { plan } = this.wanted;
    if (plan !== undefined) return plan;
    if (seed % 2 === 0) return null;
    const handmade = HANDMADE[Math.floor(seed / 4) % HANDMADE.length] ?? null;
    return seed % 4 === 1 ? handmade : (this.ranking[0]?.plan ?? handmade);
  }

  #take(climbed: Climbed): void {
    this.seeds += 1;
    this.runs += climbed.runs;
    this.simulatedMs += climbed.simulatedMs;
    const { seed, failure, command, validators, faults, score } = climbed;
    if (failure !== null) return this.#fail(seed, failure, command);
    const key = `${validators}${faults.length > 0 ? ' faulty' : ''}`;
    const before = this.ranking[0];
    if (score > (this.#worst.get(key)?.score ?? -1)) this.#worst.set(key, climbed);
    if (before === undefined || score > before.score)
      this.#found(`worst so far, seed ${seed}: ${figuresText(climbed)}`);
  }

  #fail(seed: number, failure: string, command: string): void {
    this.failures.push({ seed, failure, command });
    this.#found(`FAILED ${failure}\n       ${command}`);
  }
}

/** `stallS 15.0 · liars 2 · …`. */
export const figuresText = ({ figures }: Climbed): string =>
  Object.entries(figures)
    .map(([name, value]) => `${name} ${value}`)
    .join(' · ');
