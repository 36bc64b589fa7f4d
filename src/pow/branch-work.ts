/**
 * Whether a block beside the best branch is worth its room. Room is scarce, and work is what pays for it: a branch whose blocks are
 * far easier than those of the best one fills the tree for next to nothing.
 */
import { present } from '../base/invariant.ts';
import { EASIER_MAX } from './limits.ts';
import type { BlockTree } from './tree.ts';

/** Whether the branch that would end in a block of this work on this parent has, since it left the best one, too little work for
 *  so many blocks (EASIER_MAX), and would not be the best one even with all that waits for the block. `waitingWork`: of that; asked
 *  for only where it matters. */
export function isTooLight<Id>(
  tree: Pick<BlockTree<Id>, 'tip' | 'get' | 'fork'>,
  parentId: Id,
  work: bigint,
  waitingWork: () => bigint,
): boolean {
  const { tip } = tree;
  const parent = present(tree.get(parentId), 'the parent of a block with a place');
  const ended = parent.chainWork + work;
  if (ended > tip.chainWork) return false;
  const fork = tree.fork(parentId);
  const [blocks, bestBlocks] = [parent.height + 1 - fork.height, tip.height - fork.height];
  const [branchWork, bestWork] = [ended - fork.chainWork, tip.chainWork - fork.chainWork];
  // The mean of one times EASIER_MAX against the mean of the other, without dividing.
  if (branchWork * EASIER_MAX * BigInt(bestBlocks) >= bestWork * BigInt(blocks)) return false;
  return ended + waitingWork() <= tip.chainWork;
}
