/**
 * Searches for scenarios that break a promise of the protocol, one seed after another on all cores:
 *   npm run hunt -- --minutes 10 [--seed 1] [--duration 60] [--workers 2]
 * Exit codes: 0 nothing found, 2 wrong usage, 4 found: each with its seed and the command to see it again.
 */
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { Worker } from 'node:worker_threads';
import type { HuntAnswer, HuntQuestion } from './hunt-worker.ts';

/** A simulation of a minute takes a second; one that takes this long hangs. */
const HANG_MS = 120_000;

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '10' },
    seed: { type: 'string', default: '1' },
    /** Simulated seconds of faults for each seed. */
    duration: { type: 'string', default: '60' },
    workers: { type: 'string', default: String(availableParallelism()) },
  },
});
const [minutes, firstSeed, durationS, workers] = [values.minutes, values.seed, values.duration, values.workers].map(
  Number,
) as [number, number, number, number];
if (![minutes, firstSeed, durationS, workers].every((value) => value > 0)) {
  console.error('error: all values are positive numbers, such as --minutes 10');
  process.exit(2);
}

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

function work(): Promise<void> {
  return new Promise((resolve) => {
    const worker = new Worker(new URL('./hunt-worker.ts', import.meta.url));
    let watch: NodeJS.Timeout | undefined;
    const ask = (): void => {
      clearTimeout(watch);
      if (performance.now() >= endMs) return void worker.terminate().then(() => resolve());
      const seed = nextSeed++;
      const question: HuntQuestion = { seed, durationMs: durationS * 1000 };
      watch = setTimeout(() => {
        take({ command: `seed ${seed}`, failure: `seed ${seed} hangs`, simulatedMs: 0, recoveryMs: null });
        void worker.terminate().then(() => work().then(resolve));
      }, HANG_MS);
      worker.postMessage(question);
    };
    worker.on('message', (answer: HuntAnswer) => {
      take(answer);
      ask();
    });
    worker.on('error', (error) => {
      clearTimeout(watch);
      take({ command: `seed before ${nextSeed}`, failure: String(error), simulatedMs: 0, recoveryMs: null });
      void work().then(resolve);
    });
    ask();
  });
}

const timer = setInterval(
  () => process.stderr.write(process.stderr.isTTY ? `\r\u001b[K${progress()}` : `${progress()}\n`),
  process.stderr.isTTY ? 500 : 30_000,
);
await Promise.all(Array.from({ length: workers }, work));
clearInterval(timer);
const sorted = recoveries.toSorted((a, b) => a - b);
const at = (part: number): string => ((sorted[Math.floor(part * (sorted.length - 1))] ?? 0) / 1000).toFixed(1);
say('');
console.log(progress());
console.log(`recovery after the faults: median ${at(0.5)} s · p99 ${at(0.99)} s · longest ${at(1)} s`);
console.log(`next time: --seed ${nextSeed}`);
process.exitCode = failures > 0 ? 4 : 0;
