/** The bounds of the protocol core. The collections of a replica (replica.ts) are bounded by them and by the number of
 *  validators: src/driver/limits.ts says of each how far, and why. */

/** V16: base timeouts that a replica is left alone in a higher view. A view change of all takes one or two, and all others have to
 *  hear of it by then (R9). */
export const STRANDED_TIMEOUTS = 4;

/** V16: part of a base timeout after which a body that is awaited is slow. Where messages arrive within a small part of
 *  it, all three phases are over by then. */
export const SLOW_PART = 1 / 4;
/** And so many ticks at least: even what is ordered at once may be seen a tick later. */
export const SLOW_TICKS_MIN = 2;

/** V14: at least so many longest timeouts lie between two times that a return sets the timeout back to the base.
 *  Timeouts that double reach the longest within two of them. */
export const FORGIVING_TIMEOUTS = 4;

/** Own votes that are remembered: one of each kind for the heights in the window and in one below it, those of the current
 *  view alone; and two heights' worth while the certificate moves. */
export const promisesMax = (window: number): number => 8 * window + 8;

export { WINDOW_MAX } from '../ledger/limits.ts';
