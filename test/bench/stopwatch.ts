/** Processor time of this thread: other programs and threads do not count, or hardly. */
import { quantile } from './statistics.ts';

/** Milliseconds of processor time over which one thing is measured, in rounds of which the quicker ones count. The kernel
 *  may count in steps of ten. */
const MEASURED_MS = 1_000;
const ROUND_MS = 100;

function spentMs(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1000;
}

/** Microseconds of one run. The first rounds, in which the compiler learns, do not count. */
export async function microsOf(run: () => unknown): Promise<number> {
  const rounds: number[] = [];
  let runs = 1;
  for (let totalMs = 0; totalMs < MEASURED_MS; ) {
    const start = spentMs();
    for (let i = 0; i < runs; i++) {
      const answer = run();
      if (answer instanceof Promise) await answer;
    }
    const ms = spentMs() - start;
    totalMs += ms;
    if (ms < ROUND_MS) runs *= 2;
    else rounds.push((1000 * ms) / runs);
  }
  return quantile(rounds, 0.25);
}
