import { describe, expect, test } from 'vitest';
import type { Epoch, Height, ValidatorIndex, View } from '../../src/base/brand.ts';
import { present } from '../../src/base/invariant.ts';
import { installNodeSha256 } from '../../src/crypto/node-sha256.ts';
import type { Outgoing } from '../../src/driver/wire/strategy.ts';
import { parseGenesis } from '../../src/ledger/genesis.ts';
import { developmentNetwork } from '../../src/node/development.ts';
import { formatPlan, MOVES_MAX, parsePlan, type Plan } from '../../src/strategies/plans/plan.ts';
import { mutated, randomPlan } from '../../src/strategies/plans/planner.ts';
import { Plot } from '../../src/strategies/plans/plot.ts';
import { Random } from '../../src/base/random.ts';
import { runScenario } from '../../src/simulator/search/run.ts';
import type { Scenario } from '../../src/simulator/search/scenario.ts';
import { Coalition, coalitionOf } from '../../src/strategies/coalition.ts';
import { strategies } from '../../src/strategies/registry.ts';
import { standInSignature } from '../consensus/stand-in.ts';
import { epochsOf } from '../../src/ledger/epoch.ts';
import { contextOf } from './context.ts';

installNodeSha256();

const planOf = (text: string): Plan => {
  const parsed = parsePlan(text);
  if (!parsed.ok) throw new Error(parsed.error.message);
  return parsed.value;
};

/** A genesis of its own for each coalition. */
function genesisOf(nodes: number) {
  const parsed = parseGenesis(developmentNetwork(nodes).genesisText);
  if (!parsed.ok) throw new Error(parsed.error.message);
  return parsed.value;
}

describe('the text of a plan', () => {
  test('says all that the plan says, for any that can be drawn or grown', () => {
    const random = new Random(5);
    for (let count = 0; count < 500; count++) {
      let plan = randomPlan(random, true);
      for (let change = 0; change < 5; change++) {
        expect(planOf(formatPlan(plan))).toEqual(plan);
        plan = mutated(plan, random, true);
      }
    }
  });

  test('is read as people write it', () => {
    expect(planOf(' every 2.5  by 1 mute votes,status to v3 for 0.25;alone by all split to half')).toEqual([
      {
        when: { kind: 'every', value: 2.5 },
        who: 1,
        action: { kind: 'mute', muted: ['votes', 'status'] },
        whom: 3,
        lasts: 0.25,
      },
      { when: { kind: 'alone' }, who: 'all', action: { kind: 'split' }, whom: 'half', lasts: null },
    ]);
  });

  test.for([
    ['', /here stands at or every/],
    ['at by all split to all', /'by' is no number/],
    ['at 1.234 by all split to all', /'1.234' is no number/],
    ['alone by nobody split to all', /'nobody' is no whole number/],
    ['alone by all laugh to all', /here stands ask or mute .*, not 'laugh'/],
    ['alone by all mute votes,music to all', /no 'music'; there are all, /],
    ['alone by all flood beer 3 to all', /no 'beer'; there are fetch-body, /],
    ['alone by all split to them', /no 'them'; there are all, /],
    ['alone by all split to all for ever', /'ever' is no number/],
    ['alone by all split to all now', /'now' has no meaning here/],
    [Array.from({ length: MOVES_MAX + 1 }, () => 'alone by all split to all').join(';'), /at most 16 moves/],
  ] as const)('%s is refused', ([text, why]) => {
    const parsed = parsePlan(text);
    expect(parsed.ok ? null : parsed.error).toMatchObject({
      code: 'MALFORMED_PLAN',
      message: expect.stringMatching(why) as string,
    });
  });
});

test('the same seed draws and changes the same plan, another one another', () => {
  const grown = (seed: number): string => {
    const random = new Random(seed);
    return formatPlan(mutated(mutated(randomPlan(random, true), random, true), random, true));
  };
  expect(grown(1)).toBe(grown(1));
  expect(new Set(Array.from({ length: 50 }, (_, seed) => grown(seed))).size).toBe(50);
});

test('floods only where it may', () => {
  const random = new Random(2);
  const grown = (floods: boolean): string =>
    Array.from({ length: 200 }, () => formatPlan(mutated(randomPlan(random, floods), random, floods))).join();
  expect(grown(false)).not.toContain('flood');
  expect(grown(true)).toContain('flood');
});

describe('a plan under way', () => {
  const LIARS = [5, 6] as ValidatorIndex[];
  const genesis = genesisOf(7);
  const base = genesis.consensus.baseTimeoutTicks;

  /** Seven, of whom the last two lie. */
  function begun(text: string) {
    const coalition = new Coalition({ genesis, epochs: epochsOf(genesis) });
    for (const liar of LIARS) coalition.recruit(liar);
    const plot = new Plot(coalition, planOf(text));
    return {
      coalition,
      /** Ticks pass for all of the coalition. */
      pass(timeouts: number): void {
        for (let tick = 0; tick < timeouts * base; tick++) {
          const passed = LIARS.map((liar) => coalition.tick(liar));
          expect(passed).toEqual([true, false]);
          plot.advance();
        }
      },
      stand(index: number, view: number, height = 1): void {
        const status = { epoch: 0 as Epoch, view: view as View, active: true, viewChanges: [], slots: [] };
        const heights = { stableHeight: height as Height, executedHeight: height as Height };
        coalition.hear(index as ValidatorIndex, { kind: 'status', status: { ...status, ...heights } });
      },
      /** Who is told something, by each of the liars. */
      told: () => LIARS.map((liar) => plot.tasksOf(liar).flatMap(({ to }) => [...to])),
    };
  }

  test('begins a move at its time, and ends it when it has lasted', () => {
    const { pass, told } = begun('at 2 by all split to v1 for 3');
    pass(1.9);
    expect(told()).toEqual([[], []]);
    pass(0.2);
    expect(told()).toEqual([[1], [1]]);
    pass(3);
    expect(told()).toEqual([[], []]);
  });

  test('gives each liar, and each honest one, its turn', () => {
    const { pass, told } = begun('every 4 by turn split to turn for 1');
    const seen = [1, 2, 3].map(() => {
      pass(4);
      return told();
    });
    expect(seen).toEqual([
      [[0], []],
      [[], [1]],
      [[2], []],
    ]);
  });

  test('knows who is alone in a higher view, and who are the others', () => {
    const { pass, told, stand } = begun('alone by 0 split to lone; alone by 1 split to others');
    for (const honest of [0, 1, 2, 3, 4]) stand(honest, honest === 2 ? 7 : 0);
    pass(1);
    expect(told()).toEqual([[2], [0, 1, 3, 4, 7]]);
    for (const honest of [0, 1, 3, 4]) stand(honest, 7);
    pass(0.1);
    expect(told()).toEqual([[], []]);
  });

  test('knows when a validator falls silent, and when it is back', () => {
    const { pass, told, stand } = begun('fault by 0 split to all; healed by 1 split to v0 for 1');
    const speak = (...honest: number[]) => {
      for (let time = 0; time < 4; time++) {
        for (const each of honest) stand(each, 0);
        pass(0.5);
      }
    };
    speak(0, 1, 2, 3, 4);
    expect(told()).toEqual([[], []]);
    speak(0, 1, 2, 3);
    expect(told()[0]).not.toEqual([]);
    stand(4, 0);
    pass(0.1);
    expect(told()).toEqual([[], [0]]);
  });

  test('knows the end of an epoch, the view, and whose view it is', () => {
    const { pass, told, stand } = begun('edge 1 by 0 split to v0; primary by 1 split to v1; view 5 by 1 split to v2');
    for (const honest of [0, 1, 2, 3, 4]) stand(honest, 5, genesis.consensus.epochLength - 1);
    pass(0.1);
    expect(told()).toEqual([[0], [1, 2]]);
  });

  test('gives the next one its turn while nothing is wrong, again and again', () => {
    const { pass, told, stand } = begun('calm by 0 split to turn for 1; stuck by 1 split to v4');
    const seen = [1, 2, 3].map((height) => {
      for (const honest of [0, 1, 2, 3, 4]) stand(honest, 0, height);
      pass(1);
      return told();
    });
    expect(seen).toEqual([
      [[0], []],
      [[1], []],
      [[2], []],
    ]);
    pass(3);
    expect(told()).toEqual([[], [4]]);
  });

  test('begins one move when the one before ends', () => {
    const { pass, told } = begun('at 1 by 0 split to v0 for 1; after by 1 split to v1 for 1');
    pass(1.5);
    expect(told()).toEqual([[0], []]);
    pass(1);
    expect(told()).toEqual([[], [1]]);
    pass(1);
    expect(told()).toEqual([[], []]);
  });
});

describe('each primitive lie', () => {
  /** A liar with this plan, one tick old. */
  function liar(text: string) {
    const genesis = genesisOf(4);
    const self = 3 as ValidatorIndex;
    const { publicKey } = present(genesis.validators.members[self], 'validator');
    const context = contextOf(genesis, self, { sign: (message) => standInSignature(publicKey, message) });
    coalitionOf(context).plan = planOf(text);
    const strategy = present(strategies.get('plan'), 'plan').factory(context);
    strategy.tick?.();
    return { strategy, tick: () => [...(strategy.tick?.() ?? [])], base: genesis.consensus.baseTimeoutTicks };
  }

  const place = { epoch: 0 as Epoch, view: 0 as View, height: 3 as Height };
  const hash = 'ab'.repeat(32) as never;
  const vote = (to: number): Outgoing => ({
    to: to as ValidatorIndex,
    message: {
      kind: 'vote',
      vote: { vote: { kind: 'commit', ...place, hash }, voter: 3 as ValidatorIndex, signature: new Uint8Array(64) },
    },
  });

  test('a vote that is kept back goes to nobody whom the move is about', () => {
    const { strategy } = liar('always by all mute votes to v1');
    expect([0, 1, 2].map((to) => strategy.outgoing(vote(to)).length)).toEqual([1, 0, 1]);
  });

  test('a vote that is held comes later, as it was', () => {
    const { strategy, tick, base } = liar('always by all hold 4 to all');
    const honest = vote(1);
    expect(strategy.outgoing(honest)).toEqual([]);
    const later = Array.from({ length: base / 2 }, tick);
    expect(later.slice(0, -1).flat()).toEqual([]);
    expect(later.at(-1)).toEqual([honest]);
  });

  test('another vote is signed for those whom the move is about', () => {
    const { strategy } = liar('always by all split to v1');
    const [same] = strategy.outgoing(vote(0));
    const [other] = strategy.outgoing(vote(1));
    expect(same).toEqual(vote(0));
    expect(other?.message.kind === 'vote' && other.message.vote.vote.hash).not.toBe(hash);
  });

  test('views are asked for, each honest one another', () => {
    const { tick, base } = liar('always by all ask rank to all');
    const asked = Array.from({ length: base / 4 }, tick).flat();
    const views = new Map(
      asked.map(({ to, message }) => [to, message.kind === 'view-change' && message.viewChange.viewChange.view]),
    );
    expect([0, 1, 2].map((to) => views.get(to as ValidatorIndex))).toEqual([1, 2, 3]);
  });

  test('a flood is as many messages a tick as the plan says', () => {
    const { tick } = liar('always by all flood fetch-blocks 5 to v2');
    const said = tick();
    expect(said).toHaveLength(5);
    expect(new Set(said.map(({ to, message }) => `${to} ${message.kind}`))).toEqual(new Set(['2 fetch-blocks']));
  });
});

describe('a run with a plan', () => {
  const planned = (plan: string): Scenario => ({
    seed: 4,
    powers: [1n, 1n, 1n, 1n],
    liars: [{ validator: 3, strategy: 'plan' }],
    plan,
    faults: [],
    observers: 0,
    durationMs: 8000,
    signatures: 'stand-in',
  });

  test('is the same, event by event, for the same plan', () => {
    const [first, again, other] = [
      planned('always by all split to half'),
      planned('always by all split to half'),
      planned('always by all mute all to all'),
    ].map((scenario) => runScenario(scenario));
    expect(again?.traceHash).toBe(first?.traceHash);
    expect(other?.traceHash).not.toBe(first?.traceHash);
    expect(first?.violations).toEqual([]);
  });
});
