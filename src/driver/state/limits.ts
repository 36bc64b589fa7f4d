/** How much of the state lies in memory. */

export interface StateCacheLimits {
  /** Bytes of entries, about. */
  readonly entryBytes: number;
  /** Bytes of nodes of the tree, about. */
  readonly nodeBytes: number;
}

/** Some 200,000 accounts, and the four upper levels of any tree with most of the fifth. */
export const STATE_CACHE: StateCacheLimits = { entryBytes: 64 * 1024 * 1024, nodeBytes: 192 * 1024 * 1024 };
/** What an entry takes beside its value and the text of its key: places in maps, the key's hash. */
export const ENTRY_WEIGHT = 256;
/** What a node takes beside its bytes. */
export const NODE_WEIGHT = 240;
/** What one turn puts there beside, before room is made: accounts of senders, and what blocks need. Room is made for the old half at
 *  a time, so twice as much may be there. */
export const stateBytesMax = ({ entryBytes, nodeBytes }: StateCacheLimits, turnBytes: number): number =>
  entryBytes + nodeBytes + 2 * turnBytes;
/** Lists of what was replaced that are read at a time: a node that was behind has many to go, and blocks to execute meanwhile. */
export const PRUNED_LISTS_MAX = 4;
/** Records that are deleted in one turn, unless one list alone has more: no more than blocks write in a turn. */
export const PRUNED_RECORDS_MAX = 10_000;
/** Bytes of the list of entries and values that one block replaced: as many as a full block can change. Of its
 *  operations, 131,072 at most, none replaces more than an entry and its value, which take 365 bytes here, and accounts come beside these. */
export const REPLACED_BYTES_MAX: number = 64 * 1024 * 1024;
/** Of what a block made, the part that has to be of use: with less, that part moves. A move costs a tenth of making these nodes, and what
 *  is kept is twice what is of use, at most. */
export const LIVE_PART = 0.5;
