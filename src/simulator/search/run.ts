/** Runs a scenario to its verdict: faults for a while, then quiet, in which the network has to recover. */
import type { Height } from '../../base/brand.ts';
import { invariant } from '../../base/invariant.ts';
import { healAll } from '../faults/faults.ts';
import { type Outcome, outcomeOf } from '../story/outcome.ts';
import { parsePlan, type Plan } from '../../strategies/plans/plan.ts';
import { Random } from '../../base/random.ts';
import { changingOf, conditionsOf, type Scenario } from './scenario.ts';
import { Simulation } from '../simulation.ts';
import { Story } from '../story/story.ts';
import { coalitionOf } from '../../strategies/coalition.ts';
import { strategies } from '../../strategies/registry.ts';
import type { TraceSink } from '../world/trace.ts';
import { unleash } from './unleash.ts';

export interface Verdict extends Outcome {
  /** From the end of the faults until every honest node had committed new transactions; null when that did not happen. */
  readonly recoveryMs: number | null;
  readonly boundMs: number;
  /** View changes after the recovery. */
  readonly laterViews: number;
}

/** Base timeouts of quiet after the recovery, in which views are counted. */
const QUIET_TIMEOUTS = 10;
/** To fetch and execute what was missed, to connect, and to pass transactions on. */
const CATCH_UP_MS = 5000;

/** `watch` is given the network before anything happens. */
export function runScenario(scenario: Scenario, sink?: TraceSink, watch?: (simulation: Simulation) => void): Verdict {
  const random = new Random(scenario.seed);
  const { operations = 'all' } = scenario;
  const conditions = conditionsOf(random.fork(), operations);
  const { members = false } = scenario;
  const changing = members ? changingOf(new Random(scenario.seed).fork(), scenario) : undefined;
  const story = new Story(new Map(scenario.liars.map(({ validator, strategy }) => [validator, strategy])));
  const simulation = new Simulation({
    seed: random.int(-(2 ** 31), 2 ** 31 - 1),
    powers: scenario.powers,
    liars: new Map(
      scenario.liars.flatMap(({ validator, strategy }) => {
        const liar = strategies.get(strategy);
        return liar === undefined ? [] : [[validator, liar.factory]];
      }),
    ),
    observers: scenario.observers,
    consensus: { ...conditions.consensus, ...changing?.consensus },
    ...(changing && { members: changing.members }),
    signatures: scenario.signatures,
    latencyMs: conditions.latencyMs,
    ledger: conditions.ledger,
    caches: conditions.caches,
    operations,
    costs: scenario.costs ?? true,
    trace: sink === undefined ? [story] : [story, sink],
  });
  if (scenario.plan !== undefined) coalitionOf(simulation).plan = planOf(scenario.plan);
  story.begin(simulation);
  watch?.(simulation);
  simulation.startAll();
  simulation.clients.load(changing?.loadMs ?? conditions.loadMs);
  const trouble = unleash(simulation, scenario.faults, random.fork());
  simulation.run(scenario.durationMs);
  trouble.stop();
  const recovery = recover(simulation);
  simulation.finish();
  return { ...outcomeOf(simulation, story, ['liveness', 'view changes']), ...recovery };
}

function planOf(text: string): Plan {
  const parsed = parsePlan(text);
  invariant(parsed.ok, 'the plan of a scenario can be read', { text });
  return parsed.value;
}

/** The time in which commits have to resume. It is the sum of: what slow wires still carry, since later messages arrive behind
 *  it; two base timeouts; a timeout, doubled each time, for each liar that may be primary meanwhile; and time to catch up. */
function boundOf(simulation: Simulation, liars: number): number {
  const { baseTimeoutTicks, timeoutCapTicks, tickMs } = simulation.genesis.consensus;
  let ticks = 2 * baseTimeoutTicks;
  for (let failed = 1; failed <= liars; failed++) ticks += Math.min(baseTimeoutTicks * 2 ** failed, timeoutCapTicks);
  const arrivalMs = Math.max(0, simulation.links.lastArrivalMs - simulation.scheduler.nowMs);
  return arrivalMs + ticks * tickMs + CATCH_UP_MS;
}

function recover(simulation: Simulation): Pick<Verdict, 'recoveryMs' | 'boundMs' | 'laterViews'> {
  const { clients, violations } = simulation;
  const faulty = simulation.nodes.filter(({ isHonest, validator }) => !isHonest && validator !== null).length;
  const boundMs = boundOf(simulation, faulty);
  if (violations.length > 0) return { recoveryMs: null, boundMs, laterViews: 0 };
  const healedMs = simulation.nowMs;
  simulation.healed();
  healAll(simulation);
  clients.load(0);
  const before = Math.max(...simulation.honest.map(({ driver }) => driver?.status().finalHeight ?? 0));
  simulation.until(() => simulation.honest.every(({ state }) => state === 'running'), 1000);
  const probes = simulation.honest.map((node, position) => clients.submit(position % clients.accounts.length, node));
  for (const node of simulation.honest) clients.retry(node);
  const recovered = (): boolean => {
    const needed = Math.max(before + 1, ...probes.map(({ height }) => height ?? Number.POSITIVE_INFINITY));
    return simulation.honest.every(({ driver }) => (driver?.status().finalHeight ?? 0) >= needed);
  };
  const limitMs = 4 * boundMs;
  simulation.until(recovered, limitMs);
  if (violations.length > 0) return { recoveryMs: null, boundMs, laterViews: 0 };
  if (!recovered()) {
    const heights = simulation.honest.map(({ driver }) => driver?.status().finalHeight ?? '-');
    simulation.violate('liveness', `no recovery within ${limitMs / 1000} s: final heights ${heights.join(', ')}`);
    return { recoveryMs: null, boundMs, laterViews: 0 };
  }
  const recoveryMs = simulation.nowMs - healedMs;
  simulation.note('recovered', recoveryMs);
  if (recoveryMs > boundMs)
    simulation.violate(
      'liveness',
      `recovered after ${(recoveryMs / 1000).toFixed(1)} s, the bound is ${(boundMs / 1000).toFixed(1)} s`,
    );
  return { recoveryMs, boundMs, laterViews: quiet(simulation, faulty) };
}

/** After the recovery views change only where a liar is primary, and for the sake of one that is alone ahead, as liars can
 *  pretend to be: at most once for each in each epoch. */
function quiet(simulation: Simulation, faulty: number): number {
  const { baseTimeoutTicks, tickMs } = simulation.genesis.consensus;
  const reached = (): number =>
    Math.max(0, ...simulation.honest.map(({ driver }) => driver?.status().finalHeight ?? 0));
  const epochAfter = (height: number): number => simulation.epochs.at((height + 1) as Height)?.epoch ?? 0;
  const started = new Set<string>();
  simulation.viewChanges = (epoch, view) => started.add(`${epoch}/${view}`);
  const before = reached();
  simulation.clients.load(500);
  simulation.run(QUIET_TIMEOUTS * baseTimeoutTicks * tickMs);
  simulation.clients.load(0);
  // At the end of an epoch some may be in it still, and others in the next one.
  const epochs = Math.max(2, epochAfter(reached()) - epochAfter(before) + 1);
  const most = epochs * (2 * faulty + 1);
  simulation.note('quiet', QUIET_TIMEOUTS * baseTimeoutTicks * tickMs, started.size);
  if (started.size > most)
    simulation.violate(
      'view changes',
      `${started.size} views in ${QUIET_TIMEOUTS} base timeouts of quiet, at most ${most}`,
    );
  return started.size;
}
