/** How long the network stands still after what breaks it, in base timeouts of a view. Simulated time, so exact. */
import { describe, expect, test } from 'vitest';
import { present } from '../../src/base/invariant.ts';
import type { StrategyFactory } from '../../src/driver/wire/strategy.ts';
import { installNodeSha256 } from '../../src/crypto/node-sha256.ts';
import type { SimulatedNode } from '../../src/simulator/world/node.ts';
import { Random } from '../../src/base/random.ts';
import { Simulation } from '../../src/simulator/simulation.ts';

installNodeSha256();

const BASE_MS = 2000;
const RUNS = 20;

function network(seed: number, random: Random, liars: ReadonlyMap<number, StrategyFactory> = new Map()): Simulation {
  const latencyMs = random.pick([1, 5, 20, 50]);
  const simulation = new Simulation({ seed, powers: [1n, 1n, 1n, 1n], liars, latencyMs });
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

/** Everything or nothing gets through between the node and the others; whether they notice is another question. */
function plug(
  { nodes, links, connections }: Simulation,
  node: SimulatedNode,
  through: boolean,
  noticed: boolean,
): void {
  for (const other of nodes) {
    if (other === node) continue;
    links.between(node.slot, other.slot).blocked = !through;
    links.between(other.slot, node.slot).blocked = !through;
    if (noticed) connections.sever(node, other, !through);
  }
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

  // The longest timeout, to which the others were driven, is 16 base timeouts. A liar that is primary in between costs two.
  test('within four base timeouts of the return of a quorum, after a liar changed views all the time and did nothing else', () => {
    const idler: StrategyFactory = () => ({
      name: 'idler',
      outgoing: (outgoing) => {
        const { message } = outgoing;
        const works =
          message.kind === 'vote' ? message.vote.vote.kind !== 'checkpoint' : message.kind !== 'view-change';
        return works && message.kind !== 'status' ? [] : [outgoing];
      },
    });
    for (let seed = 1; seed <= RUNS / 4; seed++) {
      const simulation = network(seed, new Random(seed), new Map([[3, idler]]));
      const away = simulation.node(2);
      plug(simulation, away, false, true);
      // What was submitted by then keeps waiting.
      simulation.run(1000);
      simulation.clients.load(0);
      simulation.run(600_000 + seed * 13_000);
      plug(simulation, away, true, true);
      expect(timeToCommit(simulation, [0, 1, 2]), `seed ${seed}`).toBeLessThanOrEqual(4 * BASE_MS);
    }
  });

  // Whether the other two noticed that the connections ended, and whether one of the two that were gone stays dead.
  const outages = [1000, 8000, 60_000, 600_000].flatMap((ms) =>
    (['crash', 'cut', 'sever'] as const).flatMap((how) => [true, false].map((all) => ({ ms, how, all }))),
  );
  test.for(outages)('within two base timeouts of the return of a quorum: %o', ({ ms, how, all }) => {
    for (let seed = 1; seed <= (ms > 100_000 ? 1 : 12); seed++) {
      const random = new Random(seed * 7919);
      const simulation = network(seed, random);
      const gone = random.shuffled(simulation.nodes).slice(0, 2);
      const noticed = how === 'sever';
      for (const node of gone) {
        if (how === 'crash') node.crash();
        else plug(simulation, node, false, noticed);
      }
      simulation.run(ms);
      simulation.clients.load(0);
      const back = all ? gone : gone.slice(1);
      for (const node of back) {
        if (how === 'crash') node.start();
        else plug(simulation, node, true, noticed);
      }
      const quorum = simulation.nodes.filter((node) => back.includes(node) || !gone.includes(node));
      const slots = quorum.map(({ slot }) => slot);
      expect(timeToCommit(simulation, slots), `seed ${seed}`).toBeLessThanOrEqual(2 * BASE_MS);
    }
  });
});
