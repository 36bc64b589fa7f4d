import { offenceOf } from '../../src/ledger/offence.ts';
import { describe, expect, test } from 'vitest';
import { installNodeSha256 } from '../../src/crypto/node-sha256.ts';
import type { Height } from '../../src/base/brand.ts';
import { present } from '../../src/base/invariant.ts';
import { KEYS } from '../../src/driver/stored/records.ts';
import { kindOfBytes } from '../../src/driver/wire/wire.ts';
import type { Checker } from '../../src/simulator/world/checker.ts';
import { faults, healAll } from '../../src/simulator/faults/faults.ts';
import { Random } from '../../src/base/random.ts';
import { runScenario, type Verdict } from '../../src/simulator/search/run.ts';
import { commandOf, type Scenario, scenarioOf } from '../../src/simulator/search/scenario.ts';
import { Simulation, type WireFilter } from '../../src/simulator/simulation.ts';
import { FLOODS, KEYLESS, strategies } from '../../src/strategies/registry.ts';
import type { TraceSink } from '../../src/simulator/world/trace.ts';
import { unleash } from '../../src/simulator/search/unleash.ts';
import { pinned } from './pinned.ts';

installNodeSha256();

const scenario = (change: Partial<Scenario>): Scenario => ({
  seed: 1,
  powers: [1n, 1n, 1n, 1n],
  liars: [],
  faults: [],
  observers: 0,
  durationMs: 15_000,
  signatures: 'stand-in',
  ...change,
});

/** Floods take long: see floods.test.ts. */
const hunted = [...strategies.keys()].filter((name) => !FLOODS.has(name));

/** Ten base timeouts of the networks in which liars are named. */
const NAMED_MS = 10_000;
/** Of the many runs of one liar or fault each: the hunt has longer ones. */
const SHORT_MS = 7000;

const broken = ({ violations }: Verdict): string[] => violations.map(({ checker }) => checker);

/** Runs it and says how to see a failure again. */
function holds(of: Scenario): Verdict {
  const verdict = runScenario(of);
  expect({ command: commandOf(of), violations: verdict.violations }).toEqual({
    command: commandOf(of),
    violations: [],
  });
  return verdict;
}

describe('a simulation', () => {
  test('is the same, event by event, for the same seed, and another for another', () => {
    const of = scenario({ faults: ['loss', 'crash', 'partition'], liars: [{ validator: 2, strategy: 'equivocate' }] });
    const [first, again, other] = [runScenario(of), runScenario(of), runScenario({ ...of, seed: 2 })];
    expect(again.traceHash).toBe(first.traceHash);
    expect(again.events).toBe(first.events);
    expect(other.traceHash).not.toBe(first.traceHash);
  });

  test('says of no block that it is final which could not be read after a power cut', () => {
    const simulation = new Simulation({ seed: 3, powers: [1n, 1n, 1n, 1n], liars: new Map() });
    const late = simulation.node(3);
    for (const node of simulation.nodes) if (node !== late) node.start();
    simulation.run(10_000);
    late.start();
    let seen = 0;
    // Who catches up executes what is final already: both in one turn, before either is written.
    for (let steps = 0; seen < 20 && steps < 200_000; steps++) {
      simulation.scheduler.runNext(simulation.scheduler.nowMs + 1000);
      seen = late.driver?.status().finalHeight ?? 0;
      if (seen > 0) expect([seen, late.disk.get(KEYS.block(seen as Height)) !== undefined]).toEqual([seen, true]);
    }
    expect(seen).toBeGreaterThanOrEqual(20);
  });

  test('without faults commits what is submitted, and changes no view', () => {
    const verdict = holds(scenario({}));
    expect(verdict.transactions).toBeGreaterThan(3);
    expect(verdict.laterViews).toBe(0);
  });

  test('runs with real signatures too', () => {
    const verdict = holds(scenario({ signatures: 'ed25519', durationMs: 500 }));
    expect(verdict.height).toBeGreaterThan(0);
  });

  test('forks when more than a third lie, and the checker of agreement says so', () => {
    const verdict = runScenario(
      scenario({
        liars: [
          { validator: 0, strategy: 'equivocate' },
          { validator: 1, strategy: 'equivocate' },
        ],
      }),
    );
    expect(broken(verdict)).toContain('agreement');
  });

  test('stops when more than a third are silent, and the checker of liveness says so', () => {
    const liars = [0, 1].map((validator) => ({ validator, strategy: 'silent' }));
    expect(broken(runScenario(scenario({ liars })))).toContain('liveness');
  });

  test.for([...faults.keys()])('recovers from %s, an observer too', (fault) => {
    holds(scenario({ seed: 7, faults: [fault], observers: 1, durationMs: SHORT_MS }));
  });

  test.for(hunted)('holds against a validator that lies, also to an observer: %s', (strategy) => {
    holds(
      scenario({
        seed: 5,
        liars: [{ validator: 1, strategy }],
        faults: ['delay', 'loss'],
        observers: 1,
        durationMs: SHORT_MS,
      }),
    );
  });

  // They have no key: what they sign is worth nothing.
  test.for(hunted)('holds against an observer that lies: %s', (strategy) => {
    const validators = scenario({}).powers.length;
    holds(
      scenario({
        seed: 6,
        liars: [{ validator: validators, strategy }],
        faults: ['loss'],
        observers: 2,
        durationMs: SHORT_MS,
      }),
    );
  });

  test('an observer that floods with what it would sign is no reason to stop', () => {
    for (const strategy of ['flood-proposals', 'flood-view-changes'])
      holds(scenario({ liars: [{ validator: 4, strategy }], observers: 1, durationMs: 2000 }));
  });

  test.for(KEYLESS)('an observer that lies has something to do: %s', (strategy) => {
    const told = { lie: 0, withheld: 0 };
    const sink: TraceSink = {
      event() {},
      message(_, fate, from) {
        if (from === 4 && (fate === 'lie' || fate === 'withheld')) told[fate] += 1;
      },
    };
    const of = scenario({ liars: [{ validator: 4, strategy }], observers: 1, faults: ['crash'] });
    runScenario(strategy === 'plan' ? { ...of, plan: 'always by all flood fetch-blocks 1 to all' } : of, sink);
    expect(told.lie + told.withheld).toBeGreaterThan(0);
  });

  test('holds against two colluding equivocators among seven', () => {
    const liars = [0, 1].map((validator) => ({ validator, strategy: 'equivocate' }));
    holds(scenario({ powers: Array.from({ length: 7 }, () => 1n), liars }));
  });

  // Who is told one story only is proved guilty to some, of whom one has to become primary: here it does, by short epochs.
  test.for([
    ['equivocate', 4, 3],
    ['equivocate', 7, 3],
    ['double-vote', 4, 1000],
    ['double-checkpoint', 4, 1000],
    ['hide-prepared', 4, 1000],
  ] as const)('names in the chain, soon after the faults, who then begins to %s among %i', (of) => {
    const [strategy, size, epochLength] = of;
    const liar = 1;
    const simulation = new Simulation({
      seed: 3,
      powers: Array.from({ length: size }, () => 1n),
      liars: new Map([[liar, present(strategies.get(strategy), strategy).factory]]),
      consensus: { epochLength, baseTimeoutTicks: 20 },
    });
    const named: number[] = [];
    const finalized: Checker['finalized'] = (_, { body }) =>
      void named.push(...body.body.evidence.map((each) => offenceOf(each).validator));
    (simulation.checkers as Checker[]).push({ name: 'named', finalized });
    for (const { slot } of simulation.nodes) if (slot !== liar) simulation.node(slot).start();
    simulation.clients.load(200);
    const trouble = unleash(simulation, ['partition', 'loss', 'delay'], new Random(3));
    simulation.run(15_000);
    trouble.stop();
    expect(named).toEqual([]);
    healAll(simulation);
    simulation.until(() => named.length > 0, NAMED_MS);
    expect(new Set(named)).toEqual(new Set([liar]));
    expect(simulation.violations).toEqual([]);
  });

  test('doubles its timeout with each view that fails, up to the cap, and forgets it with the next block', () => {
    const [base, cap] = [20, 160];
    const simulation = new Simulation({
      seed: 1,
      powers: [1n, 1n, 1n, 1n],
      liars: new Map(),
      consensus: { baseTimeoutTicks: base, timeoutCapTicks: cap },
    });
    const noPrimary: WireFilter = (_from, _to, bytes) =>
      kindOfBytes(bytes) !== 'new-view' && kindOfBytes(bytes) !== 'pre-prepare';
    simulation.startAll();
    simulation.clients.load(500);
    simulation.run(3000);
    for (let round = 0; round < 2; round++) {
      simulation.filter = noPrimary;
      const asked: number[] = [];
      simulation.viewChanges = () => void asked.push(simulation.nowMs / simulation.genesis.consensus.tickMs);
      simulation.run(60_000);
      // Who was not told first waits for an eighth of a base timeout longer, until it has told the primary.
      const spread = Math.ceil(base / 8) + 1;
      const moments = asked.filter((moment, position) => moment - (asked[position - 1] ?? 0) > spread);
      const all = moments.slice(1).map((moment, position) => Math.round(moment - present(moments[position], 'gap')));
      // Who joined the first of these views counts no failure yet, and leaves the next one after a base timeout.
      const gaps = all.slice(Math.abs((all[0] ?? 0) - base) <= spread ? 1 : 0).slice(0, 6);
      const expected = [2 * base, 4 * base, cap, cap, cap, cap];
      expect(gaps.map((gap, position) => Math.abs(gap - present(expected[position], 'gap')) <= spread)).toEqual(
        expected.map(() => true),
      );
      simulation.filter = null;
      simulation.viewChanges = null;
      simulation.run(2 * cap * simulation.genesis.consensus.tickMs);
    }
    expect(simulation.violations).toEqual([]);
  });

  // The first two were bugs, and the last; the others were false alarms of checkers. Work took no time then, and clients sent transfers.
  test.for([
    [
      'a third of the power ahead, liars that begin views badly',
      '--seed 2006191 --powers 1,3,1,1,3 --byzantine 2=bad-new-view --byzantine 3=bad-new-view --faults crash',
    ],
    [
      'an observer that hears the wrong CHECKPOINTs of a liar first, and whom nobody gave the certificate',
      '--seed 3005461 --nodes 5 --byzantine 0=double-checkpoint --faults delay,duplication,partition --observers 1',
    ],
    [
      'VIEW-CHANGEs of several epochs held back, and let go at once',
      '--seed 2002992 --nodes 4 --faults clog,duplication,loss --observers 1',
    ],
    [
      'the same, with pauses',
      '--seed 2005032 --powers 3,4,4,5 --byzantine 1=wrong-time --faults loss,partition,pause,skew',
    ],
    [
      'an observer that has certificates and lacks the blocks',
      '--seed 2003542 --nodes 10 --byzantine 2=return --byzantine 8=slow --faults loss --observers 1',
    ],
    [
      'a body ordered in a view whose transactions come later',
      '--seed 2006554 --nodes 4 --byzantine 0=equivocate --faults clog,reorder',
    ],
    [
      'a turn that was begun while the node was slow, and ended when it no longer was',
      '--seed 3001253 --nodes 6 --byzantine 1=short-new-view --faults slow',
    ],
    [
      'the return of a validator, heard in the turn of a timeout',
      '--seed 3001621 --powers 2,5,2,1,2,3,4,3,2,2 --byzantine 1=stray --byzantine 3=stray --byzantine 9=stray --faults one-way,pause',
    ],
    [
      'what peers said before they left, looked at after that',
      '--seed 1000167 --nodes 5 --byzantine 1=double-checkpoint --faults partition,pause',
    ],
  ] as const)('holds where the hunt once failed: %s', ([, options]) => {
    holds({ ...pinned(options), operations: 'transfers', costs: false });
  });

  // False alarms of checkers.
  test.for([
    [
      'a node that starts while it awaits a view',
      '--seed 29 --nodes 10 --faults bit-flip,clog,delay,partition --observers 1',
    ],
    [
      'wires that held messages back for long after the faults',
      '--seed 8000816 --powers 1,2,5,4 --faults delay --duration 20s',
    ],
  ] as const)('holds where the hunt once failed: %s', ([, options]) => {
    holds({ ...pinned(options), operations: 'transfers' });
  });

  test.for([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12])('holds in a scenario as the hunt makes them: seed %i', (seed) => {
    holds(scenarioOf(seed, 10_000));
  });
});
