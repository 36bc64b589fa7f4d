/** Whole networks of production drivers in virtual time: crashes, restarts and epochs. */
import { afterEach, describe, expect, test } from 'vitest';
import { present } from '../../src/base/invariant.ts';
import { installNodeSha256 } from '../../src/crypto/node-sha256.ts';
import { decodePeerMessage, kindOfBytes, type PeerMessage } from '../../src/driver/wire/wire.ts';
import type { SubmitOutcome } from '../../src/driver/transactions/fate.ts';
import type { Checker } from '../../src/simulator/world/checker.ts';
import type { Submitted } from '../../src/simulator/world/clients.ts';
import type { SimulatedNode } from '../../src/simulator/world/node.ts';
import { Simulation, type SimulationSetup } from '../../src/simulator/simulation.ts';
import { storedAccount } from './stored-account.ts';

installNodeSha256();

const BASE_TIMEOUT_MS = 2000;
const SMALL = { epochLength: 3, idleBlockMs: 100, window: 2 };
const equal = (count: number): bigint[] => Array.from({ length: count }, () => 1n);

/** All of a test; and the one that runs. */
const simulations: Simulation[] = [];
let simulation: Simulation;

function begin(change: Partial<SimulationSetup> = {}, watching: readonly Checker[] = []): void {
  simulation = new Simulation({ seed: simulations.length, powers: equal(4), liars: new Map(), ...change });
  simulations.push(simulation);
  (simulation.checkers as Checker[]).push(...watching);
  simulation.startAll();
  expect(until(() => everywhere(1), BASE_TIMEOUT_MS)).toBe(true);
}

const node = (slot: number): SimulatedNode => simulation.node(slot);
const status = (slot: number) => present(node(slot).driver, 'a driver that runs').status();
const alive = (): readonly SimulatedNode[] => simulation.nodes.filter(({ state }) => state === 'running');
const heightOf = ({ driver }: SimulatedNode): number => driver?.status().finalHeight ?? 0;
const highest = (): number => Math.max(...simulation.nodes.map(heightOf));
const everywhere = (height: number): boolean =>
  simulation.nodes.every(({ state }) => state !== 'starting') && alive().every((each) => heightOf(each) >= height);
const crash = (...slots: readonly number[]): void => {
  for (const slot of slots) node(slot).crash();
};
const start = (...slots: readonly number[]): void => {
  for (const slot of slots) node(slot).start();
};
const ALL = [0, 1, 2, 3];

const until = (condition: () => boolean, ms: number): boolean => simulation.until(condition, ms) && condition();
const submit = (slot: number): Submitted => simulation.clients.submit(0, node(slot));
/** Whether the node executed it. */
const has = ({ disk }: SimulatedNode, { sender, nonce }: Submitted): boolean =>
  storedAccount(disk, sender).nonce > nonce;
/** Whether all that run come to hold it in a final block. */
const committed = ({ height }: Submitted): boolean => height !== null && everywhere(height);
const isCommitted = (submitted: Submitted, ms: number): boolean => until(() => committed(submitted), ms);
/** Offers what is not final once more: a crash may have taken it. */
const retry = (slot: number): void => simulation.clients.retry(node(slot));

const isCheckpoint = (message: PeerMessage): boolean =>
  message.kind === 'vote' && message.vote.vote.kind === 'checkpoint';

// Whatever happened: what the checkers promise of every run, such as that nothing final is lost.
afterEach(() => {
  for (const each of simulations.splice(0)) {
    each.finish();
    const [violation] = each.violations;
    if (violation !== undefined) throw new Error(`${violation.checker}: ${violation.message}`);
  }
});

describe('crashes', () => {
  test('of the primary cost one view change', () => {
    begin();
    crash(0);
    const submitted = submit(1);
    expect(isCommitted(submitted, 2 * BASE_TIMEOUT_MS)).toBe(true);
    start(0);
    expect(isCommitted(submitted, 2 * BASE_TIMEOUT_MS)).toBe(true);
  });

  test('of the primary right after its proposal lose nothing', () => {
    for (const ms of [0.5, 1, 1.5, 2, 2.5, 3, 4]) {
      begin();
      const submitted = submit(0);
      simulation.run(ms);
      crash(0);
      simulation.run(10);
      start(0);
      retry(1);
      expect([ms, isCommitted(submitted, 2 * BASE_TIMEOUT_MS)]).toEqual([ms, true]);
    }
  });

  test('of all at any moment lose nothing that was final, and the network goes on', () => {
    for (let ms = 0; ms <= 6; ms += 0.5) {
      begin();
      const submitted = submit(0);
      simulation.run(ms);
      crash(...ALL);
      simulation.run(100);
      start(...ALL);
      expect(until(() => alive().length === 4, 100)).toBe(true);
      retry(2);
      expect([ms, isCommitted(submitted, 2 * BASE_TIMEOUT_MS)]).toEqual([ms, true]);
    }
  });

  test('of all, for longer than clocks may differ, with a height under way', () => {
    begin();
    // Prepared by two: not enough to commit.
    simulation.filter = (from, to) => from.slot < 2 && to.slot < 2;
    const submitted = submit(0);
    simulation.run(100);
    crash(...ALL);
    simulation.run(60_000);
    simulation.filter = null;
    start(...ALL);
    simulation.run(10);
    retry(3);
    expect(isCommitted(submitted, 2 * BASE_TIMEOUT_MS)).toBe(true);
  });

  test('of two stop commits; one of them back is enough', () => {
    begin();
    crash(2, 3);
    const submitted = submit(0);
    simulation.run(60_000);
    expect(alive().some((each) => has(each, submitted))).toBe(false);
    expect(status(0).view).toBe(0);
    start(3);
    expect(isCommitted(submitted, 2 * BASE_TIMEOUT_MS)).toBe(true);
  });

  test('in a view change do not stick: all restart between VIEW-CHANGE and NEW-VIEW', () => {
    begin();
    crash(0);
    const submitted = submit(2);
    // NEW-VIEWs are lost until everybody was restarted.
    simulation.filter = (_from, _to, bytes) => kindOfBytes(bytes) !== 'new-view';
    expect(until(() => alive().every(({ driver }) => driver?.status().active === false), 4000)).toBe(true);
    crash(1, 2, 3);
    simulation.run(100);
    simulation.filter = null;
    start(1, 2, 3);
    simulation.run(10);
    retry(3);
    expect(isCommitted(submitted, 4 * BASE_TIMEOUT_MS)).toBe(true);
  });

  test('with nothing executed anywhere final: CHECKPOINTs lost, then a new primary', () => {
    begin();
    simulation.filter = (_from, _to, bytes) => {
      const decoded = decodePeerMessage(bytes);
      return decoded.ok && !isCheckpoint(decoded.value) && decoded.value.kind !== 'certificate';
    };
    for (let count = 0; count < 4; count++) {
      submit(0);
      simulation.run(20);
    }
    expect(simulation.nodes.map(heightOf)).toEqual([1, 1, 1, 1]);
    expect(status(3).executedHeight).toBeGreaterThan(1);
    crash(0);
    const submitted = submit(1);
    simulation.filter = null;
    expect(isCommitted(submitted, 2 * BASE_TIMEOUT_MS)).toBe(true);
    expect(until(() => everywhere(5), BASE_TIMEOUT_MS)).toBe(true);
  });
});

describe('a node that was away', () => {
  test('catches up over many ranges and epochs, and takes part again', () => {
    begin({ consensus: SMALL });
    crash(3);
    simulation.run(12_000);
    const before = highest();
    expect(before).toBeGreaterThan(30);
    start(3);
    expect(until(() => heightOf(node(3)) >= before + 3, 3 * BASE_TIMEOUT_MS)).toBe(true);
    crash(2);
    expect(isCommitted(submit(3), 4 * BASE_TIMEOUT_MS)).toBe(true);
  });

  test('as an observer follows, answers readers and passes on transactions', () => {
    begin({ consensus: SMALL, observers: 1 });
    const signed = simulation.clients.sign(0, 0);
    const answers: SubmitOutcome[] = [];
    node(4).driver?.submit(signed.bytes, (outcome) => answers.push(outcome));
    expect(isCommitted(signed, BASE_TIMEOUT_MS)).toBe(true);
    expect(simulation.nodes.every((each) => has(each, signed))).toBe(true);
    expect(answers).toEqual([{ id: signed.id, status: 'pending' }]);
    crash(4);
    simulation.run(5000);
    const before = highest();
    start(4);
    expect(until(() => heightOf(node(4)) >= before + 3, 3 * BASE_TIMEOUT_MS)).toBe(true);
    expect(status(4)).toMatchObject({ halted: false });
  });
});

describe('epochs', () => {
  test('follow one another, each in view 0 with another primary', () => {
    const proposers = new Map<number, number>();
    const blockExecuted: Checker['blockExecuted'] = (_, { header }) =>
      void proposers.set(header.height, header.proposer);
    begin({ consensus: SMALL }, [{ name: 'proposers', blockExecuted }]);
    expect(until(() => everywhere(13), 10_000)).toBe(true);
    expect([...proposers.values()].slice(0, 12)).toEqual([0, 0, 0, 1, 1, 1, 2, 2, 2, 3, 3, 3]);
  });

  test('of one height work', () => {
    begin({ consensus: { epochLength: 1, window: 1, idleBlockMs: 100 } });
    expect(until(() => everywhere(8), 10_000)).toBe(true);
  });

  test.each(ALL)('go on when node %d crashes at each of their borders and comes back', (slot) => {
    begin({ consensus: SMALL });
    for (let round = 1; round <= 3; round++) {
      const border = Math.ceil((highest() + 1) / 3) * 3;
      expect(until(() => status(slot).executedHeight >= border, 10_000)).toBe(true);
      crash(slot);
      submit((slot + 1) % 4);
      simulation.run(50);
      start(slot);
      expect(until(() => everywhere(border + 2), 4 * BASE_TIMEOUT_MS)).toBe(true);
    }
  });

  test('go on when all crash at a border', () => {
    for (let ms = 0; ms < 8; ms++) {
      begin({ consensus: SMALL });
      expect(until(() => status(0).executedHeight >= 3, 10_000)).toBe(true);
      simulation.run(ms / 2);
      crash(...ALL);
      simulation.run(10);
      start(...ALL);
      simulation.run(10);
      expect([ms, isCommitted(submit(1), 4 * BASE_TIMEOUT_MS)]).toEqual([ms, true]);
    }
  });
});

describe('other sizes', () => {
  test.each([1, 2, 3, 5, 6, 7])('%d validators commit', (count) => {
    begin({ powers: equal(count) });
    expect(isCommitted(submit(count - 1), BASE_TIMEOUT_MS)).toBe(true);
  });

  test('6 validators stop with 4, exactly two thirds, and go on with 5', () => {
    begin({ powers: equal(6) });
    crash(4, 5);
    const submitted = submit(0);
    simulation.run(10_000);
    expect(has(node(0), submitted)).toBe(false);
    start(5);
    expect(isCommitted(submitted, 2 * BASE_TIMEOUT_MS)).toBe(true);
  });

  test('one heavy validator alone is the quorum', () => {
    begin({ powers: [1n, 97n, 1n, 1n] });
    crash(0, 2, 3);
    expect(isCommitted(submit(1), 2 * BASE_TIMEOUT_MS)).toBe(true);
  });
});
