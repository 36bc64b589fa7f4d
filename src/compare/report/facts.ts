/** What the table, the charts and the guide say, looked up in what was measured. */
import { present } from '../../base/invariant.ts';
import type { Comparison } from '../compare.ts';
import { quantile } from '../meter.ts';
import { PROTOCOLS, type ProtocolName } from '../protocol.ts';
import type { Brief, Run } from '../repeat.ts';
import type { ScenarioName } from '../scenario.ts';
import { TRANSFERS_PER_BLOCK } from '../../simulator/world/keys.ts';
import { count, duration, inRuns, percent } from './words.ts';

export const TITLES: Readonly<Record<ProtocolName, string>> = {
  pbft: 'PBFT',
  'pbft-stake': 'PBFT by stake',
  pow: 'Proof of work',
  raft: 'Raft',
};

/** Good, bad, or neither. */
export type Mood = 'good' | 'bad' | 'plain';

export interface Cell {
  readonly text: string;
  readonly mood: Mood;
}

export interface Row {
  readonly name: string;
  /** What the numbers are. */
  readonly about: string;
  /** By protocol, in the order of PROTOCOLS. */
  readonly cells: readonly Cell[];
  /** The part of the comparison that gives them. */
  readonly part: ScenarioName;
}

export const runOf = (comparison: Comparison, scenario: ScenarioName, protocol: ProtocolName): Run =>
  present(
    comparison.scenarios.find(({ name }) => name === scenario)?.runs.find((run) => run.protocol === protocol),
    'a run',
  );

/** What gives the same numbers again; of all parts where none is named. */
export function commandOf({ seed, runs, transfersPerBlock }: Comparison, part?: string): string {
  const options = [
    `--seed ${seed}`,
    ...(runs === null ? [] : [`--runs ${runs}`]),
    ...(transfersPerBlock === TRANSFERS_PER_BLOCK ? [] : [`--block-size ${transfersPerBlock}`]),
    ...(part === undefined ? ['--report compare.html'] : [`--only ${part}`]),
  ];
  return `npx trefoil compare ${options.join(' ')}`;
}

/** The middle one of the runs, and in brackets from the least to the most, where they do not look the same. */
function spread(run: Run, of: (each: Brief) => number, say: (value: number) => string): string {
  const values = run.each.map(of).sort((a, b) => a - b);
  const [least, middle, most] = [0, 0.5, 1].map((part) => say(quantile(values, part) ?? 0));
  return least === most ? `${middle}` : `${middle} (${least} to ${most})`;
}

export const runsThat = (run: Run, did: (each: Brief) => boolean): string =>
  inRuns(run.each.filter(did).length, run.repetitions);

const longest = (run: Run): string => spread(run, ({ unavailableMs }) => unavailableMs, duration);

const plain = (text: string): Cell => ({ text, mood: 'plain' });

export function rowsOf(comparison: Comparison): readonly Row[] {
  const row = (part: ScenarioName, name: string, about: string, cell: (run: Run) => Cell): Row => ({
    part,
    name,
    about,
    cells: PROTOCOLS.map((protocol) => cell(runOf(comparison, part, protocol))),
  });
  return [
    row('calm', 'Final after', 'half of all transactions · 99 of 100, in one room; half in single runs', finality),
    row('regions', 'The same on three continents', 'one way 45 to 110 ms', finality),
    row('calm', 'What is left of the risk', 'that a quarter of the members, or of the hash power, takes it back', risk),
    row('calm', 'Throughput', 'committed each second, until the last was final', (run) =>
      plain(run.throughput.toFixed(2)),
    ),
    row('calm', 'Messages', 'for each transaction, in one room', (run) => plain(count(run.messagesPerTransaction))),
    row('calm', 'Bytes', 'for each transaction', (run) => plain(count(run.bytesPerTransaction))),
    row('calm', 'Signatures', 'made and checked for each transaction, on all nodes', (run) =>
      plain(count(run.signaturesPerTransaction)),
    ),
    row('calm', 'Hashes', 'for each transaction, on all nodes: what it costs in energy', (run) =>
      plain(count(run.hashesPerTransaction)),
    ),
    row('crash', 'The leader crashes', 'longest time in which nothing became final, by run', (run) => {
      return plain(`${longest(run)}; ${longest(runOf(comparison, 'calm', run.protocol))} in calm`);
    }),
    row(
      'partition-minority',
      'One of four is cut off for 4 minutes',
      'the one · the three others: longest without anything final, of all runs',
      cutOff,
    ),
    row(
      'partition-half',
      'Two against two for 4 minutes',
      'longest without anything final, of all runs, and what was taken back',
      safety,
    ),
    row(
      'partition-half',
      'Forks there',
      'heights with more than one block · blocks that a node undid at once, by run',
      (run) =>
        plain(
          `${spread(run, ({ forks }) => forks, String)} · ${spread(run, (each) => each.deepestReorganisation, String)}`,
        ),
    ),
    row('one-liar', 'One of four lies', 'whether honest nodes differ in what is final', safety),
    row('third-lying', 'Two of four lie', 'the same', safety),
  ];
}

function finality(run: Run): Cell {
  const { p50, p99 } = run.finalityMs;
  const halves = run.each.map((each) => each.finalityMs.p50 ?? Number.POSITIVE_INFINITY).sort((a, b) => a - b);
  const [least, most] = [halves[0], halves.at(-1)].map((ms) => duration(Number.isFinite(ms) ? (ms ?? null) : null));
  return plain(`${duration(p50)} · ${duration(p99)}${least === most ? '' : `; half after ${least} to ${most}`}`);
}

function risk(run: Run): Cell {
  const last = run.confirmations?.at(-1);
  if (run.protocol === 'raft') return { text: 'a liar can take back anything', mood: 'bad' };
  return last === undefined
    ? { text: 'none', mood: 'good' }
    : { text: `${percent(last.risk)} after ${last.confirmations} confirmations`, mood: 'bad' };
}

function cutOff(run: Run): Cell {
  const one = run.unavailableMsOf.find(({ node }) => node === 0)?.ms ?? 0;
  const others = Math.max(...run.unavailableMsOf.filter(({ node }) => node !== 0).map(({ ms }) => ms));
  return { text: `${duration(one)} · ${duration(others)}${takenBack(run)}`, mood: run.disagreed ? 'bad' : 'plain' };
}

const takenBack = ({ reversedAfterFinal }: Run): string =>
  reversedAfterFinal === 0 ? '' : `; ${reversedAfterFinal} taken back`;

function safety(run: Run): Cell {
  const differ = runsThat(run, ({ disagreed }) => disagreed);
  if (run.disagreed) return { text: `honest nodes differ ${differ}${takenBack(run)}`, mood: 'bad' };
  const agree = `agree ${inRuns(run.repetitions, run.repetitions)}`;
  if (run.reversedAfterFinal > 0) return { text: `${agree}${takenBack(run)}`, mood: 'bad' };
  if (run.committed === 0) return { text: `${agree}, and nothing is final`, mood: 'plain' };
  // Proof of work promises nothing, and keeps it: the next run may differ.
  const mood = run.protocol === 'pow' ? 'plain' : 'good';
  return { text: `${agree}; ${duration(run.unavailableMs)} at most`, mood };
}
