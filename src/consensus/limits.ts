/** Every bound of the protocol core, with its reason. The collections of a replica (replica.ts) are bounded by these:
 *  slots and CHECKPOINTs by the window times the validators, VIEW-CHANGEs by one a validator; votes for other views,
 *  other epochs and heights beyond the window are not kept at all, STATUS brings them back. */
export { WINDOW_MAX } from '../ledger/limits.ts';
