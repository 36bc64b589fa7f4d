/** What a hunt says of itself. */
import type { Colours } from '../../src/cli/output.ts';
import { table } from '../../src/cli/table.ts';
import type { Coverage } from './coverage.ts';
import type { Hunt } from './hunt.ts';

/** More than this many pairs nobody reads. */
const UNMET_SHOWN = 12;

export function progressLine({ wallMs, seeds, simulatedMs, failures }: Hunt): string {
  const minutes = wallMs / 60_000;
  const hours = (simulatedMs / 3_600_000).toFixed(1);
  const rate = Math.round(seeds / minutes);
  return `${minutes.toFixed(1)} min · ${seeds} seeds · ${hours} simulated hours · ${rate} seeds/min · ${failures.length} failed`;
}

export function reportText(hunt: Hunt, colours: Colours): string {
  const { coverage, nextSeed } = hunt;
  return [
    progressLine(hunt),
    recoveryLine(hunt),
    ...(coverage === null ? [] : coverageLines(coverage, colours)),
    `next time: --seed ${nextSeed}`,
  ].join('\n');
}

export function reportJson(hunt: Hunt): object {
  const { wanted, seeds, simulatedMs, wallMs, failures, recovered, coverage, nextSeed } = hunt;
  return {
    search: wanted.search,
    seeds,
    simulatedMs: Math.round(simulatedMs),
    wallMs: Math.round(wallMs),
    failures,
    recovery: { expected: seeds, recovered, ...quantiles(hunt) },
    coverage: coverage && { networks: coverage.sizes, pairs: coverage.pairs, unmet: coverage.unmet },
    nextSeed,
  };
}

function recoveryLine(hunt: Hunt): string {
  const { seeds, recovered } = hunt;
  // Rounded down: all but one of many are not 100 %.
  const percent = seeds === 0 ? 0 : Math.floor((1000 * recovered) / seeds) / 10;
  const { medianMs, p99Ms, longestMs } = quantiles(hunt);
  const [median, p99, longest] = [medianMs, p99Ms, longestMs].map((ms) => ((ms ?? 0) / 1000).toFixed(1));
  const times = medianMs === null ? '' : ` · median ${median} s · p99 ${p99} s · longest ${longest} s`;
  return `recovered after the faults: ${recovered} of ${seeds} (${percent} %)${times}`;
}

function quantiles({ recoveriesMs }: Hunt): Record<'medianMs' | 'p99Ms' | 'longestMs', number | null> {
  const sorted = recoveriesMs.toSorted((a, b) => a - b);
  const at = (part: number): number | null => sorted[Math.ceil(part * sorted.length) - 1] ?? null;
  return { medianMs: at(0.5), p99Ms: at(0.99), longestMs: at(1) };
}

function coverageLines({ sizes, pairs, unmet }: Coverage, colours: Colours): readonly string[] {
  const rows = sizes.map(({ validators, equalPower, skewedPower }) =>
    [validators, equalPower, skewedPower].map(String),
  );
  const few = unmet.length > 0 && unmet.length <= UNMET_SHOWN;
  return [
    table(['validators', 'equal power', 'skewed power'], rows, colours),
    `${pairs - unmet.length} of ${pairs} pairs of liar and fault${few ? `; not yet: ${unmet.join(', ')}` : ''}`,
  ];
}
