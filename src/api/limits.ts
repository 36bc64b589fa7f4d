/** Every bound that a client of the HTTP interface can run into, with its reason. */
import { TRANSACTION_BYTES_MAX } from '../ledger/limits.ts';

/** Transactions in one submission: verified in one go. */
export const BATCH_TRANSACTIONS_MAX = 256;
/** Bytes of a batch, with four for the offset of each transaction: 2 KiB for each of 256, or three of the longest. Larger ones come
 *  in more than one request, so that none holds much memory before its turn. */
export const BATCH_BYTES_MAX = BATCH_TRANSACTIONS_MAX * (2 * 1024 + 4);
/** Bytes of one transaction as JSON. An address grows most in it, to two and a half times its bytes; base64 to four thirds. The
 *  rest is names and white space. */
export const TRANSACTION_JSON_BYTES_MAX = 3 * TRANSACTION_BYTES_MAX;
/** Milliseconds that a request may wait for a commit. Shorter than the idle limits of common proxies. */
export const WAIT_MS_MAX = 60_000;
/** Milliseconds that `?wait=committed` waits when it gives no timeout. */
export const WAIT_MS_DEFAULT = 10_000;
/** Headers in a proof of the state, from the block that was read to the certified one. A validator has a certificate in each window,
 *  32 heights at most; one that catches up has one at the end of each range, 64. */
export const PROOF_HEADERS_MAX = 64;
