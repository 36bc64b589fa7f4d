/** Every limit of the ledger's types, with its reason. They are part of the encoding: changing one changes the format. */

/** Validators in a set. A VIEW-CHANGE grows with their number times the window; 64 keeps it under a megabyte. */
export const VALIDATORS_MAX = 64;
/** Operations in a transaction: enough for a batch payment, little enough to check before a block is built. */
export const OPERATIONS_MAX = 16;
/** Bytes of a memo: a reference, not a document. */
export const MEMO_BYTES_MAX = 256;
/** Transactions in a body, whatever their weight: bounds a PRE-PREPARE to 32 bytes each. */
export const BODY_TRANSACTIONS_MAX = 8192;
/** Pieces of evidence in a body: there are at most n offenders, and each is slashed once. */
export const BODY_EVIDENCE_MAX = 16;
/** Bytes of an encoded signed transaction. */
export const TRANSACTION_BYTES_MAX = 2048;
/** Events in a receipt: at most one for an operation. */
export const RECEIPT_EVENTS_MAX = OPERATIONS_MAX;
/** Accounts in a genesis file. */
export const GENESIS_ACCOUNTS_MAX = 1_000_000;
