/** What a mutant is put through: scenarios as the hunt makes them, and those directed at it, ever longer. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ScenarioName } from '../../src/compare/scenario.ts';
import type { Scenario } from '../../src/simulator/search/scenario.ts';
import type { Directed } from './mutant.ts';

/** Text of a transcript, or a scenario of `trefoil simulate`; a seed of Raft's own search, a figure of its paper, or Raft in a
 *  scenario of `trefoil compare`; or a file of tests. */
export type Play =
  | { readonly kind: 'scenario'; readonly scenario: Scenario }
  | { readonly kind: 'raft'; readonly seed: number }
  | { readonly kind: 'raft-figure'; readonly figure: string }
  | { readonly kind: 'raft-compared'; readonly scenario: ScenarioName; readonly seed: number }
  | { readonly kind: 'transcript'; readonly name: string; readonly text: string }
  | { readonly kind: 'tests'; readonly file: string };

export interface Trial {
  /** From 0. */
  readonly number: number;
  readonly play: Play;
}

/** What the worker is asked. */
export interface Question {
  /** Folder of the sources to run. */
  readonly copy: string;
  readonly task:
    | { readonly kind: 'once'; readonly play: Play }
    /** All trials from the number on. */
    | { readonly kind: 'series'; readonly first: number; readonly directed: Directed | undefined };
  /** Wall clock, in milliseconds since 1970: no trial begins after it. */
  readonly untilMs: number;
}

/** What the worker says: `trying` before each trial, and one of the others at the end. */
export type Answer =
  | ({ readonly kind: 'trying'; readonly command: string } & Trial)
  | ({ readonly kind: 'failed'; readonly command: string; readonly checker: string; readonly message: string } & Trial)
  | { readonly kind: 'held' }
  /** The copy does not even load. */
  | { readonly kind: 'unusable'; readonly message: string };

/** Simulated milliseconds of faults: most bugs show soon. */
const durationMs = (seed: number): number => (seed <= 10 ? 10_000 : seed <= 40 ? 30_000 : 60_000);

/** The trials from a number on: a file of tests once, anything else without end. First the transcript, if any; then even ones are directed, where there is a
 *  direction. */
export function* trialsFrom(
  first: number,
  directed: Directed | undefined,
  scenarioOf: (seed: number, durationMs: number) => Scenario,
): Generator<Trial> {
  if (directed?.tests !== undefined) {
    if (first === 0) yield { number: 0, play: { kind: 'tests', file: directed.tests } };
    return;
  }
  for (let number = first; ; number++) {
    if (directed?.raft !== undefined) {
      yield { number, play: raftPlay(number, directed.raft) };
      continue;
    }
    if (number === 0 && directed?.transcript !== undefined) {
      yield { number, play: transcript(directed.transcript) };
      continue;
    }
    const seed = directed === undefined ? number + 1 : Math.floor(number / 2) + 1;
    const general = scenarioOf(seed, durationMs(seed));
    const isDirected = directed !== undefined && number % 2 === 0;
    yield { number, play: { kind: 'scenario', scenario: isDirected ? direct(general, directed) : general } };
  }
}

const SCENARIOS = join(import.meta.dirname, '..', 'simulator', 'scenarios');

const transcript = (name: string): Play => ({
  kind: 'transcript',
  name,
  text: readFileSync(join(SCENARIOS, `${name}.txt`), 'utf8'),
});

function raftPlay(number: number, { figure, compared }: NonNullable<Directed['raft']>): Play {
  if (compared !== undefined) return { kind: 'raft-compared', scenario: compared, seed: number + 1 };
  return number === 0 && figure !== undefined ? { kind: 'raft-figure', figure } : { kind: 'raft', seed: number + 1 };
}

/** The seed's own scenario, but for what the direction says. Liars never hold a third of the power. */
function direct(general: Scenario, { powers, liars, plan, faults, members }: Directed): Scenario {
  const lying = liars ?? (powers === undefined ? general.liars : []);
  const total = (some: readonly bigint[]): bigint => some.reduce((sum, power) => sum + power, 0n);
  const wanted = powers ?? general.powers;
  const isFew = 3n * total(lying.map(({ validator }) => wanted[validator] ?? 0n)) < total(wanted);
  return {
    ...general,
    powers: isFew ? wanted : wanted.map(() => 1n),
    liars: lying,
    ...(plan === undefined ? {} : { plan }),
    faults: faults ?? general.faults,
    ...(members === undefined ? {} : { members }),
  };
}
