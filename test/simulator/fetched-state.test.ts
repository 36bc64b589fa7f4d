/** Nodes that have next to nothing of the state in memory: they fetch it for every block, and are no worse for it. */
import { describe, expect, test } from 'vitest';
import { present } from '../../src/base/invariant.ts';
import { installNodeSha256 } from '../../src/crypto/node-sha256.ts';
import { KEYS } from '../../src/driver/stored/records.ts';
import { BUDGET_BURST_US, BUDGET_US_PER_MS, BUNDLE_TRANSACTIONS_MAX } from '../../src/driver/limits.ts';
import { ENTRY_WEIGHT, STATE_CACHE, stateBytesMax } from '../../src/driver/state/limits.ts';
import type { Height } from '../../src/base/brand.ts';
import { Simulation, type SimulationSetup } from '../../src/simulator/simulation.ts';
import { strategies } from '../../src/strategies/registry.ts';

installNodeSha256();

const NOTHING = { entryBytes: 0, nodeBytes: 0 };
const SMALL = { entryBytes: 100_000, nodeBytes: 100_000 };
const POWERS = [1n, 1n, 1n, 1n];
const TIMEOUT_MS = 2000;

const begin = (setup: Partial<SimulationSetup> & { readonly seed: number }): Simulation => {
  const simulation = new Simulation({ powers: POWERS, liars: new Map(), ledger: { bystanders: 200 }, ...setup });
  simulation.startAll();
  simulation.run(100);
  return simulation;
};
const heights = ({ honest }: Simulation): number[] => honest.map(({ driver }) => driver?.status().finalHeight ?? 0);
interface Measured {
  readonly spentUs: number;
  readonly bytes: number;
  readonly height: number;
}

/** Runs until all honest nodes have the block that is the newest now. */
const isLevel = (simulation: Simulation, ms: number): boolean => {
  const newest = Math.max(...heights(simulation));
  return (
    simulation.until(() => Math.min(...heights(simulation)) >= newest, ms) && Math.min(...heights(simulation)) >= newest
  );
};
const end = (simulation: Simulation): void => {
  simulation.finish();
  expect(simulation.violations).toEqual([]);
};

describe.each([1, 2, 3])('with seed %s, nodes with a cache and nodes without make the same blocks', (seed) => {
  test.each([null, 'equivocate', 'corrupt', 'late'])('beside a liar: %s', (name) => {
    const liars = new Map(name === null ? [] : [[3, present(strategies.get(name), name).factory] as const]);
    const simulation = begin({
      seed,
      liars,
      caches: [NOTHING, STATE_CACHE],
      ledger: { bystanders: 200, historyHeights: 5 },
    });
    simulation.clients.load(50);
    simulation.run(5000);
    simulation.node(2).crash();
    simulation.run(5000);
    simulation.node(2).start();
    simulation.run(5000);
    simulation.clients.load(0);
    expect(isLevel(simulation, 20_000)).toBe(true);
    const [with_, without] = [simulation.node(1), simulation.node(0)];
    const height = Math.min(...heights(simulation)) as Height;
    expect(height).toBeGreaterThan(10);
    for (let each = 1 as Height; each <= height; each = (each + 1) as Height)
      expect(without.disk.get(KEYS.block(each))).toEqual(with_.disk.get(KEYS.block(each)));
    expect(without.driver?.stateBytes).toBeLessThan((with_.driver?.stateBytes ?? 0) / 2);
    end(simulation);
  });
});

test('a node that was away for long fetches the state of each block that it missed', () => {
  const simulation = begin({ seed: 7, caches: [NOTHING] });
  simulation.node(2).crash();
  simulation.clients.load(20);
  simulation.run(30_000);
  simulation.clients.load(0);
  simulation.node(2).start();
  expect(isLevel(simulation, 10_000)).toBe(true);
  expect(Math.min(...heights(simulation))).toBeGreaterThan(100);
  end(simulation);
});

test('a view change in which all read slowly ends as any other', () => {
  const simulation = begin({ seed: 3, caches: [NOTHING] });
  simulation.clients.load(100);
  simulation.run(3000);
  for (const { disk } of simulation.nodes) disk.readMs = 60;
  const primary = simulation.node(simulation.node(0).driver?.status().primary ?? 0);
  primary.crash();
  const rest = simulation.nodes.filter((node) => node !== primary);
  const before = Math.max(...rest.map(({ driver }) => driver?.status().finalHeight ?? 0));
  const moved = (): boolean => rest.every(({ driver }) => (driver?.status().finalHeight ?? 0) > before + 3);
  expect(simulation.until(moved, 4 * TIMEOUT_MS) && moved()).toBe(true);
  expect(Math.max(...rest.map(({ driver }) => driver?.status().view ?? 0))).toBe(1);
  primary.start();
  simulation.run(2000);
  end(simulation);
});

test('a flood of transactions of senders whom nobody knows takes the time and the room that are set aside for such', () => {
  const RUN_MS = 5000;
  const [calm, flooded] = [null, 'flood-strangers'].map((name) => {
    const liars = new Map(name === null ? [] : [[3, present(strategies.get(name), name).factory] as const]);
    const simulation = begin({ seed: 5, liars, caches: [SMALL] });
    simulation.clients.load(100);
    simulation.run(RUN_MS);
    end(simulation);
    const spentUs = Math.max(...simulation.honest.map(({ processor }) => processor.spentUs));
    const bytes = Math.max(...simulation.honest.map(({ driver }) => driver?.stateBytes ?? 0));
    return { spentUs, bytes, height: Math.min(...heights(simulation)) };
  }) as [Measured, Measured];
  expect(flooded.spentUs).toBeGreaterThan(1.5 * calm.spentUs);
  expect(flooded.spentUs - calm.spentUs).toBeLessThan(BUDGET_US_PER_MS.transactions * RUN_MS + BUDGET_BURST_US / 4);
  expect(flooded.bytes).toBeGreaterThan(calm.bytes);
  expect(flooded.bytes).toBeLessThan(stateBytesMax(SMALL, 2 * BUNDLE_TRANSACTIONS_MAX * (ENTRY_WEIGHT + 64)));
  expect(flooded.height).toBeGreaterThan(calm.height / 2);
});
