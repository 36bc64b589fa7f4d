/** How long the network stands still after what breaks it, in base timeouts of a view. Simulated time, so exact. */
import { describe, expect, test } from 'vitest';
import { present } from '../../src/base/invariant.ts';
import { installNodeSha256 } from '../../src/crypto/node-sha256.ts';
import { healAll } from '../../src/simulator/faults.ts';
import { Random } from '../../src/simulator/random.ts';
import { Simulation } from '../../src/simulator/simulation.ts';

installNodeSha256();

const BASE_MS = 2000;
const RUNS = 20;

function network(seed: number, random: Random): Simulation {
  const latencyMs = random.pick([1, 5, 20, 50]);
  const simulation = new Simulation({ seed, powers: [1n, 1n, 1n, 1n], liars: new Map(), latencyMs });
  simulation.startAll();
  simulation.clients.load(200);
  simulation.run(random.between(2000, 6000));
  return simulation;
}

/** Milliseconds until every one of the nodes has committed a new transaction of each. */
function timeToCommit(simulation: Simulation, slots: readonly number[]): number {
  const since = simulation.nowMs;
  const nodes = slots.map((slot) => simulation.node(slot));
  simulation.until(() => nodes.every(({ state }) => state === 'running'), 1000);
  const probes = nodes.map((node) => simulation.clients.submit(node.slot, node));
  for (const node of nodes) simulation.clients.retry(node);
  const done = (): boolean => {
    const needed = Math.max(...probes.map(({ height }) => height ?? Number.POSITIVE_INFINITY));
    return nodes.every(({ driver }) => (driver?.status().finalHeight ?? 0) >= needed);
  };
  expect(simulation.until(done, 60 * BASE_MS) && done()).toBe(true);
  expect(simulation.violations).toEqual([]);
  return simulation.nowMs - since;
}

describe('the network commits again', () => {
  test('within two base timeouts of the death of its primary', () => {
    for (let seed = 1; seed <= RUNS; seed++) {
      const simulation = network(seed, new Random(seed));
      const { primary } = present(simulation.node(0).driver, 'a driver').status();
      simulation.node(primary).crash();
      const alive = [0, 1, 2, 3].filter((slot) => slot !== primary);
      expect(timeToCommit(simulation, alive), `seed ${seed}`).toBeLessThanOrEqual(2 * BASE_MS);
    }
  });

  test.for([1000, 60_000, 600_000])(
    'within two base timeouts of the return of a quorum that was gone for %i ms',
    (ms) => {
      for (let seed = 1; seed <= (ms > 100_000 ? 4 : RUNS / 2); seed++) {
        const random = new Random(seed);
        const simulation = network(seed, random);
        const [first, second] = random.shuffled(simulation.nodes);
        const gone = [present(first, 'node'), present(second, 'node')];
        const unplugged = random.chance(0.5);
        for (const node of gone) {
          if (!unplugged) node.crash();
          for (const other of simulation.nodes) {
            if (!unplugged || gone.includes(other)) continue;
            simulation.links.between(node.slot, other.slot).blocked = true;
            simulation.links.between(other.slot, node.slot).blocked = true;
            if (seed % 2 === 0) simulation.connections.sever(node, other, true);
          }
        }
        simulation.run(ms);
        simulation.clients.load(0);
        healAll(simulation);
        expect(timeToCommit(simulation, [0, 1, 2, 3]), `seed ${seed}`).toBeLessThanOrEqual(2 * BASE_MS);
      }
    },
  );
});
