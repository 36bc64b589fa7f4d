/** Every bound of proof of work, with its reason. Whatever a peer can fill is in here. */
import { FULL_BODY_BYTES_MAX } from '../ledger/block.ts';
import { mostBytes } from '../ledger/body-check.ts';
import { BODY_TRANSACTIONS_MAX } from '../ledger/limits.ts';

/** How many blocks below the best tip a branch may begin. What is deeper is forgotten, with what undoes it, so that memory does
 *  not grow with the chain. Two days of Bitcoin's blocks: the same number that its pruned nodes keep. A node that was cut off
 *  for longer is not brought back by work alone: somebody has to start it anew. */
export const BRANCH_DEPTH_MAX = 288;
/** Blocks that a tree holds: the deepest branch beside the best chain, and as much again for everything else. */
export const TREE_BLOCKS_MAX = 4 * (BRANCH_DEPTH_MAX + 1);
/** Bytes of those that are not on the best branch, in a ledger whose blocks may weigh so much: the deepest branch, each of its
 *  blocks full, so that it can come to win. The best branch is not counted, since it is never given up: its depth bounds it. */
export const sideBytesMax = (blockWeightMax: number): number => BRANCH_DEPTH_MAX * fullBlockBytes(blockWeightMax);
/** How many times less work a block may have, in the mean, on a branch beside the best one than on the best one since the two
 *  parted. Times that lie make blocks easier with each period, and without this bound a branch that cost a third more than
 *  its first period fills the tree. With it each block there costs at least a quarter of an honest one. A quarter, because one
 *  period of false times does no more (RETARGET_CLAMP), so that no honest fork at the end of a period is refused. A branch that
 *  has more work than the best one when what waits for its blocks is counted too is taken in however easy they are: the
 *  most work wins, where there is room for it. A branch that needs more blocks than may wait (ORPHANS_MAX), or than the tree
 *  takes beside the best one (TREE_BLOCKS_MAX, sideBytesMax), does not come to win by itself. Blocks as hard as those of the best
 *  one never need so many; who makes each of the best ones cost many times as much has done all that work. */
export const EASIER_MAX = 4n;

/** Blocks whose times have a median that the next block has to pass. Bitcoin's. */
export const MEDIAN_BLOCKS = 11;
/** How many times as hard or as easy a period may be as the one before. Bitcoin's: one period of false times does no more. */
export const RETARGET_CLAMP = 4;

/** Bytes of a block: header, coinbase and what a body may have. */
export const BLOCK_BYTES_MAX = FULL_BODY_BYTES_MAX;
/** Bytes of a block beside its transactions: header, coinbase, offsets. */
const BLOCK_FIXED_BYTES = 128;
/** Bytes that a block has for each transaction beside it: an offset. */
const OFFSET_BYTES = 4;
/** Bytes of the largest block that this weight allows: with a genesis of 4,000 it is some 0.9 MB. */
const fullBlockBytes = (blockWeightMax: number): number =>
  Math.min(
    BLOCK_BYTES_MAX,
    BLOCK_FIXED_BYTES + mostBytes(blockWeightMax) + OFFSET_BYTES * Math.min(BODY_TRANSACTIONS_MAX, blockWeightMax),
  );
/** Blocks without a parent that wait for it: those of the deepest branch, which come newest first, of several peers at once. */
export const ORPHANS_MAX = 4 * BRANCH_DEPTH_MAX;
/** Bytes of the contents of them that are kept. Of the others only the header is known, and the content is asked for again when
 *  its turn has come. */
export const ORPHAN_BYTES_MAX = 8 * BLOCK_BYTES_MAX;
/** Ids of invalid blocks that are remembered, so that what stands on them is refused at once. Each cost its miner a proof of
 *  work. */
export const INVALID_MAX = 1024;
/** Ids of blocks on branches that begin too deep, so that they are not fetched again with each new block of those branches: as
 *  many as can have waited for one another, twice. */
export const TOO_DEEP_MAX = 2 * ORPHANS_MAX;
/** Peers of which a node remembers what it wants of them. More than a node of Bitcoin lets connect (125). */
export const PEERS_MAX = 256;

/** Transactions that wait for a block. */
export const POOL_TRANSACTIONS_MAX = 4096;
/** Bytes of them. */
export const POOL_BYTES_MAX = 4 * 1024 * 1024;
/** Of one sender, so that nobody fills it alone. */
export const POOL_SENDER_MAX = 64;
/** Bytes of those: an eighth of the pool. */
export const POOL_SENDER_BYTES_MAX = POOL_BYTES_MAX / 8;
