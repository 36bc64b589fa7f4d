/** The short story of a run: what a person would tell of it. */
import type { Epoch, Height } from '../../base/brand.ts';
import type { KnownEpoch } from '../../ledger/epoch.ts';
import { type Chapter, type ViewChapter, tell } from './chapters.ts';
import type { Simulation } from '../simulation.ts';
import { strategies } from '../../strategies/registry.ts';
import type { Fate, TraceSink } from '../world/trace.ts';

/** Where nothing else happens, a line of heights as often. */
const QUIET_MS = 5000;

export class Story implements TraceSink {
  /** Names of strategies by validator. */
  readonly #liars: ReadonlyMap<number, string>;
  readonly #chapters: Chapter[] = [];
  readonly #views = new Map<string, ViewChapter>();
  /** Faults that have begun and not ended, by number. */
  readonly #faults = new Map<number, { lastedMs: number | null; readonly atMs: number }>();
  readonly #told = new Set<string>();
  /** By slot. */
  readonly #lies = new Map<number, { lie: number; withheld: number }>();
  #simulation: Simulation | null = null;
  #height = 0;
  #lastMs = 0;
  #started = false;

  constructor(liars: ReadonlyMap<number, string>) {
    this.#liars = liars;
  }

  /** Before anything happens. */
  begin(simulation: Simulation): void {
    this.#simulation = simulation;
    const { genesis, nodes, links } = simulation;
    const { members: validators } = genesis.validators;
    const { baseTimeoutTicks, tickMs, epochLength } = genesis.consensus;
    const powers = validators.map(({ power }) => power);
    const equal = powers.every((power) => power === powers[0]);
    const others = nodes.filter(({ validator }) => validator === null).length;
    this.#mark(
      0,
      `${validators.length} ${equal ? 'equal validators' : `validators of power ${powers.join(' ')}`}` +
        `${others > 0 ? ` and ${others} observers` : ''}; messages take ${links.latencyMs} ms, ` +
        `views wait ${(baseTimeoutTicks * tickMs) / 1000} s, epochs have ${epochLength} heights`,
    );
    for (const { slot, validator } of nodes.slice(validators.length))
      if (validator !== null) this.#mark(0, `node ${slot} has the key of validator ${validator} too`);
    for (const [validator, name] of this.#liars)
      this.#mark(0, `node ${validator} lies (${name}): ${strategies.get(name)?.describe ?? 'unknown'}`);
  }

  event(atMs: number, what: string, details: readonly (string | number)[]): void {
    const [first = '', second = '', third = ''] = details;
    switch (what) {
      case 'finalized':
        return this.#finalized(atMs, Number(first), Number(second));
      case 'view-change-started':
      case 'view-entered':
        return this.#view(atMs, what, Number(first), Number(second), String(third));
      case 'fault':
        return this.#fault(atMs, String(first), String(second), Number(third));
      case 'fault-ends': {
        const fault = this.#faults.get(Number(third));
        if (fault !== undefined) fault.lastedMs = atMs - fault.atMs;
        return;
      }
      case 'step':
        return this.#mark(atMs, `line ${first}: ${second}`);
      case 'healed':
        return this.#mark(atMs, `the ${this.#faults.size > 0 ? 'faults end' : 'time is over'}${this.#lied()}`);
      case 'played':
        return this.#mark(atMs, `all lines have come true${this.#lied()}`);
      case 'recovered':
        return this.#mark(
          atMs,
          `recovered: after ${duration(Number(first))} all honest nodes have committed new payments`,
        );
      case 'quiet':
        return this.#mark(
          atMs,
          `${duration(Number(first))} of quiet since the recovery: ${second === 0 ? 'no' : second} view changes`,
        );
      case 'violated':
        return this.#once(`${first}`, () => this.#mark(atMs, `BROKEN ${first}: ${second}`));
      default: {
        const text = this.#note(what, first, second, third);
        if (text !== undefined) this.#add({ kind: 'note', atMs, height: this.#height, text });
      }
    }
  }

  message(_atMs: number, fate: Fate, from: number): void {
    if (fate !== 'lie' && fate !== 'withheld') return;
    const counts = this.#lies.get(from) ?? { lie: 0, withheld: 0 };
    this.#lies.set(from, counts);
    counts[fate] += 1;
  }

  lines(): readonly string[] {
    return tell(this.#chapters);
  }

  #add(chapter: Chapter): void {
    this.#lastMs = chapter.atMs;
    this.#chapters.push(chapter);
  }

  #mark(atMs: number, text: string): void {
    this.#add({ kind: 'mark', atMs, height: this.#height, text });
  }

  #once(key: string, then: () => void): void {
    if (this.#told.has(key)) return;
    this.#told.add(key);
    then();
  }

  #isLiar(slot: number): boolean {
    return this.#simulation?.node(slot).isLiar === true;
  }

  #finalized(atMs: number, slot: number, height: number): void {
    if (height <= this.#height || this.#isLiar(slot)) return;
    this.#height = height;
    this.#members(atMs, height as Height);
    if (!this.#started || atMs - this.#lastMs >= QUIET_MS) this.#add({ kind: 'blocks', atMs, height });
    this.#started = true;
  }

  /** Who validates from now on, where that changes. */
  #members(atMs: number, height: Height): void {
    const before = this.#simulation?.epochs.at(height);
    if (before?.lastHeight !== height) return;
    const after = this.#simulation?.epochs.of((before.epoch + 1) as Epoch);
    if (after === undefined) return;
    const [old, now] = [before, after].map(setText);
    if (old === now) return;
    this.#add({ kind: 'note', atMs, height, text: `epoch ${after.epoch} has validators ${now}` });
  }

  #fault(atMs: number, name: string, whom: string, number: number): void {
    const fault = { kind: 'fault', atMs, height: this.#height, name, whom, lastedMs: null } as const;
    this.#faults.set(number, fault);
    this.#add(fault);
  }

  /** One chapter for each view, at the time when it begins; of views that never do, when they were first asked for. */
  #view(atMs: number, what: string, slot: number, view: number, third: string): void {
    if (this.#isLiar(slot)) return;
    const epoch = this.#simulation?.node(slot).driver?.status().epoch ?? 0;
    const key = `${epoch}/${view}`;
    let chapter = this.#views.get(key);
    if (chapter === undefined) {
      chapter = { kind: 'view', atMs, height: this.#height, epoch, view, primary: null, reasons: new Map() };
      this.#views.set(key, chapter);
      this.#add(chapter);
    }
    if (what === 'view-entered') {
      if (chapter.primary === null) Object.assign(chapter, { atMs, height: this.#height, primary: Number(third) });
    } else if (third !== 'joined') chapter.reasons.set(third, (chapter.reasons.get(third) ?? new Set()).add(slot));
  }

  #note(what: string, first: string | number, second: string | number, third: string | number): string | undefined {
    switch (what) {
      case 'suspected':
        return `node ${first} suspects primary ${second}: ${third}`;
      case 'offence':
        return this.#first(
          `offence ${second}`,
          `node ${first} catches ${second}, which signed twice at height ${third}`,
        );
      case 'punished':
        return this.#isLiar(Number(first))
          ? undefined
          : this.#first(`punished ${second} ${third}`, `node ${first} hangs up on ${second}: ${third}`);
      case 'broken':
        return `node ${first} stops for good`;
      case 'refused':
        return `node ${first} will not start: ${second}`;
      case 'halted':
        return `node ${first} halts: ${second}`;
      case 'bit-flip':
        return `a bit flips on the disk of node ${first}: ${second}`;
      case 'amnesia':
        return `the disk of node ${first} is empty`;
      default:
        return undefined;
    }
  }

  #first(key: string, text: string): string | undefined {
    let told: string | undefined;
    this.#once(key, () => {
      told = text;
    });
    return told;
  }

  #lied(): string {
    return [...this.#liars.keys()]
      .map((slot) => {
        const { lie, withheld } = this.#lies.get(slot) ?? { lie: 0, withheld: 0 };
        return `; node ${slot} has told ${lie} lies and withheld ${withheld} messages`;
      })
      .join('');
  }
}

/** Index and power of each; with a star those that stay because there are too few others. */
const setText = ({ validators, kept }: KnownEpoch): string =>
  validators.members.map(({ index, power }) => `${index}${kept.includes(index) ? '*' : ''}:${power}`).join(' ');

const duration = (ms: number): string => (ms < 1000 ? `${Math.ceil(ms)} ms` : `${(ms / 1000).toFixed(1)} s`);
