/** Miners that do not tell of a block when they find it, and the branch that they keep to themselves. */
import type { TreeNode } from './tree.ts';

/**
 * A miner with a strategy of its own. It looks at one tree of published blocks and never changes it: whoever runs the miner puts
 * in what others found, and what the miner hands out. All blocks count the same to it, as they do in one period of difficulty.
 */
export interface WithholdingMiner<Id> {
  /** The block on which it mines. */
  readonly head: Id;
  /** It found a block on its head. Returns the blocks that it publishes now, oldest first. */
  found(id: Id): readonly Id[];
  /** Others found a block, which is in the tree now. Returns the blocks that it publishes now, oldest first. */
  heard(): readonly Id[];
}

export class WithheldBranch<Id> {
  #head: Id;
  #height: number;
  /** Oldest first; the newest is the head. */
  #withheld: Id[] = [];

  constructor(base: TreeNode<Id>) {
    this.#head = base.id;
    this.#height = base.height;
  }

  get head(): Id {
    return this.#head;
  }

  get height(): number {
    return this.#height;
  }

  /** Blocks that nobody else knows of. */
  get length(): number {
    return this.#withheld.length;
  }

  extend(id: Id): void {
    this.#head = id;
    this.#height++;
    this.#withheld.push(id);
  }

  /** Hands out what is withheld up to this height, oldest first. */
  publish(height: number = this.#height): readonly Id[] {
    const kept = Math.max(0, this.#height - height);
    return this.#withheld.splice(0, Math.max(0, this.#withheld.length - kept));
  }

  /** Gives up the branch, and goes on from a published block. */
  restart(base: TreeNode<Id>): void {
    this.#head = base.id;
    this.#height = base.height;
    this.#withheld = [];
  }
}
