/**
 * Selfish mining: withhold what is found, so that others waste their work on blocks that are orphaned later.
 * Source: Eyal & Sirer 2014, "Majority is not Enough: Bitcoin Mining is Vulnerable", in the sections "The Selfish-Mine Strategy" and
 * "Analysis". α: the pool's share of the hash power. γ: the share of
 * the others that mines on the pool's block where two equal branches are published.
 */
import type { BlockTree } from './tree.ts';
import { WithheldBranch, type WithholdingMiner } from './withheld.ts';

/** The pool's part of the blocks of the best chain, in the long run. α and γ from 0 to 1; from α = ½ on the pool has all of them.
 *  Source: the revenue of the pool, in "Analysis". */
export function selfishRevenue(alpha: number, gamma: number): number {
  if (alpha >= 0.5) return 1;
  const others = 1 - alpha;
  const gained = alpha * others ** 2 * (4 * alpha + gamma * (1 - 2 * alpha)) - alpha ** 3;
  return gained / (1 - alpha * (1 + (2 - alpha) * alpha));
}

/** From this share on the pool has more than its share of the blocks. Source: the threshold, in "Analysis". */
export const selfishThreshold = (gamma: number): number => (1 - gamma) / (3 - 2 * gamma);

/** The algorithm of "The Selfish-Mine Strategy". Its Δ is the pool's branch less the public one, before the block that is new. */
export class SelfishMiner<Id> implements WithholdingMiner<Id> {
  readonly #tree: BlockTree<Id>;
  readonly #branch: WithheldBranch<Id>;
  /** Of the best chain, as far as the pool has looked at it. */
  #publicHeight: number;
  /** Its only block and another one are both published. The paper's state 0′. */
  #isRacing = false;

  constructor(tree: BlockTree<Id>) {
    this.#tree = tree;
    this.#branch = new WithheldBranch(tree.tip);
    this.#publicHeight = tree.tip.height;
  }

  get head(): Id {
    return this.#branch.head;
  }

  /** Blocks that nobody else knows of. */
  get withheld(): number {
    return this.#branch.length;
  }

  found(id: Id): readonly Id[] {
    this.#branch.extend(id);
    // The tie is won. There was a lead of one block, and it is not risked again.
    return this.#isRacing ? this.#publishAll() : [];
  }

  heard(): readonly Id[] {
    const { tip } = this.#tree;
    // A block beside the best branch, which changes nothing.
    if (tip.height === this.#publicHeight) return [];
    this.#publicHeight = tip.height;
    const lead = this.#branch.height - tip.height;
    if (lead < 0) {
      // Δ = 0: they win.
      this.#branch.restart(tip);
      this.#isRacing = false;
      return [];
    }
    if (lead === 0) {
      // Δ = 1: now both branches are equal, and who finds the next block decides.
      this.#isRacing = true;
      return this.#branch.publish();
    }
    // Δ = 2: the lead is almost gone, so it is cashed in.
    if (lead === 1) return this.#publishAll();
    // Δ > 2: as many blocks as the others have. What they found last will be orphaned.
    return this.#branch.publish(tip.height);
  }

  #publishAll(): readonly Id[] {
    this.#isRacing = false;
    this.#publicHeight = this.#branch.height;
    return this.#branch.publish();
  }
}
