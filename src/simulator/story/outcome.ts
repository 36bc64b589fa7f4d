/** How a simulation went. */
import type { Violation } from '../world/checker.ts';
import type { Simulation } from '../simulation.ts';
import type { Story } from './story.ts';

export interface Outcome {
  readonly violations: readonly Violation[];
  /** Names of all checkers. */
  readonly checkers: readonly string[];
  readonly story: readonly string[];
  readonly traceHash: string;
  readonly events: number;
  /** Highest final height of an honest node. */
  readonly height: number;
  readonly transactions: number;
  readonly simulatedMs: number;
}

/** `judges`: names of what was watched beside the checkers of the simulation. */
export function outcomeOf(simulation: Simulation, story: Story, judges: readonly string[]): Outcome {
  const { violations, trace, checkers, clients } = simulation;
  return {
    violations,
    checkers: [...checkers.map(({ name }) => name), ...judges],
    story: story.lines(),
    traceHash: trace.hash,
    events: trace.events,
    height: Math.max(0, ...simulation.honest.map(({ driver }) => driver?.status().finalHeight ?? 0)),
    transactions: clients.settledCount,
    simulatedMs: simulation.nowMs,
  };
}
