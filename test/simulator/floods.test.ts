import { describe, expect, test } from 'vitest';
import { present } from '../../src/base/invariant.ts';
import { installNodeSha256 } from '../../src/crypto/node-sha256.ts';
import { Simulation } from '../../src/simulator/simulation.ts';
import { FLOODS } from '../../src/strategies/registry.ts';

installNodeSha256();

const POWERS = [1n, 1n, 1n, 1n];
const LIAR = 3;

/** Two seconds, of which the liar floods one. */
function flooded(name: string | null, costs: boolean): Simulation {
  const liars = new Map(name === null ? [] : [[LIAR, present(FLOODS.get(name), name).factory]]);
  const simulation = new Simulation({ seed: 1, powers: POWERS, liars, costs });
  simulation.startAll();
  simulation.clients.load(100);
  simulation.run(2000);
  expect(simulation.violations).toEqual([]);
  return simulation;
}

const spent = ({ honest }: Simulation): number => Math.max(...honest.map(({ processor }) => processor.spentUs));

describe('a flood', () => {
  const calm = spent(flooded(null, true));

  test.for([...FLOODS.keys()])('is felt where work takes time, and takes no time of the liar: %s', (name) => {
    const simulation = flooded(name, true);
    expect(spent(simulation)).toBeGreaterThan(2 * calm);
    expect(simulation.node(LIAR).processor.spentUs).toBe(0);
  });

  test('is not felt where work is free', () => {
    expect(spent(flooded('flood-view-changes', false))).toBe(0);
  });

  test('is the same, event by event, for the same seed', () => {
    const [first, again, free] = [true, true, false].map((costs) => flooded('flood-view-changes', costs).trace.hash);
    expect(again).toBe(first);
    expect(free).not.toBe(first);
  });
});

test('a liar may speak once with each tick', () => {
  let ticks = 0;
  const tick = (): readonly [] => {
    ticks += 1;
    return [];
  };
  const liars = new Map([[LIAR, () => ({ name: 'counts', outgoing: () => [], tick })]]);
  const simulation = new Simulation({ seed: 1, powers: POWERS, liars });
  simulation.startAll();
  simulation.run(1000);
  expect(ticks).toBe(simulation.node(LIAR).ticks);
});
