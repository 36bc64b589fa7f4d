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

/** Microseconds of this thread for each question to the store, and for each KiB that it brings, which is copied out and collected later. */
export const STORE_MICROS = 15;
/** And for each key beyond the first of those that it asks for together. */
export const STORE_KEY_MICROS = 1.5;
export const BROUGHT_MICROS_PER_KIB = 0.5;
/** Headers of final blocks kept for readers of the state: those of the newest blocks, and those that a search by time looks at first,
 *  1.5 kB each. */
export const HEADERS_KEPT_MAX = 4_096;
/** Nodes of the state's tree kept for proofs, 1 kB each on average and 2.7 kB at most. Without them a proof among 100,000 accounts takes 120
 *  microseconds of this thread instead of 45 beside what the store's answers cost, and more than twice as long in all. */
export const PROOF_NODES_MAX = 8_192;
/** How often the newest state is read anew when it was pruned meanwhile, which takes a block that becomes final, and hardly any history. */
export const READ_TRIES = 3;
/** Records of the state that come at once, half a kilobyte each at most: a page of few entries reads few in vain. */
export const RECORDS_AT_ONCE = 32;
/** After how many records that were looked at a page of entries is short: some milliseconds. */
export const PAGE_RECORDS_MAX = 1_024;
/** Bytes of what a page has, after which it is short; the last value may be 64 KiB long. */
export const PAGE_BYTES_MAX: number = 1024 * 1024;
