/**
 * What liars agreed on beforehand, as data: a plan is a list of moves, each of them when, who of them does what, to whom, and
 * for how long. One move is one primitive lie; together they can be an attack. A plan has a text, by which it is kept,
 * printed, and given to `trefoil simulate --plan`:
 *
 *     calm by turn ask n to turn for 6; alone by all mute all to all
 */
import { unreachable } from '../../base/invariant.ts';
import { fail, ok, type Result } from '../../base/result.ts';
import { Unreadable, Words } from '../../base/words.ts';

/** Conditions that a number belongs to: base timeouts since the start, or between two times; heights; heights up to the end
 *  of the epoch; views of it. */
export const MEASURED = ['at', 'every', 'height', 'edge', 'view'] as const;
/** And others: at all times; blocks come and all are in one view; none came for a base timeout; somebody honest is alone in a
 *  higher view; one of us is primary; a quorum lacks our votes alone; somebody honest is down or cut off, or has just come
 *  back; the move before has just ended. */
export const STATED = ['always', 'calm', 'stuck', 'alone', 'primary', 'short', 'fault', 'healed', 'after'] as const;

export type Condition =
  | { readonly kind: (typeof MEASURED)[number]; readonly value: number }
  | { readonly kind: (typeof STATED)[number] };

/** Messages that are kept back together. */
export const MUTED = [
  'all',
  'but-status',
  'votes',
  'prepare',
  'commit',
  'checkpoint',
  'pre-prepare',
  'view-change',
  'new-view',
  'status',
  'bodies',
  'blocks',
] as const;
export type Muted = (typeof MUTED)[number];

export const FLOODS = [
  'fetch-body',
  'fetch-blocks',
  'fetch-transactions',
  'transactions',
  'status',
  'vote',
  'view-change',
  'pre-prepare',
] as const;
export type Flood = (typeof FLOODS)[number];

/** How many views ahead: so many, as many as there are validators, or to each honest one another. */
export type Ahead = number | 'n' | 'rank';

export type Action =
  /** VIEW-CHANGEs to views ahead. */
  | { readonly kind: 'ask'; readonly ahead: Ahead }
  | { readonly kind: 'mute'; readonly muted: readonly Muted[] }
  /** Own votes come later, by so many eighths of a base timeout. */
  | { readonly kind: 'hold'; readonly eighths: number }
  /** Other bodies, and votes for them. */
  | { readonly kind: 'split' }
  /** Own messages of before, again. */
  | { readonly kind: 'replay' }
  /** Bodies and transactions come to these alone. */
  | { readonly kind: 'starve' }
  /** A STATUS of higher heights than ours, or of lower ones. */
  | { readonly kind: 'boast' | 'lag'; readonly heights: number }
  /** So many messages a tick. */
  | { readonly kind: 'flood'; readonly flood: Flood; readonly rate: number };

/** All of us, each in its turn, or the one at this position, counted round. */
export type Who = 'all' | 'turn' | number;

/** Of the honest: all; those of odd index; each in its turn; who is alone in a higher view; the others; the primary; the next
 *  one; or the one at a position, counted round. */
export const SETS = ['all', 'half', 'turn', 'lone', 'others', 'primary', 'next'] as const;
export type Whom = (typeof SETS)[number] | number;

export interface Move {
  readonly when: Condition;
  readonly who: Who;
  readonly action: Action;
  readonly whom: Whom;
  /** Base timeouts, and again while the condition holds; null: as long as it does. */
  readonly lasts: number | null;
}

export type Plan = readonly Move[];

export interface PlanError {
  readonly code: 'MALFORMED_PLAN';
  readonly message: string;
}

/** More would be a flood of its own: each move is asked at each message. */
export const MOVES_MAX = 16;
const RATE_MAX = 256;

export const formatPlan = (plan: Plan): string => plan.map(formatMove).join('; ');

function formatMove({ when, who, action, whom, lasts }: Move): string {
  const condition = 'value' in when ? `${when.kind} ${when.value}` : when.kind;
  const target = typeof whom === 'number' ? `v${whom}` : whom;
  return `${condition} by ${who} ${formatAction(action)} to ${target}${lasts === null ? '' : ` for ${lasts}`}`;
}

function formatAction(action: Action): string {
  switch (action.kind) {
    case 'ask':
      return `ask ${action.ahead}`;
    case 'mute':
      return `mute ${action.muted.join(',')}`;
    case 'hold':
      return `hold ${action.eighths}`;
    case 'boast':
    case 'lag':
      return `${action.kind} ${action.heights}`;
    case 'flood':
      return `flood ${action.flood} ${action.rate}`;
    case 'split':
    case 'replay':
    case 'starve':
      return action.kind;
    default:
      return unreachable(action);
  }
}

export function parsePlan(text: string): Result<Plan, PlanError> {
  const moves = text.split(';').map((move) => move.trim());
  if (moves.length > MOVES_MAX) return fail('MALFORMED_PLAN', `a plan has at most ${MOVES_MAX} moves`);
  const plan: Move[] = [];
  for (const move of moves) {
    try {
      const words = new Words(move);
      plan.push(readMove(words));
      words.end();
    } catch (error) {
      if (error instanceof Unreadable) return fail('MALFORMED_PLAN', `${move}: ${error.message}`);
      throw error;
    }
  }
  return ok(plan);
}

/** Throws Unreadable. */
export function readMove(words: Words): Move {
  const kind = words.oneOf(...MEASURED, ...STATED);
  const measured = MEASURED.find((each) => each === kind);
  const when: Condition =
    measured === undefined ? { kind: kind as (typeof STATED)[number] } : { kind: measured, value: decimal(words) };
  words.oneOf('by');
  const who = words.has('all') ? 'all' : words.has('turn') ? 'turn' : words.whole('which of the liars');
  const action = readAction(words);
  words.oneOf('to');
  const whom = readWhom(words);
  const lasts = words.has('for') ? decimal(words) : null;
  return { when, who, action, whom, lasts };
}

function readAction(words: Words): Action {
  const kind = words.oneOf('ask', 'mute', 'hold', 'split', 'replay', 'starve', 'boast', 'lag', 'flood');
  switch (kind) {
    case 'ask':
      return { kind, ahead: words.has('n') ? 'n' : words.has('rank') ? 'rank' : words.whole('how many views') };
    case 'mute':
      return {
        kind,
        muted: words
          .take('what is kept back')
          .split(',')
          .map((each) => oneOf(MUTED, each)),
      };
    case 'hold':
      return { kind, eighths: words.whole('how long') };
    case 'boast':
    case 'lag':
      return { kind, heights: words.whole('how many heights') };
    case 'flood':
      return { kind, flood: oneOf(FLOODS, words.take('what of')), rate: Math.min(RATE_MAX, words.whole('how much')) };
    case 'split':
    case 'replay':
    case 'starve':
      return { kind };
    default:
      return unreachable(kind);
  }
}

function readWhom(words: Words): Whom {
  const word = words.take('whom');
  const position = /^v([0-9]{1,3})$/.exec(word)?.[1];
  return position === undefined ? oneOf(SETS, word) : Number(position);
}

function oneOf<T extends string>(list: readonly T[], word: string): T {
  const found = list.find((each) => each === word);
  if (found === undefined) throw new Unreadable(`no '${word}'; there are ${list.join(', ')}`);
  return found;
}

/** Two places at most, so that its text is exact. */
function decimal(words: Words): number {
  const word = words.take('a number');
  if (!/^[0-9]{1,6}(\.[0-9]{1,2})?$/.test(word)) throw new Unreadable(`'${word}' is no number with two places at most`);
  return Number(word);
}
