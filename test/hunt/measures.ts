/** How bad a run was for the honest, by what a hunt is told to make worse. */
import { present } from '../../src/base/invariant.ts';
import { type Buffers, bufferLimits } from '../../src/driver/limits.ts';
import { longestPauseMs } from '../../src/simulator/checkers/stall.ts';
import type { Simulation } from '../../src/simulator/simulation.ts';
import type { Fate, TraceSink } from '../../src/simulator/world/trace.ts';

export const MEASURES = ['stall', 'cost', 'memory', 'blame'] as const;
export type MeasureName = (typeof MEASURES)[number];

/** Watches one run. */
export interface Measure extends TraceSink {
  begin(simulation: Simulation): void;
  /** The run is over. */
  end(): void;
  /** Larger is worse. */
  readonly score: number;
  /** What was seen, for people. */
  readonly figures: Readonly<Record<string, number | string>>;
}

export function measureOf(name: MeasureName): Measure {
  switch (name) {
    case 'stall':
      return new Stall();
    case 'cost':
      return new Cost();
    case 'memory':
      return new Memory();
    case 'blame':
      return new Blame();
  }
}

/** How often it is looked whether something is owed. */
const LOOK_MS = 50;

abstract class Watch implements Measure {
  #simulation: Simulation | null = null;

  begin(simulation: Simulation): void {
    this.#simulation = simulation;
  }

  protected get simulation(): Simulation {
    return present(this.#simulation, 'what is watched');
  }

  protected isHonest(slot: string | number | undefined): boolean {
    return this.simulation.nodes[Number(slot)]?.isHonest === true;
  }

  abstract readonly score: number;
  abstract readonly figures: Readonly<Record<string, number | string>>;
  abstract event(atMs: number, what: string, details: readonly (string | number)[]): void;
  message(_atMs: number, _fate: Fate, _from: number, _to: number, _bytes: Uint8Array): void {}
  end(): void {}
}

/**
 * The longest time in which no honest node finalizes a new height, although all of them wait for one and no fault goes on: who is
 * honest is up and connected then, and is more than two thirds. What liars alone were given nobody waits for.
 */
class Stall extends Watch {
  readonly #faults = new Set<number>();
  #height = 0;
  /** Since when something is owed; null while nothing is. */
  #sinceMs: number | null = null;
  #lookedMs = 0;
  #longestMs = 0;
  #atMs = 0;

  event(atMs: number, what: string, details: readonly (string | number)[]): void {
    const [first, second, third] = details;
    if (what === 'fault') this.#faults.add(Number(third));
    else if (what === 'fault-ends') this.#quiet(atMs, Number(third));
    else if (what === 'healed') for (const number of this.#faults) this.#quiet(atMs, number);
    else if (what === 'finalized' && this.isHonest(first) && Number(second) > this.#height) {
      this.#height = Number(second);
      this.#look(atMs);
      this.#sinceMs = this.#isOwed() ? atMs : null;
    }
  }

  override message(atMs: number): void {
    if (this.#sinceMs !== null || atMs - this.#lookedMs < LOOK_MS) return;
    this.#lookedMs = atMs;
    if (this.#isOwed()) this.#sinceMs = atMs;
  }

  #isOwed(): boolean {
    return this.simulation.honest.every(
      ({ validator, driver }) => validator === null || driver?.status().waiting === true,
    );
  }

  override end(): void {
    this.#look(this.simulation.nowMs);
  }

  /** What was slow while it went on is the fault's. */
  #quiet(atMs: number, fault: number): void {
    this.#faults.delete(fault);
    if (this.#sinceMs !== null) this.#sinceMs = atMs;
  }

  #look(atMs: number): void {
    if (this.#sinceMs === null || this.#faults.size > 0 || atMs - this.#sinceMs <= this.#longestMs) return;
    this.#longestMs = atMs - this.#sinceMs;
    this.#atMs = this.#sinceMs;
  }

  /** Of the longest pause that SPEC.md allows for. */
  get score(): number {
    return this.#longestMs / longestPauseMs(this.simulation);
  }

  get #liars(): number {
    return this.simulation.nodes.filter(({ isHonest, validator }) => !isHonest && validator !== null).length;
  }

  get figures(): Readonly<Record<string, number | string>> {
    const { baseTimeoutTicks, timeoutCapTicks, tickMs } = this.simulation.genesis.consensus;
    return {
      stallS: seconds(this.#longestMs),
      fromS: seconds(this.#atMs),
      validators: this.simulation.genesis.validators.members.length,
      liars: this.#liars,
      baseS: seconds(baseTimeoutTicks * tickMs),
      capS: seconds(timeoutCapTicks * tickMs),
      baseTimeouts: rounded(this.#longestMs / (baseTimeoutTicks * tickMs)),
      boundS: seconds(longestPauseMs(this.simulation)),
      ofBound: rounded(this.score),
    };
  }
}

/** Processor time of the honest node that spends most, with that of its threads for signatures. */
class Cost extends Watch {
  readonly #received = new Map<number, { messages: number; bytes: number }>();

  event(): void {}

  override message(_atMs: number, fate: Fate, _from: number, to: number, bytes: Uint8Array): void {
    if (fate !== 'received') return;
    const received = this.#received.get(to) ?? { messages: 0, bytes: 0 };
    this.#received.set(to, received);
    received.messages += 1;
    received.bytes += bytes.length;
  }

  get #worst(): { readonly slot: number; readonly us: number } {
    const spent = this.simulation.honest.map(({ slot, processor: { spentUs, helpersUs } }) => {
      return { slot, us: spentUs + helpersUs };
    });
    return spent.reduce((most, each) => (each.us > most.us ? each : most), { slot: 0, us: 0 });
  }

  get #seconds(): number {
    return Math.max(1, this.simulation.nowMs / 1000);
  }

  /** Milliseconds of processor time in a second. */
  get score(): number {
    return this.#worst.us / 1000 / this.#seconds;
  }

  get figures(): Readonly<Record<string, number | string>> {
    const { slot } = this.#worst;
    const { messages, bytes } = this.#received.get(slot) ?? { messages: 0, bytes: 0 };
    return {
      processorMsPerS: rounded(this.score),
      node: slot,
      messagesPerS: Math.round(messages / this.#seconds),
      kibPerS: Math.round(bytes / 1024 / this.#seconds),
    };
  }
}

/** Bytes that one of each takes, about; of the others as much as a signed vote with what it stands in. */
const BYTES_OF: Partial<Readonly<Record<keyof Buffers, number>>> = {
  transactions: 500,
  gapped: 0,
  verifying: 1000,
  bodies: 4000,
  evidence: 600,
  viewChanges: 3000,
  lacking: 50,
  // Grows with what is of use, not with what does harm.
  told: 0,
};
const BYTES_OF_OTHERS = 300;

/** What has a bound in bytes counts as it is. */
const bytesOf = (name: keyof Buffers): number => (name.endsWith('Bytes') ? 1 : (BYTES_OF[name] ?? BYTES_OF_OTHERS));

const SAMPLE_MS = 250;

/** The most that an honest node holds of what others made it hold. */
class Memory extends Watch {
  #nextMs = 0;
  #bytes = 0;
  #node = 0;
  #fullest = { name: '', share: 0 };

  event(atMs: number): void {
    if (atMs < this.#nextMs) return;
    this.#nextMs = atMs + SAMPLE_MS;
    for (const { slot, isHonest, driver } of this.simulation.nodes)
      if (isHonest && driver !== null) this.#look(slot, driver.buffers());
  }

  #look(slot: number, buffers: Buffers): void {
    const { validators, consensus, ledger } = this.simulation.genesis;
    const limits = bufferLimits(validators.members.length, consensus.window, ledger.blockWeightMax);
    let bytes = 0;
    for (const [name, size] of Object.entries(buffers) as [keyof Buffers, number][]) {
      bytes += size * bytesOf(name);
      const share = size / limits[name];
      if (share > this.#fullest.share) this.#fullest = { name, share };
    }
    if (bytes <= this.#bytes) return;
    this.#bytes = bytes;
    this.#node = slot;
  }

  get score(): number {
    return this.#bytes;
  }

  get figures(): Readonly<Record<string, number | string>> {
    const { name, share } = this.#fullest;
    return { kib: Math.round(this.#bytes / 1024), node: this.#node, fullest: name, filled: rounded(share) };
  }
}

/** Somebody honest suspected counts as so many view changes in a minute, and one punished or accused as so many. */
const SUSPECTED = 10;
const PUNISHED = 1000;

/** Honest nodes that honest ones blame, and views that they leave. */
class Blame extends Watch {
  readonly #views = new Set<string>();
  #suspected = 0;
  #punished = 0;

  event(_atMs: number, what: string, details: readonly (string | number)[]): void {
    const [first, second] = details;
    if (!this.isHonest(first)) return;
    if (what === 'view-change-started')
      this.#views.add(`${this.simulation.node(Number(first)).driver?.status().epoch}/${second}`);
    if (what === 'suspected' && this.isHonest(second)) this.#suspected += 1;
    if ((what === 'punished' || what === 'offence') && this.isHonest(second)) this.#punished += 1;
  }

  get #perMinute(): number {
    return this.#views.size / Math.max(1, this.simulation.nowMs / 60_000);
  }

  get score(): number {
    return this.#perMinute + SUSPECTED * this.#suspected + PUNISHED * this.#punished;
  }

  get figures(): Readonly<Record<string, number | string>> {
    return {
      viewsPerMinute: rounded(this.#perMinute),
      honestSuspected: this.#suspected,
      honestPunished: this.#punished,
    };
  }
}

const seconds = (ms: number): number => Math.round(ms / 100) / 10;
const rounded = (value: number): number => Math.round(value * 100) / 100;
