/** Checkers at work: each fires while a simulation runs in which its promise is broken, and in no other. */
import { afterEach, describe, expect, test, vi } from 'vitest';
import { present } from '../../src/base/invariant.ts';
import { installNodeSha256 } from '../../src/crypto/node-sha256.ts';
import type { Driver } from '../../src/driver/driver.ts';
import type { StrategyFactory } from '../../src/driver/wire/strategy.ts';
import { encodePeerMessage } from '../../src/driver/wire/wire.ts';
import type { Checker } from '../../src/simulator/world/checker.ts';
import type { Submitted } from '../../src/simulator/world/clients.ts';
import type { Fault } from '../../src/simulator/faults/fault.ts';
import { faults } from '../../src/simulator/faults/faults.ts';
import type { SimulatedNode } from '../../src/simulator/world/node.ts';
import { Random } from '../../src/base/random.ts';
import { runScenario, type Verdict } from '../../src/simulator/search/run.ts';
import { Simulation } from '../../src/simulator/simulation.ts';
import type { TraceSink } from '../../src/simulator/world/trace.ts';

installNodeSha256();

const LOAD_MS = 50;
const RUN_MS = 20_000;

interface Change {
  readonly liars?: ReadonlyMap<number, StrategyFactory>;
  readonly trace?: readonly TraceSink[];
}

function network({ liars = new Map(), trace = [] }: Change = {}): Simulation {
  const simulation = new Simulation({ seed: 1, powers: [1n, 1n, 1n, 1n], liars, trace });
  simulation.startAll();
  simulation.until(() => simulation.nodes.every(({ state }) => state === 'running'), 1000);
  return simulation;
}

const driverOf = ({ driver }: SimulatedNode): Driver => present(driver, 'a driver');

/** Says everything a thousand times. */
const babble: StrategyFactory = () => ({
  name: 'babble',
  outgoing({ to, message }) {
    const bytes = message.kind === 'bytes' ? message.bytes : encodePeerMessage(message);
    return Array.from({ length: 1000 }, () => ({ to, message: { kind: 'bytes', bytes: bytes.slice() } }));
  },
});

const deemed = (change: Partial<Submitted>): Simulation => {
  const simulation = network();
  Object.assign(simulation.clients.submit(0, simulation.node(0)), change);
  return simulation;
};

/** Says nothing from the moment on at which it is told so. */
function turncoats(): { readonly simulation: Simulation; fallSilent(): void } {
  let isSilent = false;
  const turncoat: StrategyFactory = () => ({ name: 'turncoat', outgoing: (message) => (isSilent ? [] : [message]) });
  const simulation = network({
    liars: new Map([
      [1, turncoat],
      [2, turncoat],
    ]),
  });
  return {
    simulation,
    fallSilent() {
      isSilent = true;
    },
  };
}

const broken: readonly [string, string, () => Simulation][] = [
  [
    'supply',
    'a node makes money',
    () => {
      const simulation = network();
      const driver = driverOf(simulation.node(1));
      const account = driver.account.bind(driver);
      driver.account = (address) => {
        const known = account(address);
        return known && { ...known, balance: known.balance + 1n };
      };
      return simulation;
    },
  ],
  [
    'bounds',
    'a buffer of a node grows without end',
    () => {
      const simulation = network();
      const driver = driverOf(simulation.node(1));
      const buffers = driver.buffers.bind(driver);
      driver.buffers = () => ({ ...buffers(), transactions: 1e9 });
      return simulation;
    },
  ],
  [
    'traffic',
    'a node that nobody knows for a liar says everything a thousand times',
    () => {
      const simulation = network({ liars: new Map([[1, babble]]) });
      simulation.node(1).isLiar = false;
      return simulation;
    },
  ],
  [
    'stall',
    'two of four fall silent that nobody knows for liars',
    () => {
      const { simulation, fallSilent } = turncoats();
      for (const index of [1, 2]) simulation.node(index).isLiar = false;
      simulation.clients.load(LOAD_MS);
      simulation.run(1000);
      fallSilent();
      return simulation;
    },
  ],
  ['transactions', 'a block has what no block may have', () => deemed({ expected: null })],
  ['transactions', 'a receipt says something else than it has to', () => deemed({ expected: 'AMOUNT_ZERO' })],
  ['transactions', 'a sender’s nonce is left out', () => deemed({ nonce: 7 })],
];

/** From the recovery on, stops whoever is primary for longer than the others wait. */
const restless: Fault = {
  describe: 'stops primaries when all is quiet',
  begin(world) {
    const { baseTimeoutTicks, tickMs } = world.genesis.consensus;
    const stop = (): void => {
      if (world.viewChanges !== null) {
        const primary = world.node(driverOf(world.node(0)).status().primary);
        primary.pause();
        world.scheduler.after(1.5 * baseTimeoutTicks * tickMs, () => primary.resume());
      }
      world.scheduler.after(2 * baseTimeoutTicks * tickMs, stop);
    };
    stop();
    return { whom: '', end() {} };
  },
};

const quietRun = (kinds: readonly string[]): Verdict =>
  runScenario({
    seed: 2,
    powers: [1n, 1n, 1n, 1n],
    liars: [],
    faults: kinds,
    observers: 0,
    durationMs: 15_000,
    signatures: 'stand-in',
  });

describe('a checker at work', () => {
  test.for(broken)('of %s fires when %s', ([name, , breakIt]) => {
    const simulation = breakIt();
    simulation.clients.load(LOAD_MS);
    simulation.run(RUN_MS);
    expect(new Set(simulation.violations.map(({ checker }) => checker))).toEqual(new Set([name]));
  });

  test('does not fire when nothing is broken, whatever clients submit', () => {
    const seen = { answered: new Set<unknown>(), misbehaved: new Set<unknown>(), receipts: new Set<unknown>() };
    const sink: TraceSink = {
      event(_, what, details) {
        if (what === 'answered' || what === 'misbehaved') seen[what].add(details[2]);
      },
      message() {},
    };
    const simulation = network({ trace: [sink] });
    (simulation.checkers as Checker[]).push({
      name: 'spy',
      blockExecuted(_, { receipts }) {
        for (const { code } of receipts) seen.receipts.add(code);
      },
    });
    simulation.clients.load(LOAD_MS);
    simulation.run(RUN_MS);
    simulation.finish();
    expect(simulation.violations).toEqual([]);
    expect(seen).toEqual({
      answered: new Set([
        ...['pending', 'committed', 'BAD_SIGNATURE', 'EXPIRED', 'FEE_TOO_LOW', 'NONCE_TOO_LOW', 'NONCE_TOO_HIGH'],
      ]),
      misbehaved: new Set(['again', 'used nonce', 'far nonce', 'expired', 'low fee', 'bad signature']),
      receipts: new Set(['OK', 'AMOUNT_ZERO', 'INSUFFICIENT_BALANCE']),
    });
  });

  test('of view changes fires when views change after the recovery, and only then', () => {
    (faults as Map<string, Fault>).set('restless', restless);
    try {
      expect(quietRun(['restless']).violations.map(({ checker }) => checker)).toEqual(['view changes']);
      expect(quietRun([]).violations).toEqual([]);
    } finally {
      (faults as Map<string, Fault>).delete('restless');
    }
  });
});

describe('what is durable when all nodes lose power', () => {
  afterEach(() => vi.restoreAllMocks());

  test('counts, though nobody is told of it: what is final is so, whenever the power goes', () => {
    let silent = 0;
    for (let quarterMs = 8; quarterMs < 40; quarterMs++) {
      const simulation = network();
      simulation.run(500);
      const submitted = simulation.clients.submit(0, simulation.node(0));
      simulation.run(quarterMs / 4);
      const before = submitted.height;
      // Every batch under way is there.
      vi.spyOn(Random.prototype, 'chance').mockReturnValue(false);
      for (const node of simulation.nodes) node.crash();
      vi.restoreAllMocks();
      if (before === null && submitted.height !== null) silent += 1;
      for (const node of simulation.nodes) node.start();
      simulation.run(50);
      for (const node of simulation.nodes) simulation.clients.retry(node);
      simulation.until(() => submitted.height !== null, RUN_MS);
      expect(submitted.height).not.toBeNull();
      simulation.finish();
      expect(simulation.violations).toEqual([]);
    }
    expect(silent).toBeGreaterThan(0);
  });
});
