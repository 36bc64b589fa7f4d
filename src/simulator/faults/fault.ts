/** What a fault is, and whom it hits. */
import type { Random } from '../../base/random.ts';
import type { Simulation } from '../simulation.ts';
import type { SimulatedNode } from '../world/node.ts';

export interface Fault {
  /** One sentence, without a subject. */
  readonly describe: string;
  begin(world: Simulation, random: Random): Trouble;
}

/** A fault that has begun. */
export interface Trouble {
  /** Whom it hit: slots of nodes as `0,2`, the two sides of a cut as `0,1|2,3`, one direction as `0>1,2`. */
  readonly whom: string;
  end(): void;
}

export const slotsOf = (nodes: readonly SimulatedNode[]): string =>
  nodes
    .map(({ slot }) => slot)
    .sort((a, b) => a - b)
    .join(',');

/** Some of the nodes, at least one. */
export function someNodes({ nodes }: Simulation, random: Random): SimulatedNode[] {
  const most = random.chance(0.2) ? nodes.length : Math.max(1, Math.ceil(nodes.length / 3));
  return random.shuffled(nodes).slice(0, random.int(1, most));
}
