/** Every bound of the protocol core, with its reason. */
export { WINDOW_MAX } from '../ledger/limits.ts';
