/** Every bound of proof of work, with its reason. Whatever a peer can fill is in here. */
import { FULL_BODY_BYTES_MAX } from '../ledger/block.ts';

/** How many blocks below the best tip a branch may begin. What is deeper is forgotten, with what undoes it, so that memory does
 *  not grow with the chain. Two days of Bitcoin's blocks: the same number that its pruned nodes keep. A node that was cut off
 *  for longer is not brought back by work alone: somebody has to start it anew. */
export const BRANCH_DEPTH_MAX = 288;
/** Blocks that a tree holds: the deepest branch beside the best chain, and as much again for everything else. */
export const TREE_BLOCKS_MAX = 4 * (BRANCH_DEPTH_MAX + 1);

/** Blocks whose times have a median that the next block has to pass. Bitcoin's. */
export const MEDIAN_BLOCKS = 11;
/** How many times as hard or as easy a period may be as the one before. Bitcoin's: one period of false times does no more. */
export const RETARGET_CLAMP = 4;

/** Bytes of a block: header, coinbase and what a body may have. */
export const BLOCK_BYTES_MAX = FULL_BODY_BYTES_MAX;
/** Blocks without a parent that wait for it: those of the deepest branch, which come newest first, of several peers at once. */
export const ORPHANS_MAX = 4 * BRANCH_DEPTH_MAX;
/** Bytes of them. */
export const ORPHAN_BYTES_MAX = 8 * BLOCK_BYTES_MAX;
/** Ids of invalid blocks that are remembered, so that what stands on them is refused at once. Each cost its miner a proof of
 *  work. */
export const INVALID_MAX = 1024;

/** Transactions that wait for a block. */
export const POOL_TRANSACTIONS_MAX = 4096;
/** Bytes of them. */
export const POOL_BYTES_MAX = 4 * 1024 * 1024;
/** Of one sender, so that nobody fills it alone. */
export const POOL_SENDER_MAX = 64;
