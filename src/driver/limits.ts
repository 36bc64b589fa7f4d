/** Every bound of the driver, with its reason. */

/** Transactions that wait in the mempool, and their bytes: about ten seconds of full load. */
export const MEMPOOL_TRANSACTIONS_MAX = 40_000;
export const MEMPOOL_BYTES_MAX = 32 * 1024 * 1024;
/** Transactions of one sender in the mempool: no sender can fill it. */
export const SENDER_TRANSACTIONS_MAX = 256;
/** How far ahead of the account's nonce a transaction may be to be held for the ones before it. */
export const NONCE_GAP_MAX = 256;
/** Transactions that came before their predecessors: they cost nobody a fee, so they may not fill the mempool. */
export const GAPPED_TRANSACTIONS_MAX = 8_192;
/** How long a transaction is held whose predecessor does not come, in ms. */
export const NONCE_GAP_HOLD_MS = 30_000;
/** Transactions whose signatures are being checked: one mempool's worth would be a second mempool. */
export const VERIFYING_MAX = 8_192;
/** Transactions and bytes of one bundle on the wire, and of one answer to a FETCH. */
export const BUNDLE_TRANSACTIONS_MAX = 4_096;
export const BUNDLE_BYTES_MAX = 1024 * 1024;
/** Blocks and bytes of one answer to a FETCH of blocks. */
export const SYNC_BLOCKS_MAX = 64;
export const SYNC_BYTES_MAX = 4 * 1024 * 1024;
/** Transactions of others that a backup passes on to the primary at a time: more than it looks at before it suspects it. */
export const RELAYED_MAX = 64;
/** Rejections remembered, so that a client can ask what became of its transaction. */
export const REJECTIONS_MAX = 10_000;
/** Bodies held for each height in flight: one a view that was tried, and what equivocating primaries send. */
export const BODIES_PER_HEIGHT_MAX = 8;
/** Pieces of evidence kept against one validator: a few prove as much as all, and who lies at every height must not fill
 *  the store or the blocks. */
export const EVIDENCE_PER_VALIDATOR_MAX = 16;
/** Transactions after whose execution a turn ends, so that what it achieved leaves before more is done. */
export const EXECUTED_PER_TURN = 500;
/** Bodies in flight at once. More gives smaller blocks, and a block has a price of its own. */
export const PIPELINE_MAX = 3;
/** A block is begun although others are in flight when this part of its weight is waiting. */
export const PIPELINE_FILL = 0.5;
/** Inputs that wait for the driver's next turn; past it messages are dropped, and STATUS brings them back. */
export const INPUTS_MAX = 50_000;
/** Bytes of one peer's messages that wait for the next turn, each counted with what it costs to hold; past it they are
 *  dropped. More than the longest message, less than what would crowd out the other peers. */
export const PEER_INPUT_BYTES_MAX = 16 * 1024 * 1024;
export const INPUT_OVERHEAD_BYTES = 1024;
/** Questions of one peer that are answered in one tick: what an honest peer asks when it lost everything. */
export const ANSWERS_PER_TICK = 16;
/** What a question for a range of blocks counts among them: the blocks are read, decoded and sent. */
export const BLOCKS_COST = 6;
/** What a VIEW-CHANGE or NEW-VIEW counts among them: its certificates hold hundreds of signatures. */
export const VIEW_MESSAGE_COST = 4;
