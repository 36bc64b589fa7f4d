/** One scenario through one protocol, as often as chance asks for, and what all runs say together. */
import { present } from '../base/invariant.ts';
import { Random } from '../base/random.ts';
import { type Finality, finalityOf, perTransaction } from './meter.ts';
import type { Confirmed, Protocol, Single } from './protocol.ts';
import { runOnce } from './run.ts';
import type { Scenario } from './scenario.ts';

/** All runs together. Counts are sums, what lasted or went deep is the most of any run, and throughput the mean. `timeline` and
 *  `blocks` are those of the first run, `disagreement` that of the first run in which honest nodes disagreed. */
export interface Run extends Omit<Single, 'finalityTimesMs' | 'confirmations'> {
  readonly repetitions: number;
  /** By run. */
  readonly each: readonly Brief[];
  readonly confirmations?: readonly Omit<Confirmed, 'finalityTimesMs'>[];
}

/** What one of the runs came to. Its seed gives the same run again, as the first one. */
export interface Brief
  extends Pick<
    Single,
    | 'finalityMs'
    | 'committed'
    | 'submitted'
    | 'forks'
    | 'deepestReorganisation'
    | 'disagreed'
    | 'reversedAfterFinal'
    | 'unavailableMs'
  > {
  readonly seed: number;
}

const SEED_MAX = 2 ** 31 - 1;

/** The seed itself, and those drawn from it: of fewer runs, the first ones. */
function seedsOf(seed: number, runs: number): readonly number[] {
  const random = new Random(seed);
  return Array.from({ length: runs }, (_, run) => (run === 0 ? seed : random.int(0, SEED_MAX)));
}

export function repeat(protocol: Protocol, scenario: Scenario, seed: number, runs: number): Run {
  const seeds = seedsOf(seed, runs);
  return together(
    seeds,
    seeds.map((each) => runOnce(protocol, scenario, each)),
  );
}

/** `runs`: one at least, all of one protocol and scenario. */
export function together(seeds: readonly number[], runs: readonly Single[]): Run {
  const { finalityTimesMs: _, confirmations, ...first } = present(runs[0], 'a run');
  const all = <T>(of: (run: Single) => T): readonly T[] => runs.map(of);
  const committed = sum(all((run) => run.committed));
  const work = {
    messages: sum(all((run) => run.messages)),
    bytes: sum(all((run) => run.bytes)),
    signatures: sum(all((run) => run.signatures)),
    hashes: sum(all((run) => run.hashes)),
  };
  return {
    ...first,
    repetitions: runs.length,
    each: runs.map((run, at) => brief(present(seeds[at], 'seed'), run)),
    ...finalityOfAll(all((run) => run.finalityTimesMs)),
    submitted: sum(all((run) => run.submitted)),
    committed,
    throughput: sum(all((run) => run.throughput)) / runs.length,
    ...work,
    ...perTransaction(work, committed),
    forks: sum(all((run) => run.forks)),
    deepestReorganisation: Math.max(...all((run) => run.deepestReorganisation)),
    disagreed: runs.some((run) => run.disagreed),
    disagreement: runs.find(({ disagreement }) => disagreement !== null)?.disagreement ?? null,
    reversedAfterFinal: sum(all((run) => run.reversedAfterFinal)),
    unavailableMs: Math.max(...all((run) => run.unavailableMs)),
    unavailableMsOf: first.unavailableMsOf.map(({ node }, at) => ({
      node,
      ms: Math.max(...all((run) => run.unavailableMsOf[at]?.ms ?? 0)),
    })),
    ...(confirmations === undefined ? {} : { confirmations: confirmations.map((_each, at) => confirmed(runs, at)) }),
  };
}

function confirmed(runs: readonly Single[], at: number): Omit<Confirmed, 'finalityTimesMs'> {
  const all = runs.map((run) => present(run.confirmations?.[at], 'as many confirmations'));
  const { confirmations, risk } = present(all[0], 'a run');
  return {
    confirmations,
    risk,
    finalityMs: finalityOfAll(all.map((each) => each.finalityTimesMs)).finalityMs,
    disagreed: all.some((each) => each.disagreed),
    reversedAfterFinal: sum(all.map((each) => each.reversedAfterFinal)),
  };
}

const brief = (seed: number, run: Single): Brief => ({
  seed,
  submitted: run.submitted,
  committed: run.committed,
  finalityMs: run.finalityMs,
  forks: run.forks,
  deepestReorganisation: run.deepestReorganisation,
  disagreed: run.disagreed,
  reversedAfterFinal: run.reversedAfterFinal,
  unavailableMs: run.unavailableMs,
});

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);

const finalityOfAll = (times: readonly (readonly number[])[]): Finality =>
  finalityOf(times.flat().sort((a, b) => a - b));
