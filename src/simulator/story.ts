/** The short story of a run: what a person would tell of it. */
import type { Simulation } from './simulation.ts';

const LINES_MAX = 400;

export class Story {
  readonly #lines: string[] = [];
  #simulation: Simulation | null = null;
  #height = 0;
  readonly #caught = new Set<number>();

  begin(simulation: Simulation): void {
    this.#simulation = simulation;
  }

  event(atMs: number, what: string, details: readonly (string | number)[]): void {
    const text = this.#textOf(what, details, atMs < 100);
    if (text === undefined) return;
    const line = `${(atMs / 1000).toFixed(1).padStart(7)} s  ${text}`;
    if (this.#lines.length < LINES_MAX && this.#lines.at(-1) !== line) this.#lines.push(line);
  }

  lines(): readonly string[] {
    return this.#lines;
  }

  #textOf(what: string, [first, second, third]: readonly (string | number)[], atStart: boolean): string | undefined {
    switch (what) {
      case 'finalized':
        if (Number(second) <= this.#height) return undefined;
        this.#height = Number(second);
        return this.#height % 50 === 0 || this.#height === 1 ? `height ${second} is final` : undefined;
      case 'view-change-started':
        return third === 'joined' ? undefined : `node ${first} gives up on view ${Number(second) - 1} (${third})`;
      case 'view-entered': {
        const text = `view ${second} begins, validator ${third} is primary`;
        return this.#lines.slice(-12).some((line) => line.endsWith(text)) ? undefined : text;
      }
      case 'suspected':
        return `node ${first} suspects the primary`;
      case 'offence':
        if (this.#caught.has(Number(second))) return undefined;
        this.#caught.add(Number(second));
        return `validator ${second} is caught: it signed twice at height ${third}`;
      case 'stopped':
        return `node ${first} is off`;
      case 'running':
        return atStart ? undefined : `node ${first} runs`;
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
      case 'punished':
        return this.#simulation?.node(Number(first)).isLiar === true
          ? undefined
          : `node ${first} closes the connection of node ${second}: ${third}`;
      case 'step':
        return `line ${first}: ${second}`;
      case 'healed':
        return `faults end at height ${this.#height}`;
      default:
        return what.startsWith('fault ') ? what : undefined;
    }
  }
}
