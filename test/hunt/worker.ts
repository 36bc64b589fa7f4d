/** One core of the hunt: runs the scenarios of the seeds that it is given. */
import { parentPort } from 'node:worker_threads';
import { runRaftSeed } from '../../src/compare/raft/seeds.ts';
import { installNodeSha256 } from '../../src/crypto/node-sha256.ts';
import { runFuzz } from '../../src/simulator/search/fuzz.ts';
import { runScenario } from '../../src/simulator/search/run.ts';
import { commandOf, scenarioOf } from '../../src/simulator/search/scenario.ts';
import type { Simulation } from '../../src/simulator/simulation.ts';
import { runTwins } from '../../src/simulator/search/twins.ts';
import { type Kind, narrowed, type Only } from './searches.ts';

export interface HuntQuestion {
  readonly kind: Kind;
  readonly seed: number;
  readonly durationMs: number;
  readonly costs: boolean;
  readonly only: Only;
}

export interface HuntAnswer {
  /** Shows it again. */
  readonly command: string;
  /** The broken promise; null when all held. */
  readonly failure: string | null;
  readonly simulatedMs: number;
  /** After the faults all honest nodes committed new transactions within the bound. */
  readonly recovered: boolean;
  /** How long that took; null when it did not happen, or was not measured. */
  readonly recoveryMs: number | null;
}

installNodeSha256();

function answer({ kind, seed, durationMs, costs, only }: HuntQuestion): HuntAnswer {
  const again = `npm run hunt -- --search ${kind} --seed ${seed} --count 1${costs ? '' : ' --costs off'}`;
  if (kind === 'twins') return answerOf(again, runTwins(seed, costs));
  if (kind === 'fuzz') return answerOf(again, runFuzz(seed, seed % 3, Math.floor(seed / 3) % 3, costs).simulation);
  if (kind === 'raft') return answerOfRaft(again, seed);
  const scenario = { ...narrowed(scenarioOf(seed, durationMs), only), costs };
  const { violations, simulatedMs, recoveryMs, boundMs } = runScenario(scenario);
  const [violation] = violations;
  const failure = violation === undefined ? null : `${violation.checker}: ${violation.message}`;
  const recovered = recoveryMs !== null && recoveryMs <= boundMs;
  return { command: commandOf(scenario), failure, simulatedMs, recovered, recoveryMs };
}

function answerOf(command: string, { violations, nowMs }: Simulation): HuntAnswer {
  const [violation] = violations;
  return {
    command,
    failure: violation === undefined ? null : `${violation.checker}: ${violation.message}`,
    simulatedMs: nowMs,
    recovered: violation === undefined,
    recoveryMs: null,
  };
}

function answerOfRaft(command: string, seed: number): HuntAnswer {
  const { violations, recoveryMs, simulatedMs } = runRaftSeed(seed);
  const [violation] = violations;
  const failure = violation === undefined ? null : `${violation.property}: ${violation.message}`;
  return { command, failure, simulatedMs, recovered: recoveryMs !== null, recoveryMs };
}

parentPort?.on('message', (question: HuntQuestion) => parentPort?.postMessage(answer(question), []));
