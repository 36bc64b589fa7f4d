/**
 * The verification bound: transactions per second that four validators on this machine could commit if all they did were
 * to verify each transaction's signature once. Four processes verify at once; every transaction takes one verification of
 * each, so the bound is a quarter of what they do together.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { mean } from './statistics.ts';

const VALIDATORS = 4;
const VERIFIER = fileURLToPath(new URL('./verify.ts', import.meta.url));

/** Verifications of one process. */
export interface Speed {
  readonly perSecond: number;
  /** In a second of processor time, which other programs do not take from it. */
  readonly perProcessorSecond: number;
}

export interface Bound {
  /** Transactions per second. */
  readonly perSecond: number;
  /** Does not depend on what else the machine does, or hardly. */
  readonly cpuMicrosPerVerification: number;
}

/** What the bound would be if nothing else ran on this machine. */
const idlePerSecond = ({ cpuMicrosPerVerification }: Bound): number =>
  (1e6 / cpuMicrosPerVerification) * (Math.min(VALIDATORS, availableParallelism()) / VALIDATORS);

/** Which part of the machine other programs left to the measurement, 0 to 1. */
export const freePart = (bound: Bound): number => bound.perSecond / idlePerSecond(bound);

export class VerificationBound {
  readonly #processes: readonly ChildProcess[];

  private constructor(processes: readonly ChildProcess[]) {
    this.#processes = processes;
  }

  /** Starts the processes, which then only wait. */
  static async start(): Promise<VerificationBound> {
    const bound = new VerificationBound(Array.from({ length: VALIDATORS }, () => fork(VERIFIER)));
    try {
      await Promise.all(bound.#processes.map((child) => answerOf<'ready'>(child)));
      return bound;
    } catch (error) {
      bound.stop();
      throw error;
    }
  }

  /** Measured for so many milliseconds. */
  async measure(milliseconds: number): Promise<Bound> {
    const speeds = await this.#verify(milliseconds);
    return {
      // A quarter of the sum.
      perSecond: mean(speeds.map(({ perSecond }) => perSecond)),
      cpuMicrosPerVerification: mean(speeds.map(({ perProcessorSecond }) => 1e6 / perProcessorSecond)),
    };
  }

  /** Transactions per second if nothing else ran on this machine: what the load need not exceed. */
  async estimate(milliseconds: number): Promise<number> {
    return idlePerSecond(await this.measure(milliseconds));
  }

  #verify(milliseconds: number): Promise<Speed[]> {
    return Promise.all(
      this.#processes.map((child) => {
        child.send(milliseconds);
        return answerOf<Speed>(child);
      }),
    );
  }

  stop(): void {
    for (const child of this.#processes) child.kill();
  }
}

/** What the process sends next. */
async function answerOf<T>(child: ChildProcess): Promise<T> {
  const gone = new AbortController();
  const onExit = () => gone.abort(new Error('a process that verifies has ended'));
  child.once('exit', onExit);
  try {
    const [answer] = (await once(child, 'message', { signal: gone.signal })) as [T];
    return answer;
  } finally {
    child.off('exit', onExit);
  }
}
