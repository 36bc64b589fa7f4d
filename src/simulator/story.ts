/** The short story of a run: what a person would tell of it. */
import type { Simulation } from './simulation.ts';

const LINES_MAX = 400;

export class Story {
  readonly #lines: string[] = [];
  #simulation: Simulation | null = null;
  #height = 0;

  begin(simulation: Simulation): void {
    this.#simulation = simulation;
  }

  event(atMs: number, what: string, details: readonly (string | number)[]): void {
    const text = this.#textOf(what, details);
    if (text === undefined) return;
    const line = `${(atMs / 1000).toFixed(1).padStart(7)} s  ${text}`;
    if (this.#lines.length < LINES_MAX && this.#lines.at(-1) !== line) this.#lines.push(line);
  }

  lines(): readonly string[] {
    return this.#lines;
  }

  #textOf(what: string, [first, second, third]: readonly (string | number)[]): string | undefined {
    switch (what) {
      case 'finalized':
        if (Number(second) <= this.#height) return undefined;
        this.#height = Number(second);
        return this.#height % 50 === 0 || this.#height === 1 ? `height ${second} is final` : undefined;
      case 'view-change-started':
        return `node ${first} moves to view ${second}`;
      case 'view-entered':
        return `node ${first} enters view ${second}`;
      case 'suspected':
        return `node ${first} suspects the primary`;
      case 'offence':
        return `node ${first} proves that validator ${second} signed twice at height ${third}`;
      case 'stopped':
        return `node ${first} is off`;
      case 'running':
        return `node ${first} runs`;
      case 'broken':
        return `node ${first} stops for good`;
      case 'refused':
        return `node ${first} will not start: ${second}`;
      case 'halted':
        return `node ${first} halts: ${second}`;
      case 'bit-flip':
        return `a bit flips on the disk of node ${first}: ${second}`;
      case 'punished':
        return this.#simulation?.node(Number(first)).isLiar === true
          ? undefined
          : `node ${first} closes the connection of node ${second}: ${third}`;
      case 'healed':
        return `faults end at height ${this.#height}`;
      default:
        return what.startsWith('fault ') ? what : undefined;
    }
  }
}
