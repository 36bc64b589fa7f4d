/** Makes a plan worse for the honest, step by step: it is changed at random, and the change is kept where it does not help them. */
import { present } from '../../src/base/invariant.ts';
import { formatPlan, parsePlan, type Plan } from '../../src/strategies/plans/plan.ts';
import { mutated, randomPlan } from '../../src/strategies/plans/planner.ts';
import { Random } from '../../src/base/random.ts';
import { runScenario } from '../../src/simulator/search/run.ts';
import { commandOf, type Scenario } from '../../src/simulator/search/scenario.ts';
import { type MeasureName, measureOf } from './measures.ts';

export interface Trial {
  readonly plan: Plan;
  /** Larger is worse for the honest. */
  readonly score: number;
}

/** From the worst of some plans on, in so many runs. `judge` runs a plan, and says how bad it was. As deterministic as that. */
export function climb<T extends Trial>(
  starts: readonly Plan[],
  rounds: number,
  change: (plan: Plan) => Plan,
  judge: (plan: Plan) => T,
): T {
  let best: T | undefined;
  for (let round = 0; round < Math.max(1, rounds); round++) {
    const next = judge(starts[round] ?? change(best?.plan ?? []));
    // As bad is good enough: what changes nothing now may be half of what does.
    if (best === undefined || next.score >= best.score) best = next;
  }
  return present(best, 'a run');
}

/** Networks as large as the promises are stated for. */
const SIZES = [4, 5, 6, 7, 8, 10, 13, 16] as const;
/** Faults that liars can wait for. What they do is felt after them. */
const FAULTS = ['partition', 'crash', 'pause', 'delay'] as const;
const FAULTY = 0.3;
const SKEWED = 0.2;
const FIRST = 0.5;
const WATCHED = 0.15;
/** Of climbs that look for pauses and blame, those in which liars may flood. */
const FLOODING = 0.2;

/** A network with as many liars as there may be, all of which follow one plan. `size`: undefined draws it. */
export function adversarial(seed: number, durationMs: number, size: number | undefined): Omit<Scenario, 'plan'> {
  const random = new Random(seed);
  const drawn = random.pick(SIZES);
  const count = size ?? drawn;
  const isSkewed = random.chance(SKEWED);
  const powers = Array.from({ length: count }, () => (isSkewed ? BigInt(random.int(1, 5)) : 1n));
  const total = powers.reduce((sum, power) => sum + power, 0n);
  let lying = 0n;
  const liars: { validator: number; strategy: string }[] = [];
  const order = powers.map((_, index) => index);
  // Else a liar may never be primary: as the first ones, one after the other, they are sooner or later.
  for (const validator of random.chance(FIRST) ? order : random.shuffled(order)) {
    const more = lying + (powers[validator] ?? 0n);
    if (3n * more >= total) continue;
    lying = more;
    liars.push({ validator, strategy: 'plan' });
  }
  const kinds = random.chance(FAULTY) ? random.shuffled(FAULTS).slice(0, random.int(1, 2)).sort() : [];
  const observers = random.chance(WATCHED) ? 1 : 0;
  if (observers > 0) liars.push({ validator: count, strategy: 'plan' });
  return { seed, powers, liars, faults: kinds, observers, durationMs, signatures: 'stand-in' };
}

/** Plans that were made by hand: where others begin. */
export const HANDMADE: readonly string[] = [
  'calm by turn ask n to turn for 6; alone by all mute but-status to all',
  'at 4 by all mute all to all for 8; short by all mute all to all for 3',
  'edge 1 by all hold 6 to all; edge 2 by all mute commit,checkpoint,new-view to half',
  'primary by all hold 7 to all; always by all starve to turn',
  'every 8 by all ask rank to all for 4; primary by all mute new-view,pre-prepare to all',
  'always by all flood fetch-blocks 4 to all; always by turn replay to all',
];

export interface Judged extends Trial {
  readonly figures: Readonly<Record<string, number | string>>;
  readonly failure: string | null;
  readonly simulatedMs: number;
}

/** Of the runs of a climb that begins anywhere, one in so many draws a plan. */
const DRAWN = 3;
/** The broken promises of a plan count for more than anything that can be measured. */
const BROKEN = 1e12;

function judge(base: Omit<Scenario, 'plan'>, name: MeasureName, plan: Plan): Judged {
  const measure = measureOf(name);
  const verdict = runScenario({ ...base, plan: formatPlan(plan) }, measure, (simulation) => measure.begin(simulation));
  measure.end();
  const [violation] = verdict.violations;
  return {
    plan,
    score: measure.score + (violation === undefined ? 0 : BROKEN),
    figures: measure.figures,
    failure: violation === undefined ? null : `${violation.checker}: ${violation.message}`,
    simulatedMs: verdict.simulatedMs,
  };
}

export interface Climb {
  readonly measure: MeasureName;
  readonly seed: number;
  readonly durationMs: number;
  readonly size: number | undefined;
  readonly rounds: number;
  /** Whether work takes time. */
  readonly costs: boolean;
  /** Where to begin; null draws a plan. */
  readonly start: string | null;
}

export interface Climbed {
  readonly seed: number;
  readonly plan: string;
  readonly score: number;
  readonly validators: number;
  readonly liars: number;
  readonly faults: readonly string[];
  readonly figures: Readonly<Record<string, number | string>>;
  readonly failure: string | null;
  readonly runs: number;
  readonly simulatedMs: number;
  /** Shows its run again. */
  readonly command: string;
}

export function climbed({ measure, seed, durationMs, size, rounds, costs, start }: Climb): Climbed {
  const base = { ...adversarial(seed, durationMs, size), costs };
  const random = new Random(seed).fork();
  // Work takes time, so that floods may stop commits too; but what they cost the hunt would leave it few runs.
  const floods = measure === 'cost' || measure === 'memory' || random.chance(FLOODING);
  const given = start === null ? null : parsePlan(start);
  const starts =
    given?.ok === true
      ? [given.value]
      : Array.from({ length: Math.ceil(rounds / DRAWN) }, () => randomPlan(random, floods));
  let runs = 0;
  let simulatedMs = 0;
  const change = (plan: Plan): Plan => mutated(plan, random, floods);
  const best = climb(starts, rounds, change, (plan) => {
    const judged = judge(base, measure, plan);
    runs += 1;
    simulatedMs += judged.simulatedMs;
    return judged;
  });
  const plan = formatPlan(best.plan);
  const { score, figures, failure } = best;
  const lying = base.liars.filter(({ validator }) => validator < base.powers.length).length;
  return {
    ...{ seed, plan, score, figures, failure, runs, simulatedMs, faults: base.faults },
    validators: base.powers.length,
    liars: lying,
    command: commandOf({ ...base, plan }),
  };
}
