/** What a hunt for the worst says of itself. */
import type { Colours } from '../../src/cli/output.ts';
import { table } from '../../src/cli/table.ts';
import { type Adversary, figuresText } from './adversary.ts';

export function progressOf({ wallMs, seeds, runs, simulatedMs, failures, ranking }: Adversary): string {
  const hours = (simulatedMs / 3_600_000).toFixed(1);
  const [worst] = ranking;
  const so = worst === undefined ? '' : ` · worst: seed ${worst.seed}, ${figuresText(worst)}`;
  return `${(wallMs / 60_000).toFixed(1)} min · ${seeds} seeds, ${runs} runs · ${hours} simulated hours · ${failures.length} failed${so}`;
}

/** One line for each size of network; then the worst of all, and how to see it again. */
export function adversaryText(hunt: Adversary, colours: Colours): string {
  const { ranking, failures, nextSeed } = hunt;
  const [worst] = ranking;
  const rows = ranking
    .toSorted((a, b) => a.validators - b.validators || a.faults.length - b.faults.length)
    .map(({ validators, liars, faults, seed, figures }) => [
      ...[validators, liars, faults.join(',') || '-', seed].map(String),
      ...Object.values(figures).map(String),
    ]);
  const names = Object.keys(worst?.figures ?? {});
  return [
    progressOf(hunt),
    ...(rows.length === 0 ? [] : [table(['validators', 'liars', 'faults', 'seed', ...names], rows, colours)]),
    ...(worst === undefined ? [] : [`the worst, again: ${worst.command}`]),
    ...failures.map(({ failure, command }) => `FAILED ${failure}\n       ${command}`),
    `next time: --seed ${nextSeed}`,
  ].join('\n');
}

export function adversaryJson(hunt: Adversary): object {
  const { wanted, seeds, runs, simulatedMs, wallMs, ranking, failures, nextSeed } = hunt;
  return {
    adversary: wanted.measure,
    seeds,
    runs,
    simulatedMs: Math.round(simulatedMs),
    wallMs: Math.round(wallMs),
    worst: ranking,
    failures,
    nextSeed,
  };
}
