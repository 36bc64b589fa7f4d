/**
 * How long liars can stop commits (SPEC.md, "How long liars can stop commits"): while nothing fails but them, no pause is longer
 * than the base timeout and those of the liars' turns in a row, no epoch sees more views than their turns and one for each, and
 * in view v of an honest primary bodies are slow for 4 (v + 1) base timeouts at most.
 */
import type { Epoch, View } from '../../base/brand.ts';
import { present } from '../../base/invariant.ts';
import { type Epochs, type KnownEpoch, primaryOf } from '../../ledger/epoch.ts';
import type { Genesis } from '../../ledger/genesis.ts';
import { SLOW_PART, STRANDED_TIMEOUTS } from '../../consensus/limits.ts';
import { isWeakQuorum, powerOf, scheduled, type ValidatorSet } from '../../ledger/validators.ts';
import type { Checker, Violate } from '../world/checker.ts';
import type { SimulatedNode } from '../world/node.ts';
import type { Scheduler } from '../world/scheduler.ts';

interface World {
  readonly genesis: Genesis;
  readonly epochs: Epochs;
  readonly newestEpoch: KnownEpoch;
  readonly scheduler: Scheduler;
  readonly nodes: readonly SimulatedNode[];
  /** Whether nothing is wrong with any honest node, or with a wire between two of them. */
  isCalm(): boolean;
  /** Faults that began or ended so far. */
  readonly troubles: number;
  /** Of a healthy wire. */
  readonly links: { readonly latencyMs: number; readonly jitterMs: number };
}

/** The bound is for messages that take a small part of the base timeout: this part at most. */
const PROMPT_PART = 1 / 24;

/** How often the world is looked at. */
const LOOK_MS = 250;
/** For what a pause takes beside timeouts: messages on their way, STATUS, FETCH, and that we look now and then only. */
const ALLOWANCE_MS = 2000;

export function stall(world: World, violate: Violate): Checker {
  const { scheduler } = world;
  const watch = new Watch(world);
  const look = (): void => {
    const said = watch.look();
    if (said !== null) violate(said);
    scheduler.after(LOOK_MS, look);
  };
  scheduler.after(LOOK_MS, look);
  return {
    name: 'stall',
    finalized: (node, { record }) => watch.finalized(node, record.header.height),
    noted(node, note) {
      const epoch = node.driver?.status().epoch;
      if (note.kind !== 'view-change-started' || !node.isHonest || epoch === undefined || !watch.isCalmIn(epoch))
        return;
      const { liars, turns } = liarsOf(world, epoch, note.view);
      if (note.view > liars + turns)
        violate(
          `node ${node.slot} asks for view ${note.view} of epoch ${epoch}, after ${turns} turns of ${liars} liars and no fault`,
        );
    },
  };
}

/** How many validators are faulty, and how many of the views below this one are theirs. */
function liarsOf({ epochs, nodes }: World, epoch: Epoch, view: View): { liars: number; turns: number } {
  const faulty = faultyOf(nodes);
  const known = present(epochs.of(epoch), 'the epoch of a node');
  let turns = 0;
  for (let each = 0; each < view; each++) if (faulty.has(primaryOf(known, each as View))) turns += 1;
  return { liars: faulty.size, turns };
}

const faultyOf = (nodes: readonly SimulatedNode[]): ReadonlySet<number> =>
  new Set(nodes.flatMap(({ validator, isHonest }) => (validator === null || isHonest ? [] : [validator])));

/** With a third of the power faulty nothing is promised. */
const isMinority = (validators: ValidatorSet, faulty: ReadonlySet<number>): boolean =>
  !isWeakQuorum(validators, powerOf(validators, faulty));

class Watch {
  readonly #world: World;
  #calm = false;
  #troubles = 0;
  /** The first height that became final while all was calm; null before. */
  #settledAt: number | null = null;
  #height = 0;
  /** Since when something waits everywhere, and no block has become final. */
  #waitingMs: number | null = null;
  /** How long an honest primary's bodies of one view were slow, in all. */
  readonly #slow = { epoch: -1, view: -1, ms: 0 };
  #told = false;

  constructor(world: World) {
    this.#world = world;
  }

  /** Calm before the epoch's first block, and since. */
  isCalmIn(epoch: Epoch): boolean {
    const isCalm = this.#calm && this.#troubles === this.#world.troubles && this.#world.isCalm();
    const known = this.#world.epochs.of(epoch);
    return isCalm && known !== undefined && this.#settledAt !== null && this.#settledAt < known.firstHeight;
  }

  finalized({ isHonest }: SimulatedNode, height: number): void {
    if (!isHonest || height <= this.#height) return;
    this.#height = height;
    this.#waitingMs = null;
    if (this.#calm) this.#settledAt ??= height;
  }

  /** A sentence when the pause is too long, once. */
  look(): string | null {
    const { scheduler, genesis, newestEpoch, troubles, nodes, links } = this.#world;
    const { baseTimeoutTicks, tickMs } = genesis.consensus;
    const isPrompt = links.latencyMs + links.jitterMs <= PROMPT_PART * baseTimeoutTicks * tickMs;
    const isCalm = this.#world.isCalm() && this.#troubles === troubles;
    this.#calm = isCalm && isPrompt && isMinority(newestEpoch.validators, faultyOf(nodes));
    this.#troubles = troubles;
    if (!this.#calm) this.#settledAt = null;
    if (this.#settledAt === null || !this.#isWaitedFor()) {
      this.#waitingMs = null;
      return null;
    }
    this.#waitingMs ??= scheduler.nowMs;
    const pauseMs = scheduler.nowMs - this.#waitingMs;
    return this.#lookAtPause(pauseMs) ?? this.#lookAtSlowness(pauseMs);
  }

  #lookAtPause(pauseMs: number): string | null {
    const { baseTimeoutTicks, tickMs } = this.#world.genesis.consensus;
    // To find the bound takes longer than to look.
    if (this.#told || pauseMs <= baseTimeoutTicks * tickMs) return null;
    const boundMs = longestPauseMs(this.#world) + ALLOWANCE_MS;
    if (pauseMs <= boundMs) return null;
    this.#told = true;
    return `no block for ${(pauseMs / 1000).toFixed(1)} s after height ${this.#height}, the bound is ${boundMs / 1000} s`;
  }

  #lookAtSlowness(pauseMs: number): string | null {
    const { genesis, epochs, nodes } = this.#world;
    const baseMs = genesis.consensus.baseTimeoutTicks * genesis.consensus.tickMs;
    if (this.#told || pauseMs <= SLOW_PART * baseMs) return null;
    const honest = nodes.flatMap(({ isHonest, driver }) => (isHonest && driver !== null ? [driver.status()] : []));
    const epoch = Math.max(...honest.map((status) => status.epoch)) as Epoch;
    const faulty = faultyOf(nodes);
    const known = epochs.of(epoch);
    const isHonests = (view: number): boolean => known !== undefined && !faulty.has(primaryOf(known, view as View));
    const active = honest.filter((status) => status.epoch === epoch && status.active && isHonests(status.view));
    if (active.length === 0 || !this.isCalmIn(epoch)) return null;
    const view = Math.max(...active.map((status) => status.view));
    if (this.#slow.epoch !== epoch || this.#slow.view !== view) Object.assign(this.#slow, { epoch, view, ms: 0 });
    this.#slow.ms += LOOK_MS;
    // More slow ticks are borne with each view that was left before \(V16\), and at the end comes a pause.
    const boundMs = (STRANDED_TIMEOUTS * (view + 1) + 1) * baseMs + ALLOWANCE_MS;
    if (this.#slow.ms <= boundMs) return null;
    this.#told = true;
    return `view ${view} of epoch ${epoch}, of an honest primary, was slow for ${this.#slow.ms / 1000} s in all, the bound is ${boundMs / 1000} s`;
  }

  #isWaitedFor(): boolean {
    return this.#world.nodes.every(
      ({ isHonest, validator, driver }) => !isHonest || validator === null || driver?.status().waiting === true,
    );
  }
}

/** Longest pause that liars can bring about, in milliseconds: a base timeout, and those of the longest run of their turns, of
 *  which each doubles the one before. */
export function longestPauseMs({
  genesis,
  nodes,
  newestEpoch: { validators },
}: Pick<World, 'genesis' | 'nodes' | 'newestEpoch'>): number {
  const { baseTimeoutTicks, timeoutCapTicks, tickMs } = genesis.consensus;
  const faulty = faultyOf(nodes);
  const cycle = Math.min(Number(validators.total), MAX_CYCLE);
  let longest = 0;
  let run = 0;
  // Twice around: a run may go over the end.
  for (let turn = 0; turn < 2 * cycle; turn++) {
    run = faulty.has(scheduled(validators, BigInt(turn))) ? run + 1 : 0;
    longest = Math.max(longest, run);
  }
  let ticks = baseTimeoutTicks;
  for (let failed = 0; failed < longest; failed++) ticks += Math.min(baseTimeoutTicks * 2 ** failed, timeoutCapTicks);
  return ticks * tickMs;
}

/** Turns of the schedule that are looked at. */
const MAX_CYCLE = 512;
