/** Every bound of proof of work, with its reason. Whatever a peer can fill is in here. */

/** How many blocks below the best tip a branch may begin. What is deeper is forgotten, with what undoes it, so that memory does
 *  not grow with the chain. Two days of Bitcoin's blocks: the same number that its pruned nodes keep. A node that was cut off
 *  for longer is not brought back by work alone: somebody has to start it anew. */
export const BRANCH_DEPTH_MAX = 288;
/** Blocks that a tree holds: the deepest branch beside the best chain, and as much again for everything else. */
export const TREE_BLOCKS_MAX = 4 * (BRANCH_DEPTH_MAX + 1);
