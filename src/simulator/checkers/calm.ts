/** Since when nothing is wrong but liars: what checkers hold against nobody before. */
import type { Genesis } from '../../ledger/genesis.ts';
import type { SimulatedNode } from '../world/node.ts';

/** A network whose messages take longer than this part of the base timeout gives nobody time enough. */
const SLOW_PART = 1 / 8;

export interface CalmWorld {
  readonly genesis: Genesis;
  readonly nodes: readonly SimulatedNode[];
  /** Of a healthy wire. */
  readonly links: { readonly latencyMs: number };
  readonly scheduler: { readonly nowMs: number };
  /** Whether nothing is wrong with any honest node, or with a wire between two of them. */
  isCalm(): boolean;
  /** Faults that began or ended so far. */
  readonly troubles: number;
}

export class Calm {
  readonly #world: CalmWorld;
  #troubles = 0;
  #sinceMs: number;

  constructor(world: CalmWorld) {
    this.#world = world;
    this.#sinceMs = world.scheduler.nowMs;
  }

  /** Infinity while something is wrong. A fault that nobody asked about counts from when somebody does. */
  sinceMs(): number {
    const { nodes, scheduler, troubles, links, genesis } = this.#world;
    const { baseTimeoutTicks, tickMs } = genesis.consensus;
    // A node with a damaged disk is one more that is faulty, beside the liars: together they may be too many.
    const isFine = this.#world.isCalm() && nodes.every(({ isLiar, isHonest }) => isLiar || isHonest);
    const isSlow = links.latencyMs > SLOW_PART * baseTimeoutTicks * tickMs;
    if (!isFine || isSlow) this.#sinceMs = Number.POSITIVE_INFINITY;
    else if (this.#troubles !== troubles || this.#sinceMs === Number.POSITIVE_INFINITY) this.#sinceMs = scheduler.nowMs;
    this.#troubles = troubles;
    return this.#sinceMs;
  }
}
