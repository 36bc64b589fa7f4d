/** One core of the hunt: runs the scenarios of the seeds that it is given. */
import { parentPort } from 'node:worker_threads';
import { installNodeSha256 } from '../src/crypto/node-sha256.ts';
import { runScenario } from '../src/simulator/run.ts';
import { commandOf, scenarioOf } from '../src/simulator/scenario.ts';

export interface HuntQuestion {
  readonly seed: number;
  readonly durationMs: number;
}

export interface HuntAnswer {
  /** Shows it again. */
  readonly command: string;
  /** The broken promise; null when all held. */
  readonly failure: string | null;
  readonly simulatedMs: number;
  readonly recoveryMs: number | null;
}

installNodeSha256();

parentPort?.on('message', ({ seed, durationMs }: HuntQuestion) => {
  const scenario = scenarioOf(seed, durationMs);
  const { violations, simulatedMs, recoveryMs } = runScenario(scenario);
  const [violation] = violations;
  const answer: HuntAnswer = {
    command: commandOf(scenario),
    failure: violation === undefined ? null : `${violation.checker}: ${violation.message}`,
    simulatedMs,
    recoveryMs,
  };
  parentPort?.postMessage(answer);
});
