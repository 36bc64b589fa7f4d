/** The bounds of forensics. */

/** Bytes of a file: a transcript of 65,536 heights of four validators has some 40 MB, one of 64 validators ten times as much. */
export const FILE_BYTES_MAX = 512 * 1024 * 1024;
/** Messages of one kind in a file: more than nodes keep of all the epochs whose evidence counts, where each of 1,000 heights of 64
 *  epochs has its COMMITs, and a certificate. What is larger is no file of ours. */
export const FILE_ITEMS_MAX = 100_000;
