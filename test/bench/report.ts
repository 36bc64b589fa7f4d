/** The figures of a bench, for people and for scripts, and whether they are good enough. */
import { availableParallelism, cpus } from 'node:os';
import type { Colours } from '../../src/cli/output.ts';
import { table } from '../../src/cli/table.ts';
import { type Latency, mean } from './statistics.ts';

/** Part of the verification bound that is to be committed. */
const RATIO_MIN = 0.35;
/** Milliseconds for half of the commits of one client. */
const ONE_CLIENT_P50_MS_MAX = 15;

/** Part of the machine that has to be free, or the figures come with a warning. */
const QUIET_PART_MIN = 0.9;

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
  /** What the ratio is where the processors are all that limits it; not disturbed by other programs, or hardly. */
  readonly ratioByProcessorTime: number;
  /** Part of the machine that other programs left, 0 to 1, when that was least. */
  readonly freePart: number;
  readonly latencyMs: { readonly oneClient: Latency; readonly saturated: Latency };
  /** The part of the next figures that nothing can save. */
  readonly cpuMicrosPerVerification: number;
  /** `load` is what the bench itself took, on the same machine. */
  readonly cpuMicrosPerTransaction: { readonly validators: readonly number[]; readonly load: number };
  /** Growth of the first validator's folder. What LevelDB has not merged yet counts twice. */
  readonly diskBytesPerTransaction: number;
  /** Milliseconds until a thousand new accounts were paid, submitted at once. */
  readonly newcomersMs: number;
  /** Milliseconds from the start of a validator that was stopped until it answers. */
  readonly restartMs: number;
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
    ['ratio by processor time', figures.ratioByProcessorTime.toFixed(2)],
    ['commit latency with one client', latencyText(latencyMs.oneClient)],
    ['commit latency at saturation', latencyText(latencyMs.saturated)],
    [
      'processor time per transaction and validator',
      `${whole(mean(cpuMicrosPerTransaction.validators))} µs (${cpuMicrosPerTransaction.validators.map(whole).join(', ')})`,
    ],
    ['processor time per verification', `${whole(figures.cpuMicrosPerVerification)} µs`],
    ['processor time per transaction of the load', `${whole(cpuMicrosPerTransaction.load)} µs`],
    ['peak memory of each validator', `${memoryPeakBytes.map((bytes) => whole(bytes / 2 ** 20)).join(', ')} MiB`],
    ['on disk for each transaction', `${whole(figures.diskBytesPerTransaction)} bytes`],
    ['1,000 new accounts', `${whole(figures.newcomersMs)} ms`],
    ['a validator starts in', `${(figures.restartMs / 1000).toFixed(1)} s`],
    ['validators agree', figures.agreed ? 'yes' : 'NO'],
    ...Object.entries(refused).map(([code, count]) => [`refused, ${code}`, String(count)]),
  ];
  const goals = goalsOf(figures).map(({ name, goal, value, met }) => {
    const text = `${met ? 'met' : 'MISSED'}: ${name} ${goal}, is ${value}`;
    return met ? colours.green(text) : colours.red(text);
  });
  const warnings = figures.freePart < QUIET_PART_MIN ? [colours.yellow(disturbed(figures.freePart))] : [];
  return [table([`${availableParallelism()} processors`, ''], rows, colours), '', ...warnings, ...goals].join('\n');
}

const disturbed = (part: number): string =>
  `Other programs left ${whole(part * 100)} % of this machine: rates, ratio and latencies mean little, processor times do.`;

const whole = (value: number): string => value.toFixed(0);

const latencyText = ({ p50, p99, count }: Latency): string =>
  `p50 ${p50.toFixed(1)} ms, p99 ${p99.toFixed(1)} ms (${count} transfers)`;
