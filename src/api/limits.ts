/** Every bound that a client of the HTTP interface can run into, with its reason. */
import { TRANSACTION_BYTES_MAX } from '../ledger/limits.ts';

/** Transactions in one submission: half a megabyte at most, verified in one go. */
export const BATCH_TRANSACTIONS_MAX = 256;
/** Bytes of a batch: each transaction and its SSZ offset. */
export const BATCH_BYTES_MAX = BATCH_TRANSACTIONS_MAX * (TRANSACTION_BYTES_MAX + 4);
/** Bytes of one transaction as JSON: hexadecimal doubles the memo, names and addresses do the rest. */
export const TRANSACTION_JSON_BYTES_MAX = 8 * 1024;
/** Milliseconds that a request may wait for a commit. Shorter than the idle limits of common proxies. */
export const WAIT_MS_MAX = 60_000;
/** Milliseconds that `?wait=committed` waits when it gives no timeout. */
export const WAIT_MS_DEFAULT = 10_000;
/** Headers in a proof of the state, from the block that was read to the certified one. A validator has a certificate in each window,
 *  32 heights at most; one that catches up has one at the end of each range, 64. */
export const PROOF_HEADERS_MAX = 64;
