/** Plans from a seed: drawn at random, and changed a little. */
import { unreachable } from '../../base/invariant.ts';
import type { Random } from '../../base/random.ts';
import {
  type Action,
  type Ahead,
  type Condition,
  FLOODS,
  MEASURED,
  type Move,
  MOVES_MAX,
  MUTED,
  type Plan,
  SETS,
  STATED,
  type Who,
  type Whom,
} from './plan.ts';

/** Of a plan that is drawn, and of one that has grown by mutation: more of them nobody could read. */
const DRAWN_MOVES_MAX = 4;
const GROWN_MOVES_MAX = Math.min(8, MOVES_MAX);
/** Changes at once, at most. */
const CHANGES_MAX = 3;

const ACTIONS = ['ask', 'mute', 'hold', 'split', 'replay', 'starve', 'boast', 'lag', 'flood'] as const;
/** What a number of each condition may be. */
const VALUES = {
  at: [2, 4, 8, 16, 32],
  every: [4, 8, 16, 32, 64],
  height: [5, 10, 20, 40],
  edge: [1, 2, 3, 5],
  view: [1, 2, 3, 7],
} as const;
const LASTS = [0.25, 0.5, 1, 2, 4, 6, 10, 20, 40] as const;
const POSITIONS_MAX = 15;

/** `floods`: whether it may flood; a run with a flood takes long. */
export const randomPlan = (random: Random, floods: boolean): Plan =>
  Array.from({ length: random.int(1, DRAWN_MOVES_MAX) }, () => randomMove(random, floods));

/** Another plan, by one change or a few: a move more, less, elsewhere, or with one of its parts drawn anew. */
export function mutated(plan: Plan, random: Random, floods: boolean): Plan {
  let changed = plan;
  for (let changes = random.int(1, CHANGES_MAX); changes > 0; changes--) changed = changedOnce(changed, random, floods);
  return changed;
}

function changedOnce(plan: Plan, random: Random, floods: boolean): Plan {
  const at = random.int(0, Math.max(0, plan.length - 1));
  const move = plan[at];
  const kind = random.int(0, 9);
  if (move === undefined || (kind === 0 && plan.length < GROWN_MOVES_MAX))
    return plan.toSpliced(random.int(0, plan.length), 0, randomMove(random, floods));
  if (kind === 1 && plan.length > 1) return plan.toSpliced(at, 1);
  if (kind === 2) return random.shuffled(plan);
  return plan.with(at, changedMove(move, random, floods));
}

function changedMove(move: Move, random: Random, floods: boolean): Move {
  switch (random.int(0, 4)) {
    case 0:
      return { ...move, when: randomCondition(random) };
    case 1:
      return { ...move, who: randomWho(random) };
    case 2:
      return { ...move, action: randomAction(random, floods) };
    case 3:
      return { ...move, whom: randomWhom(random) };
    default:
      return { ...move, lasts: randomLasts(random) };
  }
}

const randomMove = (random: Random, floods: boolean): Move => ({
  when: randomCondition(random),
  who: randomWho(random),
  action: randomAction(random, floods),
  whom: randomWhom(random),
  lasts: randomLasts(random),
});

function randomCondition(random: Random): Condition {
  const kind = random.pick([...MEASURED, ...STATED]);
  const measured = MEASURED.find((each) => each === kind);
  return measured === undefined
    ? { kind: kind as (typeof STATED)[number] }
    : { kind: measured, value: random.pick(VALUES[measured]) };
}

/** Mostly all of them: alone they are few. */
const randomWho = (random: Random): Who =>
  random.chance(0.6) ? 'all' : random.chance(0.5) ? 'turn' : random.int(0, POSITIONS_MAX);

const randomWhom = (random: Random): Whom => (random.chance(0.8) ? random.pick(SETS) : random.int(0, POSITIONS_MAX));

const randomLasts = (random: Random): number | null => (random.chance(0.3) ? null : random.pick(LASTS));

function randomAction(random: Random, floods: boolean): Action {
  const kind = random.pick(floods ? ACTIONS : ACTIONS.filter((each) => each !== 'flood'));
  switch (kind) {
    case 'ask':
      return { kind, ahead: random.pick<Ahead>([1, 2, 3, 7, 'n', 'n', 'rank']) };
    case 'mute':
      return { kind, muted: random.shuffled(MUTED).slice(0, random.int(1, 2)) };
    case 'hold':
      return { kind, eighths: random.pick([1, 2, 4, 6, 7, 12, 24]) };
    case 'boast':
    case 'lag':
      return { kind, heights: random.pick([1, 2, 16, 1000]) };
    case 'flood':
      return { kind, flood: random.pick(FLOODS), rate: random.pick([1, 4, 16]) };
    case 'split':
    case 'replay':
    case 'starve':
      return { kind };
    default:
      return unreachable(kind);
  }
}
