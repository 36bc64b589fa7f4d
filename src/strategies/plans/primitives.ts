/** Primitive lies: what becomes of a message that the honest replica sends, while a move of a plan is under way. */
import type { ForgetfulMap } from '../../base/bounded.ts';
import type { Hash, Height, ValidatorIndex } from '../../base/brand.ts';
import { unreachable } from '../../base/invariant.ts';
import type { Outgoing, StrategyContext } from '../../driver/wire/strategy.ts';
import { encodePeerMessage, type PeerMessage } from '../../driver/wire/wire.ts';
import { bodyHash } from '../../ledger/block.ts';
import { otherHash, ownVote, placeOf, resign } from '../lies.ts';
import type { Action, Muted } from './plan.ts';
import type { Task } from './plot.ts';

/** Messages that a liar remembers, and keeps back, at most. */
const PAST_MAX = 256;
const HELD_MAX = 4096;

type Said = Outgoing & { readonly message: PeerMessage };

export class Primitives {
  readonly #context: StrategyContext;
  /** By place, the body that those hear of who are told another; the coalition's. */
  readonly #stories: ForgetfulMap<string, Hash>;
  readonly #past: Uint8Array[] = [];
  readonly #held: { readonly outgoing: Outgoing; readonly dueTick: number }[] = [];
  #count = 0;

  constructor(context: StrategyContext, stories: ForgetfulMap<string, Hash>) {
    this.#context = context;
    this.#stories = stories;
  }

  /** One message of the honest replica, through all tasks of the moment. */
  say(honest: Outgoing, tasks: readonly Task[], now: number): readonly Outgoing[] {
    const { message } = honest;
    if (message.kind === 'bytes') return [honest];
    let said: readonly Outgoing[] = [honest];
    for (const { action, to } of tasks) {
      // Bodies come to these alone; every other lie is told to them.
      const concerns = (each: ValidatorIndex): boolean => to.has(each) !== (action.kind === 'starve');
      said = said.flatMap((each) =>
        each.message.kind === 'bytes' || !concerns(each.to)
          ? [each]
          : this.#lie(action, { to: each.to, message: each.message }, each, now),
      );
    }
    if (tasks.some(({ action }) => action.kind === 'replay') || this.#past.length === 0)
      this.#past[this.#count++ % PAST_MAX] = encodePeerMessage(message);
    return said;
  }

  /** What was kept back until now. */
  due(now: number): readonly Outgoing[] {
    let count = 0;
    while ((this.#held[count]?.dueTick ?? Number.POSITIVE_INFINITY) <= now) count += 1;
    return this.#held.splice(0, count).map(({ outgoing }) => outgoing);
  }

  /** `as` is the same message, by its identity the honest replica's where nothing changed it. */
  #lie(action: Action, { to, message }: Said, as: Outgoing, now: number): readonly Outgoing[] {
    switch (action.kind) {
      case 'mute':
        return action.muted.some((kind) => isMuted(kind, message)) ? [] : [as];
      case 'hold':
        return this.#hold(as, action.eighths, now);
      case 'split':
        return this.#split({ to, message }, as);
      case 'replay': {
        const old = this.#past[(this.#count * 31) % Math.max(1, this.#past.length)];
        return message.kind === 'status' && old !== undefined
          ? [as, { to, message: { kind: 'bytes', bytes: old } }]
          : [as];
      }
      case 'starve':
        if (message.kind === 'pre-prepare') return [{ to, message: { kind: 'vote', vote: message.vote } }];
        return message.kind === 'body' || message.kind === 'transactions' ? [] : [as];
      case 'boast':
      case 'lag':
        return message.kind === 'status' ? [claim(to, message, action)] : [as];
      case 'ask':
      case 'flood':
        return [as];
      default:
        return unreachable(action);
    }
  }

  #hold(outgoing: Outgoing, eighths: number, now: number): readonly Outgoing[] {
    const { message } = outgoing;
    if (message.kind === 'bytes' || ownVote(this.#context, message) === null) return [outgoing];
    if (this.#held.length >= HELD_MAX) return [];
    const { baseTimeoutTicks } = this.#context.genesis.consensus;
    const dueTick = now + Math.max(1, Math.round((eighths * baseTimeoutTicks) / 8));
    // One hold after another may be shorter: what is due first stands first.
    const position = this.#held.findLastIndex((each) => each.dueTick <= dueTick) + 1;
    this.#held.splice(position, 0, { outgoing, dueTick });
    return [];
  }

  #split({ to, message }: Said, as: Outgoing): readonly Outgoing[] {
    const vote = ownVote(this.#context, message);
    if (vote === null || vote.vote.kind === 'checkpoint') return [as];
    const place = placeOf(vote.vote);
    if (message.kind === 'pre-prepare') {
      const body = { ...message.body, timestampMs: message.body.timestampMs + 1 };
      const hash = bodyHash(body);
      this.#stories.set(place, hash);
      return [{ to, message: { kind: 'pre-prepare', vote: resign(this.#context, vote, { hash }), body } }];
    }
    const hash = this.#stories.get(place) ?? otherHash(vote.vote.hash);
    return [{ to, message: { kind: 'vote', vote: resign(this.#context, vote, { hash }) } }];
  }
}

function claim(
  to: ValidatorIndex,
  { status }: Extract<PeerMessage, { kind: 'status' }>,
  { kind, heights }: Extract<Action, { kind: 'boast' | 'lag' }>,
): Outgoing {
  const change = (height: Height): Height => Math.max(0, height + (kind === 'boast' ? heights : -heights)) as Height;
  const claimed = { stableHeight: change(status.stableHeight), executedHeight: change(status.executedHeight) };
  return { to, message: { kind: 'status', status: { ...status, ...claimed, slots: [] } } };
}

function isMuted(muted: Muted, message: PeerMessage): boolean {
  const kind = message.kind === 'vote' ? message.vote.vote.kind : message.kind;
  if (muted === 'all') return true;
  if (muted === 'but-status') return kind !== 'status';
  if (muted === 'votes') return kind === 'prepare' || kind === 'commit';
  return muted === 'bodies' ? kind === 'body' || kind === 'transactions' : kind === muted;
}
