/** Every bound of the node, with its reason. */

/** Transactions whose commit is remembered in memory: those of some seconds of full load, while their clients ask. Older ones
 *  are read from the store. */
export const RECENT_TRANSACTIONS_MAX = 16_384;
/** Final blocks kept in memory for readers at the head of the chain. */
export const RECENT_BLOCKS_MAX = 8;
/** Older blocks kept decoded for readers of their transactions: decoding a full block takes some milliseconds. */
export const DECODED_BLOCKS_MAX = 8;
/** Listeners to final blocks. The HTTP server is one, whatever its streams. */
export const LISTENERS_MAX = 16;
/** Kinds of misbehaviour that are counted: a dozen codes for each of 64 validators. */
export const MISBEHAVIOUR_MAX = 1024;
