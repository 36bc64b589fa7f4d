/**
 * What liars know together: all of one simulation share a coalition, which hears what each of them hears. It knows where the
 * honest stand, as far as they say so to any liar, and from it tells the moments at which a lie may count.
 */
import { ForgetfulMap } from '../base/bounded.ts';
import type { Epoch, Height, ValidatorIndex, View } from '../base/brand.ts';
import { present } from '../base/invariant.ts';
import type { Status } from '../consensus/messages.ts';
import type { Outgoing, StrategyContext, StrategyFactory } from '../driver/wire/strategy.ts';
import type { PeerMessage } from '../driver/wire/wire.ts';
import { type Epochs, type KnownEpoch, primaryOf } from '../ledger/epoch.ts';
import type { Genesis } from '../ledger/genesis.ts';
import { isQuorum, isWeakQuorum, placesIn, powerOf, type ValidatorSet } from '../ledger/validators.ts';
import type { SignedVote, Vote } from '../ledger/vote.ts';
import type { Plan } from './plans/plan.ts';

/** Where a validator stands, by its own words. */
interface Standing {
  readonly epoch: Epoch;
  readonly view: View;
  readonly height: Height;
  /** Tick at which it last said something. */
  readonly heardAt: number;
}

/** Of PREPAREs and COMMITs, the newest are kept. */
const BALLOTS_MAX = 512;
/** Base timeouts of silence that are no accident: the honest send STATUS at least once in each. */
const SILENCE = 1.5;
/** In a view change some are first by less than this part of a base timeout. */
const STRAGGLE = 0.25;

/** One kind of vote for one body, in one place. */
const ballotOf = ({ kind, epoch, view, height, hash }: Vote): string => `${kind}/${epoch}/${view}/${height}/${hash}`;

/** What the coalition lies about. */
interface Chain {
  readonly genesis: Genesis;
  readonly epochs: Epochs;
}

export class Coalition {
  readonly genesis: Genesis;
  /** Ticks that the liar was given which was given most. */
  now = 0;
  /** What was agreed on for this run; null where nothing was. */
  plan: Plan | null = null;
  readonly #epochs: Epochs;
  /** The newest epoch that somebody said to be in. */
  #reached: KnownEpoch;
  readonly #members = new Set<ValidatorIndex>();
  readonly #ticks = new Map<ValidatorIndex, number>();
  readonly #standings = new Map<ValidatorIndex, Standing>();
  readonly #ballots = new ForgetfulMap<string, Set<ValidatorIndex>>(BALLOTS_MAX);
  /** Since which tick an honest one has been in a higher view than most. */
  readonly #aheadSince = new Map<ValidatorIndex, number>();
  #newest: Vote | null = null;
  /** The highest block, and when it came. */
  #grown = { height: 0, atTick: 0 };

  constructor({ genesis, epochs }: Chain) {
    this.genesis = genesis;
    this.#epochs = epochs;
    this.#reached = present(epochs.of(0 as Epoch), 'the first epoch');
  }

  get validators(): ValidatorSet {
    return this.#reached.validators;
  }

  /** By slot: all observers count as the validator after the last. */
  recruit(liar: number): void {
    this.#members.add(Math.min(liar, placesIn(this.validators)) as ValidatorIndex);
  }

  /** By index; observers come last. */
  get members(): readonly ValidatorIndex[] {
    return [...this.#members].sort((a, b) => a - b);
  }

  /** Validators that are not of the coalition, by index. */
  get honest(): readonly ValidatorIndex[] {
    return this.validators.members.map(({ index }) => index).filter((index) => !this.#members.has(index));
  }

  /** All that can be told something: the honest, and whoever watches. */
  get audience(): readonly ValidatorIndex[] {
    return [...this.honest, placesIn(this.validators) as ValidatorIndex];
  }

  /** True when time has passed for the coalition, not only for this one of it. */
  tick(member: ValidatorIndex): boolean {
    const ticks = (this.#ticks.get(member) ?? 0) + 1;
    this.#ticks.set(member, ticks);
    if (ticks <= this.now) return false;
    this.now = ticks;
    const { view, height } = this;
    if (height > this.#grown.height) this.#grown = { height, atTick: ticks };
    const ahead = this.#here().flatMap(([index, standing]) => (standing.view > view ? [index] : []));
    for (const index of this.honest)
      if (!ahead.includes(index)) this.#aheadSince.delete(index);
      else if (!this.#aheadSince.has(index)) this.#aheadSince.set(index, ticks);
    return true;
  }

  /** One of the coalition got a message, or says so of itself. */
  hear(from: ValidatorIndex, message: Outgoing['message'] | PeerMessage): void {
    if (message.kind === 'status') return this.#stands(from, message.status);
    if (message.kind === 'view-change') {
      const { voter, epoch, view } = message.viewChange.viewChange;
      if (voter === from) this.#moves(from, epoch, view);
    }
    if (message.kind === 'vote' || message.kind === 'pre-prepare') this.#votes(message.vote);
  }

  #stands(validator: ValidatorIndex, { epoch, view, executedHeight: height }: Status): void {
    this.#reach(epoch);
    this.#standings.set(validator, { epoch, view, height, heardAt: this.now });
  }

  #moves(validator: ValidatorIndex, epoch: Epoch, view: View): void {
    const before = this.#standings.get(validator);
    if (before !== undefined && (before.epoch > epoch || (before.epoch === epoch && before.view >= view))) return;
    this.#reach(epoch);
    this.#standings.set(validator, { epoch, view, height: before?.height ?? (0 as Height), heardAt: this.now });
  }

  #reach(epoch: Epoch): void {
    if (epoch > this.#reached.epoch) this.#reached = this.#epochs.of(epoch) ?? this.#reached;
  }

  #votes({ vote, voter }: SignedVote): void {
    if (vote.kind === 'checkpoint') return;
    // The primary's PRE-PREPARE counts as its PREPARE.
    const ballot: Vote = vote.kind === 'pre-prepare' ? { ...vote, kind: 'prepare' } : vote;
    const key = ballotOf(ballot);
    const voters = this.#ballots.get(key) ?? new Set();
    if (!this.#ballots.has(key)) this.#ballots.set(key, voters);
    voters.add(voter);
    this.#newest = ballot;
  }

  /** The honest that have said where they stand in the newest epoch. */
  #here(): readonly (readonly [ValidatorIndex, Standing])[] {
    const all = this.honest.flatMap((index) => {
      const standing = this.#standings.get(index);
      return standing === undefined ? [] : [[index, standing] as const];
    });
    const epoch = Math.max(0, ...all.map(([, standing]) => standing.epoch));
    return all.filter(([, standing]) => standing.epoch === epoch);
  }

  get epoch(): Epoch {
    return (this.#here()[0]?.[1].epoch ?? 0) as Epoch;
  }

  /** Of the honest in the newest epoch, the highest view that at least half of them have reached. */
  get view(): View {
    const views = this.#here()
      .map(([, { view }]) => view)
      .sort((a, b) => b - a);
    return (views[Math.ceil(views.length / 2) - 1] ?? 0) as View;
  }

  /** The highest that an honest one executed. */
  get height(): Height {
    return Math.max(0, ...this.#here().map(([, { height }]) => height)) as Height;
  }

  /** Heights up to the end of the epoch. */
  get left(): number {
    const next = this.#epochs.at((this.height + 1) as Height) ?? this.#reached;
    return next.lastHeight - this.height;
  }

  get primary(): ValidatorIndex {
    return this.#primaryOf(this.view);
  }

  get nextPrimary(): ValidatorIndex {
    return this.#primaryOf((this.view + 1) as View);
  }

  #primaryOf(view: View): ValidatorIndex {
    return primaryOf(this.#epochs.of(this.epoch) ?? this.#reached, view);
  }

  /** Blocks come, and nobody honest is in another view than the others. */
  get calm(): boolean {
    const { view } = this;
    return (
      this.stuckTicks <= 2 * this.genesis.consensus.baseTimeoutTicks &&
      this.#here().every(([, standing]) => standing.view === view)
    );
  }

  /** Since the last block. */
  get stuckTicks(): number {
    return this.now - this.#grown.atTick;
  }

  /** Honest ones that have been in a higher view than the others for a while, too few to be joined. */
  get lone(): readonly ValidatorIndex[] {
    const whileAgo = this.now - STRAGGLE * this.genesis.consensus.baseTimeoutTicks;
    const ahead = [...this.#aheadSince].flatMap(([index, since]) => (since <= whileAgo ? [index] : []));
    return isWeakQuorum(this.validators, powerOf(this.validators, ahead)) ? [] : ahead;
  }

  /** Honest ones that nobody has heard for so long that they are down or cut off. */
  get lost(): readonly ValidatorIndex[] {
    const longest = SILENCE * this.genesis.consensus.baseTimeoutTicks;
    return this.honest.filter((index) => this.now - (this.#standings.get(index)?.heardAt ?? 0) > longest);
  }

  /** The PREPARE or COMMIT that came last. */
  get newest(): Vote | null {
    return this.#newest;
  }

  /** The newest vote that came is of a ballot that only lacks the coalition's votes. */
  get short(): boolean {
    if (this.#newest === null) return false;
    const voters = [...(this.#ballots.get(ballotOf(this.#newest)) ?? [])].filter((voter) => !this.#members.has(voter));
    return !this.#isQuorum(voters) && this.#isQuorum([...voters, ...this.#members]);
  }

  /** How many of the coalition, by index, a quorum needs beside the honest that are there and in one view. */
  get needed(): number {
    const away = new Set([...this.lost, ...this.lone]);
    const there = this.honest.filter((validator) => !away.has(validator));
    const { members } = this;
    let needed = 0;
    while (needed < members.length && !this.#isQuorum([...there, ...members.slice(0, needed)])) needed += 1;
    return needed;
  }

  #isQuorum(validators: readonly ValidatorIndex[]): boolean {
    return isQuorum(this.validators, powerOf(this.validators, validators));
  }
}

/** Nodes of one simulation share its genesis, and those of no other. A liar on a real network is a coalition by itself. */
const coalitions = new WeakMap<Genesis, Coalition>();

export function coalitionOf(chain: Chain): Coalition {
  const coalition = coalitions.get(chain.genesis) ?? new Coalition(chain);
  coalitions.set(chain.genesis, coalition);
  return coalition;
}

/** What one of the coalition does. */
export interface Part {
  outgoing(message: Outgoing): readonly Outgoing[];
  /** `passed`: for the whole coalition, and not only for this one of it. */
  tick?(passed: boolean): readonly Outgoing[];
}

/** A liar that tells its coalition all it hears, and where it stands. */
export const colluding =
  (name: string, partOf: (context: StrategyContext, coalition: Coalition) => Part): StrategyFactory =>
  (context) => {
    const coalition = coalitionOf(context);
    coalition.recruit(context.self);
    const part = partOf(context, coalition);
    return {
      name,
      incoming: (from, message) => coalition.hear(from, message),
      outgoing: (message) => part.outgoing(message),
      tick() {
        const passed = coalition.tick(context.self);
        return part.tick?.(passed) ?? [];
      },
    };
  };
