/** What `npm run mutants` prints. */
import type { Result } from './laboratory.ts';

const row = (name: string, clause: string, by: string, trials: string, seconds: string): string =>
  `${name.padEnd(34)} ${clause.padEnd(12)} ${by.padEnd(13)} ${trials.padStart(6)} ${seconds.padStart(8)}`;

export const headLine = row('mutant', 'clause', 'caught by', 'runs', 'seconds');

export function resultLine({ mutant, caught, trials, seconds, disputed }: Result): string {
  const line = row(mutant.name, mutant.clause, caught?.checker ?? 'SURVIVED', String(trials), seconds.toFixed(1));
  return [line, ...disputed.map((command) => `  fails without the bug too: ${command}`)].join('\n');
}

const survivorsOf = (results: readonly Result[]): readonly Result[] => results.filter(({ caught }) => caught === null);

/** Seconds until half of the mutants that were caught were caught. */
function medianSeconds(results: readonly Result[]): number | null {
  const times = results.filter(({ caught }) => caught !== null).map(({ seconds }) => seconds);
  return times.toSorted((a, b) => a - b)[Math.floor(times.length / 2)] ?? null;
}

export function summaryLines(results: readonly Result[]): readonly string[] {
  const survivors = survivorsOf(results);
  const median = medianSeconds(results);
  return [
    '',
    ...survivors.map(({ mutant }) => `SURVIVED ${mutant.name}: ${mutant.breaks} (${mutant.clause})`),
    `${results.length - survivors.length} of ${results.length} caught` +
      (median === null ? '' : ` · median ${median.toFixed(1)} s to catch one`),
  ];
}

export function reportJson(results: readonly Result[]): object {
  const survivors = survivorsOf(results).map(({ mutant }) => mutant.name);
  return {
    mutants: results.map(({ mutant: { name, clause, breaks }, caught, trials, seconds, disputed }) => ({
      name,
      clause,
      breaks,
      caught,
      runs: trials,
      seconds: Math.round(seconds * 10) / 10,
      disputed,
    })),
    caught: results.length - survivors.length,
    survivors,
    medianSeconds: medianSeconds(results),
  };
}
