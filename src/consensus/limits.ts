/** The bound of the protocol core. The collections of a replica (replica.ts) are bounded by it and by the number of
 *  validators: src/driver/limits.ts says of each how far, and why. */

/** V16: base timeouts that a replica is left alone in a higher view. A view change of all takes one or two. */
export const STRANDED_TIMEOUTS = 4;

/** V14: longest timeouts between two returns that make patience start anew. Timeouts that double reach the longest after two. */
export const FORGIVING_TIMEOUTS = 4;

export { WINDOW_MAX } from '../ledger/limits.ts';
