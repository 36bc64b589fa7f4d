/**
 * Attacks played block by block on the tree that nodes use, and counted. Nothing here says who wins: the tree's fork choice does.
 * Chance comes in as a function that gives numbers from 0 up to 1. Blocks are numbers: negative ones are the attacker's.
 */
import { invariant } from '../base/invariant.ts';
import type { RatioTally } from './interval.ts';
import { DoubleSpender } from './race.ts';
import { SelfishMiner } from './selfish.ts';
import { BlockTree } from './tree.ts';

/** Nothing is pruned: a race is short, and a node would look at all of it too. */
const UNPRUNED = { depthMax: Infinity, blocksMax: Infinity, sideBytesMax: Infinity };
/** All blocks are equally hard. */
const WORK = 1n;
const START = 0;

export interface Race {
  /** The attacker's, of all hash power. */
  readonly share: number;
  readonly confirmations: number;
  /** Blocks behind at which the attacker gives up, see givesUpBehind. */
  readonly giveUpBehind: number;
}

/** How many of these races the attacker wins. */
export function countReversals(race: Race, trials: number, random: () => number): number {
  let reversals = 0;
  for (let trial = 0; trial < trials; trial++) if (isReversed(race, random)) reversals++;
  return reversals;
}

function isReversed({ share, confirmations, giveUpBehind }: Race, random: () => number): boolean {
  const tree = new BlockTree<number>(START, UNPRUNED);
  const attacker = new DoubleSpender(tree, confirmations);
  let [theirs, own] = [START, START];
  const findOwn = (): void => {
    // Each of its blocks stands on the one before, the first on the start.
    for (const id of attacker.found(--own)) tree.add(id, id + 1, WORK);
  };
  // It pays when it has found one block: see risk.ts.
  findOwn();
  while (tree.tip.id >= START && attacker.behind < giveUpBehind) {
    if (random() < share) {
      findOwn();
    } else {
      extendTip(tree, ++theirs, tree.tip.id);
      for (const id of attacker.heard()) tree.add(id, id + 1, WORK);
    }
  }
  // All of the attacker's blocks are beside the payment's. So if one is the tip, the payment is undone.
  return tree.tip.id < START;
}

/** A block on the best one is better. Without that no race would ever end. */
function extendTip(tree: BlockTree<number>, id: number, parent: number): void {
  invariant(tree.add(id, parent, WORK) === 'tip', 'a block on a best one is the tip', { id, parent });
}

export interface SelfishPool {
  readonly alpha: number;
  readonly gamma: number;
}

/** Plays rounds, and adds to the tally the pool's blocks and all blocks of the best chain in each. A round ends when all agree
 *  on one tip and nothing is withheld: what comes then does not depend on what was. */
export function playSelfishRounds(pool: SelfishPool, rounds: number, random: () => number, tally: RatioTally): void {
  for (let round = 0; round < rounds; round++) {
    const chain = playSelfishRound(pool, random);
    tally.add(chain.filter((id) => id < START).length, chain.length);
  }
}

/**
 * The blocks of the best chain. γ has its meaning by who hears first of what: near the pool its blocks come before those of others,
 * far from it after them. Each side has a tree, and both follow what they saw first.
 */
function playSelfishRound({ alpha, gamma }: SelfishPool, random: () => number): readonly number[] {
  const near = new BlockTree<number>(START, UNPRUNED);
  const far = new BlockTree<number>(START, UNPRUNED);
  const pool = new SelfishMiner(far);
  const parents = new Map<number, number>();
  let [theirs, own] = [START, START];
  const publish = (tree: BlockTree<number>, ids: readonly number[]): void => {
    for (const id of ids) tree.add(id, parents.get(id) ?? START, WORK);
  };
  do {
    if (random() < alpha) {
      parents.set(--own, pool.head);
      const published = pool.found(own);
      publish(near, published);
      publish(far, published);
    } else {
      const parent = (random() < gamma ? near : far).tip.id;
      extendTip(far, ++theirs, parent);
      const published = pool.heard();
      publish(near, published);
      near.add(theirs, parent, WORK);
      publish(far, published);
    }
  } while (pool.withheld > 0 || near.tip.id !== far.tip.id);
  return far.path(START, far.tip.id).redo;
}
