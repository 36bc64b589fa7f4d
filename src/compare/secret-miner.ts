/**
 * Who mines in secret to take back what others think is final (Nakamoto 2008, section 11): from the tip on, on a branch of its
 * own, until that is longer than the public one and enough blocks of the public one would be undone. Too far behind, it gives up
 * and begins again at the tip.
 */
import type { PowBlock } from '../pow/block.ts';

/** Blocks behind at which the chance is not worth the work any more. */
const GIVE_UP = 6;

interface Decision {
  readonly publish: readonly PowBlock[];
  /** Blocks of others, which its own node has not seen yet. */
  readonly follow: readonly PowBlock[];
}

const WAIT: Decision = { publish: [], follow: [] };

export class SecretMiner {
  /** Blocks of the public branch that have to be undone. */
  readonly #depth: number;
  readonly #heard = new Map<string, PowBlock>();
  #own: PowBlock[] = [];
  /** Height from which both branches grow. */
  #from = 0;
  #publicHeight = 0;

  constructor(depth: number) {
    this.#depth = depth;
  }

  found(block: PowBlock): void {
    this.#own.push(block);
  }

  heard(block: PowBlock): void {
    this.#heard.set(block.id, block);
    this.#publicHeight = Math.max(this.#publicHeight, block.coinbase.height);
  }

  decide(): Decision {
    const secretHeight = this.#from + this.#own.length;
    const isLonger = secretHeight > this.#publicHeight;
    if (isLonger && this.#publicHeight - this.#from >= this.#depth) return this.#begin(this.#own, secretHeight);
    return this.#publicHeight - secretHeight > GIVE_UP ? this.#begin([], this.#publicHeight) : WAIT;
  }

  #begin(publish: readonly PowBlock[], from: number): Decision {
    const follow = [...this.#heard.values()];
    this.#heard.clear();
    this.#own = [];
    this.#from = from;
    this.#publicHeight = from;
    return { publish, follow };
  }
}
