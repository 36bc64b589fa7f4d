/**
 * The private double spend: pay, mine in secret from the block before the payment a branch in which the money goes elsewhere, wait
 * until the payment has its confirmations and the goods are here, publish.
 * Source: Nakamoto 2008, section 11; Rosenfeld 2014.
 */
import { MISSED_SUCCESSES_MAX } from './risk-limits.ts';
import type { BlockTree } from './tree.ts';
import { WithheldBranch, type WithholdingMiner } from './withheld.ts';

/** Begins at the tip that it finds: the payment stands in the first block that others find there, or in none where no
 *  confirmations are asked for. */
export class DoubleSpender<Id> implements WithholdingMiner<Id> {
  readonly #tree: BlockTree<Id>;
  readonly #branch: WithheldBranch<Id>;
  /** Of the best chain when the payment has its confirmations. */
  readonly #confirmedHeight: number;

  constructor(tree: BlockTree<Id>, confirmations: number) {
    this.#tree = tree;
    this.#branch = new WithheldBranch(tree.tip);
    this.#confirmedHeight = tree.tip.height + confirmations;
  }

  get head(): Id {
    return this.#branch.head;
  }

  /** Blocks that its branch has less than the best one; negative when it has more. */
  get behind(): number {
    return this.#tree.tip.height - this.#branch.height;
  }

  found(id: Id): readonly Id[] {
    this.#branch.extend(id);
    return this.#release();
  }

  heard(): readonly Id[] {
    return this.#release();
  }

  /** Publishes where the branches are equal too. It need not, since others stay with what they saw first. But it loses nothing:
   *  the others mine on their own branch as before. So it is fork choice that says who won, and not the attacker. */
  #release(): readonly Id[] {
    const isConfirmed = this.#tree.tip.height >= this.#confirmedHeight;
    return isConfirmed && this.behind <= 0 ? this.#branch.publish() : [];
  }
}

/**
 * How many blocks behind an attacker gives up, so that it misses MISSED_SUCCESSES_MAX of so many races at most. From d blocks behind
 * it comes to be ahead with chance (q/p)^(d+1) (Nakamoto 2008, section 11: gambler's ruin). A measured chance is too low by that,
 * divided by the races. From one half on it never gives up.
 */
export function givesUpBehind(share: number, races: number): number {
  if (share >= 0.5) return Infinity;
  if (share === 0) return 1;
  const missed = Math.min(1, MISSED_SUCCESSES_MAX / races);
  return Math.max(1, Math.ceil(Math.log(missed) / Math.log(share / (1 - share))) - 1);
}
