/** How much of the state lies in memory. */

export interface StateCacheLimits {
  /** Bytes of entries of one kind, about. */
  readonly entryBytes: number;
  /** Bytes of nodes of the tree, about. */
  readonly nodeBytes: number;
}

/** Some 200,000 accounts, and the four upper levels of any tree with most of the fifth. */
export const STATE_CACHE: StateCacheLimits = { entryBytes: 64 * 1024 * 1024, nodeBytes: 192 * 1024 * 1024 };
/** What an entry takes beside its value: places in maps, the key's text and hash. */
export const ENTRY_WEIGHT = 320;
/** What a node takes beside its bytes. */
export const NODE_WEIGHT = 240;
/** Lists of replaced nodes and entries that are dealt with in one turn: a node whose retention was shortened has many to go, and
 *  blocks to execute meanwhile. */
export const PRUNED_IN_TURN = 4;
/** Bytes of the list of entries that one block replaced: as many as a full block can change. */
export const REPLACED_BYTES_MAX: number = 64 * 1024 * 1024;
/** Nodes of one block share buffers, and a buffer stays while one of them does: so much of it is dead at a time, about. */
export const SHARED = 2;
