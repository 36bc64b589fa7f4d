/**
 * Searches for scenarios that break a promise of the protocol, one seed after another on all cores:
 *   npm run hunt -- --minutes 10 [--search faults|twins|fuzz] [--seed 1] [--count 100] [--duration 60] [--workers 2]
 * Exit codes: 0 nothing found, 2 wrong usage, 4 found: each with its seed and the command to see it again.
 */
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { Worker } from 'node:worker_threads';
import { TWINS_SCENARIOS } from '../../src/simulator/twins.ts';
import { SEARCHES } from './searches.ts';
import type { HuntAnswer, HuntQuestion } from './worker.ts';

/** A simulation of a minute takes a second; one that takes this long hangs. */
const HANG_MS = 300_000;

const OPTIONS = {
  minutes: { type: 'string', default: '10' },
  search: { type: 'string', default: 'faults' },
  seed: { type: 'string', default: '1' },
  /** Seeds to try; without it until the time is over. */
  count: { type: 'string', default: 'Infinity' },
  /** Simulated seconds of faults for each seed. */
  duration: { type: 'string', default: '60' },
  workers: { type: 'string', default: String(availableParallelism()) },
} as const;

function parse(): ReturnType<typeof parseArgs<{ options: typeof OPTIONS }>>['values'] {
  try {
    return parseArgs({ options: OPTIONS }).values;
  } catch (error) {
    console.error(`error: ${error instanceof Error ? error.message : String(error)}`);
    process.exit(2);
  }
}

const values = parse();
const search = SEARCHES.find((each) => each === values.search);
const [minutes, firstSeed, count, durationS, workers] = [
  values.minutes,
  values.seed,
  values.count,
  values.duration,
  values.workers,
].map(Number) as [number, number, number, number, number];
if (search === undefined || ![minutes, firstSeed + 1, count, durationS, workers].every((value) => value > 0)) {
  console.error(`error: a search is one of ${SEARCHES.join(', ')}; all other values are numbers, such as --minutes 10`);
  process.exit(2);
}
/** Twins are counted, not drawn. */
const endSeed = search === 'twins' ? Math.min(firstSeed + count, TWINS_SCENARIOS) : firstSeed + count;

const startedMs = performance.now();
const endMs = startedMs + minutes * 60_000;
const recoveries: number[] = [];
let nextSeed = firstSeed;
let seeds = 0;
let simulatedMs = 0;
let failures = 0;

function progress(): string {
  const wallMinutes = (performance.now() - startedMs) / 60_000;
  const hours = (simulatedMs / 3_600_000).toFixed(1);
  const rate = Math.round(seeds / wallMinutes);
  return `${wallMinutes.toFixed(1)} min · ${seeds} seeds · ${hours} simulated hours · ${rate} seeds/min · ${failures} failed`;
}

function say(line: string): void {
  process.stderr.write(process.stderr.isTTY ? `\r\u001b[K${line}\n` : `${line}\n`);
}

function take({ command, failure, simulatedMs: ms, recoveryMs }: HuntAnswer): void {
  seeds += 1;
  simulatedMs += ms;
  if (recoveryMs !== null) recoveries.push(recoveryMs);
  if (failure === null) return;
  failures += 1;
  say(`FAILED ${failure}\n       ${command}`);
}

const launch = (): Worker => new Worker(new URL('./worker.ts', import.meta.url));

/** The worker's answer; a sentence when it has none. */
function ask(worker: Worker, question: HuntQuestion): Promise<HuntAnswer | string> {
  const { promise, resolve } = Promise.withResolvers<HuntAnswer | string>();
  const watch = setTimeout(() => resolve('it hangs'), HANG_MS);
  const failed = (error: unknown): void => resolve(String(error));
  worker.once('message', resolve);
  worker.once('error', failed);
  worker.postMessage(question, []);
  return promise.finally(() => {
    clearTimeout(watch);
    worker.off('message', resolve);
    worker.off('error', failed);
  });
}

async function work(kind: HuntQuestion['search']): Promise<void> {
  let worker = launch();
  while (performance.now() < endMs && nextSeed < endSeed) {
    const seed = nextSeed++;
    const answer = await ask(worker, { search: kind, seed, durationMs: durationS * 1000 });
    if (typeof answer !== 'string') {
      take(answer);
      continue;
    }
    const command = `npm run hunt -- --search ${kind} --seed ${seed} --count 1`;
    take({ command, failure: answer, simulatedMs: 0, recoveryMs: null });
    await worker.terminate();
    worker = launch();
  }
  await worker.terminate();
}

const timer = setInterval(
  () => process.stderr.write(process.stderr.isTTY ? `\r\u001b[K${progress()}` : `${progress()}\n`),
  process.stderr.isTTY ? 500 : 30_000,
);
await Promise.all(Array.from({ length: workers }, () => work(search)));
clearInterval(timer);
const sorted = recoveries.toSorted((a, b) => a - b);
const at = (part: number): string => ((sorted[Math.floor(part * (sorted.length - 1))] ?? 0) / 1000).toFixed(1);
say('');
console.log(progress());
if (sorted.length > 0)
  console.log(`recovery after the faults: median ${at(0.5)} s · p99 ${at(0.99)} s · longest ${at(1)} s`);
console.log(`next time: --seed ${nextSeed}`);
process.exitCode = failures > 0 ? 4 : 0;
