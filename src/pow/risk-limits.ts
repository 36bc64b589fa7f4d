/** Bounds of what is computed and measured about attacks, with their reasons. Nothing here comes from a peer. */

/** Confirmations that are reckoned with: nineteen years of Bitcoin's blocks. Who needs more of them cannot wait for them. */
export const CONFIRMATIONS_MAX = 1_000_000;

/** Races or rounds that are counted at once. Each makes the interval narrower by a little only: a hundred times as many for
 *  one more digit. */
export const TRIALS_MAX = 10_000_000;
/** Rounds of selfish mining, at least: the interval takes their sums for normal, and of a few rounds they are not. */
export const ROUNDS_MIN = 1000;
/** Confirmations of a race that is played, block by block: its length in memory and time. */
export const RACE_CONFIRMATIONS_MAX = 1000;
/** How far from one half a share has to be for playing: at one half itself a race has no end that one could wait for. */
export const HALF_DISTANCE_MIN = 0.01;
/** Above this share honest blocks are so rare that a payment hardly gets its confirmations. */
export const PLAYED_SHARE_MAX = 0.99;
/** A race is given up for lost where what it could still win, over all trials together, is this many successes. The interval is
 *  never narrower than ten successes, so that what is missed is no more than one hundredth of it. */
export const MISSED_SUCCESSES_MAX = 0.1;
