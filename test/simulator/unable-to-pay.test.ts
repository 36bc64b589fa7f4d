/** V13: what a primary cannot put into its body is not held against it. Clients alone, no liar and no fault. */
import { expect, test } from 'vitest';
import { present } from '../../src/base/invariant.ts';
import type { SimulatedNode } from '../../src/simulator/world/node.ts';
import { Simulation } from '../../src/simulator/simulation.ts';
import { storedAccount } from '../driver/stored-account.ts';

/** What a transfer costs. */
const FEE = 2n;
const IN_VAIN = 1_000_000_000_000n;

function world(latencyMs: number, baseTimeoutTicks: number) {
  const powers = [1n, 1n, 1n, 1n];
  const simulation = new Simulation({ seed: 1, latencyMs, powers, liars: new Map(), consensus: { baseTimeoutTicks } });
  let left = 0;
  simulation.viewChanges = () => void (left += 1);
  simulation.startAll();
  simulation.run(8000);
  const { nodes, clients } = simulation;
  const driverOf = (node: SimulatedNode | undefined) => present(node?.driver, 'a driver that runs');
  return {
    simulation,
    viewsLeft: () => left,
    account: (index: number) =>
      storedAccount(present(nodes[0], 'a node').disk, present(clients.accounts[index], 'account').address),
    give: (slot: number, index: number, nonce: number, amount: bigint) =>
      driverOf(nodes[slot]).submit(clients.sign(index, nonce, amount).bytes, () => {}),
  };
}

test('no primary is left for a transaction whose sender can pay for one in each block', () => {
  const { simulation, viewsLeft, account, give } = world(20, 40);
  give(0, 1, 0, account(1).balance - 2n * FEE);
  simulation.run(1000);
  expect(account(1)).toMatchObject({ balance: FEE, nonce: 1 });
  give(0, 0, 0, FEE);
  for (let nonce = 1; nonce < 200; nonce++) give(0, 1, nonce, IN_VAIN);
  // Each block has the next fee for its sender too.
  let [credits, nonce] = [1, 1];
  simulation.run(15);
  give(0, 0, credits++, FEE);
  for (let turn = 0; turn < 2000; turn++) {
    simulation.run(5);
    if (account(1).nonce === nonce) continue;
    nonce = account(1).nonce;
    give(0, 0, credits++, FEE);
  }
  expect(nonce).toBeGreaterThan(100);
  expect(viewsLeft()).toBe(0);
  expect(simulation.violations).toEqual([]);
});

test('no primary is left for bodies whose senders moved all that they had with the first of many transactions', () => {
  const { simulation, viewsLeft, account, give } = world(100, 20);
  for (let index = 7; index >= 1; index--)
    for (let nonce = 0; nonce < 60; nonce++) give(0, index, nonce, nonce === 0 ? account(index).balance - FEE : 1n);
  simulation.run(100);
  give(2, 0, 0, 1n);
  simulation.run(8000);
  expect(account(0).nonce).toBe(1);
  expect(viewsLeft()).toBe(0);
  expect(simulation.violations).toEqual([]);
});
