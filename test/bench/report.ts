/** The figures of a bench, for people and for scripts, and whether they are good enough. */
import { availableParallelism, cpus } from 'node:os';
import type { Colours } from '../../src/cli/output.ts';
import { table } from '../../src/cli/table.ts';
import { type Latency, mean } from './statistics.ts';

/** Part of the verification bound that is to be committed. */
const RATIO_MIN = 0.35;
/** Milliseconds for half of the commits of one client. */
const ONE_CLIENT_P50_MS_MAX = 15;

export interface Figures {
  /** Which implementation of ed25519 verifies. */
  readonly backend: string;
  readonly accounts: number;
  /** Between the blocks at the beginning and at the end of the measurement. */
  readonly seconds: number;
  readonly blocks: number;
  readonly transactions: number;
  /** Transactions that validators refused, by code. */
  readonly refused: Readonly<Record<string, number>>;
  /** Whether all validators ended with the same block. */
  readonly agreed: boolean;
  /** Transactions per second. */
  readonly verificationBound: { readonly before: number; readonly after: number; readonly mean: number };
  readonly committedPerSecond: number;
  readonly ratio: number;
  readonly latencyMs: { readonly oneClient: Latency; readonly saturated: Latency };
  /** The part of the next figures that nothing can save. */
  readonly cpuMicrosPerVerification: number;
  /** `load` is what the bench itself took, on the same machine. */
  readonly cpuMicrosPerTransaction: { readonly validators: readonly number[]; readonly load: number };
  readonly memoryPeakBytes: readonly number[];
}

interface Goal {
  readonly name: string;
  readonly goal: string;
  readonly value: string;
  readonly met: boolean;
}

const goalsOf = ({ ratio, latencyMs: { oneClient } }: Figures): readonly Goal[] => [
  { name: 'ratio', goal: `≥ ${RATIO_MIN}`, value: ratio.toFixed(2), met: ratio >= RATIO_MIN },
  {
    name: 'p50 with one client',
    goal: `≤ ${ONE_CLIENT_P50_MS_MAX} ms`,
    value: `${oneClient.p50.toFixed(1)} ms`,
    met: oneClient.p50 <= ONE_CLIENT_P50_MS_MAX,
  },
];

export const goalsMet = (figures: Figures): boolean => goalsOf(figures).every(({ met }) => met);

export function reportJson(figures: Figures): object {
  const machine = { processors: availableParallelism(), model: cpus()[0]?.model, node: process.version };
  return { machine, ...figures, goals: goalsOf(figures), met: goalsMet(figures) };
}

export function reportText(figures: Figures, colours: Colours): string {
  const { verificationBound, latencyMs, cpuMicrosPerTransaction, memoryPeakBytes, refused } = figures;
  const rows = [
    [
      'verification bound, before and after',
      `${whole(verificationBound.before)} and ${whole(verificationBound.after)}`,
    ],
    [`verification bound, mean (${figures.backend})`, `${whole(verificationBound.mean)} tx/s`],
    [
      'committed',
      `${whole(figures.committedPerSecond)} tx/s (${figures.transactions} in ${figures.seconds.toFixed(1)} s, ${figures.blocks} blocks)`,
    ],
    ['ratio', figures.ratio.toFixed(2)],
    ['commit latency with one client', latencyText(latencyMs.oneClient)],
    ['commit latency at saturation', latencyText(latencyMs.saturated)],
    [
      'processor time per transaction and validator',
      `${whole(mean(cpuMicrosPerTransaction.validators))} µs (${cpuMicrosPerTransaction.validators.map(whole).join(', ')})`,
    ],
    ['processor time per verification', `${whole(figures.cpuMicrosPerVerification)} µs`],
    ['processor time per transaction of the load', `${whole(cpuMicrosPerTransaction.load)} µs`],
    ['peak memory of each validator', `${memoryPeakBytes.map((bytes) => whole(bytes / 2 ** 20)).join(', ')} MiB`],
    ['validators agree', figures.agreed ? 'yes' : 'NO'],
    ...Object.entries(refused).map(([code, count]) => [`refused, ${code}`, String(count)]),
  ];
  const goals = goalsOf(figures).map(({ name, goal, value, met }) => {
    const text = `${met ? 'met' : 'MISSED'}: ${name} ${goal}, is ${value}`;
    return met ? colours.green(text) : colours.red(text);
  });
  return [table([`${availableParallelism()} processors`, ''], rows, colours), '', ...goals].join('\n');
}

const whole = (value: number): string => value.toFixed(0);

const latencyText = ({ p50, p99, count }: Latency): string =>
  `p50 ${p50.toFixed(1)} ms, p99 ${p99.toFixed(1)} ms (${count} transfers)`;
