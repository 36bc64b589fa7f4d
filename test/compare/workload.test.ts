import { describe, expect, test } from 'vitest';
import type { Hash } from '../../src/base/brand.ts';
import type { Network } from '../../src/compare/protocol.ts';
import { NODES, RUN_MS, SUBMIT_MS } from '../../src/compare/scenario.ts';
import { START_UP_MS, Workload } from '../../src/compare/workload.ts';
import { identifyTransaction } from '../../src/ledger/transaction.ts';
import { simulatedKeys } from '../../src/simulator/world/keys.ts';
import { Scheduler } from '../../src/simulator/world/scheduler.ts';
import { standIn } from '../../src/simulator/world/stand-in.ts';

interface Offer {
  readonly atMs: number;
  readonly node: number;
  readonly id: Hash;
  readonly bytes: Uint8Array;
}

/** What the clients offer to a network that makes final what it is asked for at these nodes. */
function offersOf(seed: number, answering: readonly number[]): readonly Offer[] {
  const keys = simulatedKeys(standIn, [1n], {});
  if (!keys.ok) throw new Error(keys.error.message);
  const scheduler = new Scheduler(0);
  const offers: Offer[] = [];
  const final = new Set<Hash>();
  const network: Network = {
    scheduler,
    genesis: keys.value.genesis,
    accounts: keys.value.accounts,
    start: () => {},
    offer(node, bytes, id) {
      offers.push({ atMs: scheduler.nowMs, node, id, bytes });
      if (answering.includes(node)) final.add(id);
    },
    crashLeader: () => {},
    restart: () => {},
    cut: () => {},
    heal: () => {},
  };
  const workload = new Workload(
    network,
    seed,
    SUBMIT_MS,
    () => {},
    (id) => final.has(id),
  );
  workload.begin();
  while (scheduler.runNext(RUN_MS));
  return offers;
}

const ALL = Array.from({ length: NODES }, (_, node) => node);

describe('clients', () => {
  test('offer the same with the same seed, and something else with another', () => {
    expect(offersOf(1, ALL)).toEqual(offersOf(1, ALL));
    expect(offersOf(1, ALL).map(({ atMs }) => atMs)).not.toEqual(offersOf(2, ALL).map(({ atMs }) => atMs));
  });

  test('offer about one transaction a second, from the start-up until they are done', () => {
    const offers = offersOf(1, ALL);
    const times = offers.map(({ atMs }) => atMs);
    expect(Math.abs(offers.length - (SUBMIT_MS - START_UP_MS) / 1000)).toBeLessThan(50);
    expect(Math.min(...times)).toBeGreaterThanOrEqual(START_UP_MS);
    expect(Math.max(...times)).toBeLessThan(SUBMIT_MS);
  });

  test('sign transactions whose nonces follow on one another', () => {
    const next = new Map<string, number>();
    for (const { bytes, id } of offersOf(1, ALL)) {
      const item = identifyTransaction(bytes);
      if (!item.ok) throw new Error(item.error.message);
      const { sender, nonce } = item.value.signed.transaction;
      expect(item.value.id).toBe(id);
      expect(nonce).toBe(next.get(sender) ?? 0);
      next.set(sender, nonce + 1);
    }
    expect(next.size).toBeGreaterThan(NODES);
  });

  test('go to the next node every five seconds, while it is not final', () => {
    const offers = offersOf(1, [0]);
    for (const { id } of offers) {
      const mine = offers.filter((each) => each.id === id);
      const nodes = mine.map(({ node }) => node);
      expect(nodes.indexOf(0)).toBe(nodes.length - 1);
      for (const [at, { node, atMs }] of mine.entries()) {
        expect(node).toBe(((nodes[0] ?? 0) + at) % NODES);
        expect(atMs).toBeCloseTo((mine[0]?.atMs ?? 0) + 5000 * at, 6);
      }
    }
    expect(new Set(offers.map(({ node }) => node)).size).toBe(NODES);
  });
});
