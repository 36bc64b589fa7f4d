/** A plan being carried out: which of its moves are under way, and to whom. The whole coalition shares it. */
import type { ValidatorIndex } from '../../base/brand.ts';
import { unreachable } from '../../base/invariant.ts';
import type { Coalition } from '../coalition.ts';
import type { Action, Condition, Move, Plan, Who, Whom } from './plan.ts';

/** What somebody of the coalition has to do now. */
export interface Task {
  readonly action: Action;
  readonly to: ReadonlySet<ValidatorIndex>;
}

/** A move, and where it stands. */
class Progress {
  readonly move: Move;
  /** How often it has begun. */
  begun = 0;
  active = false;
  /** Whether the condition held at the last tick. */
  held = false;
  /** Tick at which it is over at the latest. */
  untilTick = 0;
  endedAt = -1;
  /** Since it began: those whose turn it is may be others by the time it ends. */
  to: ReadonlySet<ValidatorIndex> = new Set();

  constructor(move: Move) {
    this.move = move;
  }
}

export class Plot {
  readonly #coalition: Coalition;
  readonly #moves: readonly Progress[];
  /** Validators that were lost at the last tick. */
  #lost: readonly ValidatorIndex[] = [];
  #healed = false;

  constructor(coalition: Coalition, plan: Plan) {
    this.#coalition = coalition;
    this.#moves = plan.map((move) => new Progress(move));
  }

  /** A tick of the coalition: moves begin and end. */
  advance(): void {
    const { lost } = this.#coalition;
    this.#healed = this.#lost.some((validator) => !lost.includes(validator));
    this.#lost = lost;
    for (const [position, progress] of this.#moves.entries()) this.#advance(position, progress);
  }

  tasksOf(member: ValidatorIndex): readonly Task[] {
    const { members } = this.#coalition;
    const position = members.indexOf(member);
    return this.#moves.flatMap(({ active, begun, move, to }) =>
      active && isFor(move.who, position, begun - 1, members.length) ? [{ action: move.action, to }] : [],
    );
  }

  #advance(position: number, progress: Progress): void {
    const { now, genesis } = this.#coalition;
    const { when, lasts, whom } = progress.move;
    const holds = this.#holds(when, position);
    const wasActive = progress.active;
    const isOver = progress.begun === 0 || now >= progress.untilTick;
    const rises = holds && (!progress.held || (isOver && lasts !== null && isState(when)));
    progress.held = holds;
    if (rises) {
      progress.begun += 1;
      progress.untilTick = now + (lasts ?? (isMoment(when) ? 1 : 0)) * genesis.consensus.baseTimeoutTicks;
    }
    progress.active = lasts === null && !isMoment(when) ? holds : progress.begun > 0 && now < progress.untilTick;
    if (wasActive && !progress.active) progress.endedAt = now;
    // Who is alone, or primary, changes while it goes on; whose turn it is does not.
    if (progress.active) progress.to = new Set(this.#targets(whom, progress.begun - 1));
  }

  #holds(condition: Condition, position: number): boolean {
    const coalition = this.#coalition;
    const base = coalition.genesis.consensus.baseTimeoutTicks;
    switch (condition.kind) {
      case 'always':
        return true;
      case 'at':
        return coalition.now >= condition.value * base;
      case 'every': {
        const period = Math.max(1, Math.round(condition.value * base));
        // The first half of each period, but the first period: a moment that does not come would never rise again.
        return coalition.now >= period && coalition.now % period < Math.ceil(period / 2);
      }
      case 'height':
        return coalition.height >= condition.value;
      case 'edge':
        return coalition.left <= condition.value;
      case 'view':
        return coalition.view >= condition.value;
      case 'calm':
        return coalition.calm;
      case 'stuck':
        return coalition.stuckTicks > base;
      case 'alone':
        return coalition.lone.length > 0;
      case 'primary':
        return coalition.members.includes(coalition.primary);
      case 'short':
        return coalition.short;
      case 'fault':
        return coalition.lost.length > 0;
      case 'healed':
        return this.#healed;
      case 'after': {
        const before = this.#moves[position - 1];
        return before !== undefined && before.endedAt === coalition.now;
      }
      default:
        return unreachable(condition);
    }
  }

  #targets(whom: Whom, turn: number): readonly ValidatorIndex[] {
    const { honest, audience, lone, primary, nextPrimary } = this.#coalition;
    const at = (index: number): readonly ValidatorIndex[] => {
      const one = honest[index % Math.max(1, honest.length)];
      return one === undefined ? [] : [one];
    };
    if (typeof whom === 'number') return at(whom);
    switch (whom) {
      case 'all':
        return audience;
      case 'half':
        return honest.filter((validator) => validator % 2 === 1);
      case 'turn':
        return at(turn);
      case 'lone':
        return lone;
      case 'others':
        return audience.filter((validator) => !lone.includes(validator));
      case 'primary':
        return honest.filter((validator) => validator === primary);
      case 'next':
        return honest.filter((validator) => validator === nextPrimary);
      default:
        return unreachable(whom);
    }
  }
}

/** Those that a move follows for a while, however long they hold. */
const isMoment = ({ kind }: Condition): boolean =>
  kind === 'at' || kind === 'every' || kind === 'healed' || kind === 'after';

/** Those that come and go, and bring about a move again and again. */
const isState = (when: Condition): boolean => !isMoment(when) && when.kind !== 'height' && when.kind !== 'view';

function isFor(who: Who, position: number, turn: number, size: number): boolean {
  if (who === 'all') return true;
  return position === (who === 'turn' ? turn : who) % Math.max(1, size);
}
