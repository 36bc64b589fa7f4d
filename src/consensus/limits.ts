/** The bound of the protocol core. The collections of a replica (replica.ts) are bounded by it and by the number of
 *  validators: src/driver/limits.ts says of each how far, and why. */
export { WINDOW_MAX } from '../ledger/limits.ts';
