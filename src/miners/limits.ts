/** Every bound and measure of a network of mining threads, with its reason. */

type Range = readonly [from: number, to: number];

/** Threads that mine. More than a few share the cores of one machine, and then find no more. */
export const MINERS_MAX = 16;
/** Seconds of a run: all its blocks are kept, for the replay at its end. */
export const SECONDS_MAX = 3600;
/** Milliseconds from block to block that the difficulty is set to: a thousandth of Bitcoin's. With the delays below, every fourth
 *  block or so meets another that was found before the first was everywhere: forks come within seconds, and close within
 *  seconds. Only the proportion of the two matters. */
export const BLOCK_MS = 600;
/** Blocks of a period: the difficulty follows the machine within some six seconds. */
export const RETARGET_BLOCKS = 10;
/** Milliseconds that a message takes from one thread to another, drawn for each between these. */
export const DELAY_MS: Range = [100, 400];
/** Milliseconds that a transaction takes. Nodes of Bitcoin too pass transactions on late and blocks at once, so that nobody sees
 *  where a transaction came from. So two miners seldom have the same transactions in their blocks. */
export const TRANSACTION_DELAY_MS: Range = [300, 2000];
/** Milliseconds from one transfer to the next. */
export const TRANSFER_MS = 100;
/** The least work of a block: less is found in no time by anything. */
export const WORK_MIN = 256;
/** Seconds by which a block's time may be ahead: all threads read one clock, but a period may begin with times a little ahead. */
export const FUTURE_S = 60;
/** Hashes between two looks at what came in: some milliseconds. */
export const SLICE_HASHES = 2000;
/** Milliseconds for which a block is mined without the newest transactions. */
export const RENEW_MS = 250;
/** Milliseconds of hashing from which the first difficulty follows. */
export const REHEARSAL_MS = 400;
/** Milliseconds after the end within which a fork that is open may be mined to its end. */
export const OVERTIME_MS = 30_000;
