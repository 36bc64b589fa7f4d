/**
 * Every bound of the driver and of what its protocol core keeps, with its reason. Whatever a peer can fill is in here, also
 * where no number stands in the code because the shape of the thing is the bound: `bufferLimits` names those.
 */
import { promisesMax } from '../consensus/limits.ts';
import { BODY_TRANSACTIONS_MAX, EVIDENCE_EPOCHS_MAX } from '../ledger/limits.ts';

// What waits for the driver's next turn

/** Inputs that wait; past it messages are dropped, and STATUS brings them back. */
export const INPUTS_MAX = 50_000;
/** Bytes of one peer's messages that wait for the next turn, each counted with what it costs to hold; past it they are
 *  dropped. More than the longest message, less than what would crowd out the other peers. */
export const PEER_INPUT_BYTES_MAX = 16 * 1024 * 1024;
export const INPUT_OVERHEAD_BYTES = 1024;

// Transactions

/** Transactions that wait in the mempool, and their bytes: about ten seconds of full load. */
export const MEMPOOL_TRANSACTIONS_MAX = 40_000;
export const MEMPOOL_BYTES_MAX = 32 * 1024 * 1024;
/** Transactions of one sender in the mempool: no sender can fill it. Not more than NONCE_GAP_MAX, or nobody would ever
 *  have so many. */
export const SENDER_TRANSACTIONS_MAX = 256;
/** How far ahead of the account's nonce a transaction may be to be held for the ones before it. */
export const NONCE_GAP_MAX = 256;
/** Transactions that cannot be executed because one before them is missing, each of them counted: they cost nobody a fee, so
 *  they may not fill the mempool. Where it is full all the same, they make room for what can be executed. */
export const GAPPED_TRANSACTIONS_MAX = 8_192;
/** How long a transaction is held whose predecessor does not come, in ms. */
export const NONCE_GAP_HOLD_MS = 30_000;
/** Transactions whose signatures are being checked: one mempool's worth would be a second mempool. Those that a body in
 *  flight waits for are taken beyond it: without them that body would never be complete. */
export const VERIFYING_MAX = 8_192;
/** Transactions of others that a backup passes on to the primary at a time, so that it hears of what it is suspected for. What
 *  it was told of is remembered, an id and a time for each transaction that waits. Few, as it usually knows them. */
export const RELAYED_MAX = 64;
/** Bytes of its clients' transactions that a node sends again in half a base timeout, to all its peers together: what was
 *  lost, and what a peer that was away lacks, is given again in seconds, and a full mempool does not fill the wires. */
export const RESENT_BYTES_MAX = 1024 * 1024;
/** Rejections remembered, so that a client can ask what became of its transaction. */
export const REJECTIONS_MAX = 10_000;

// Bodies

/** Bodies held for each height in flight: one a view that was tried, and what equivocating primaries send. A full height
 *  forgets its oldest, but the one that is ordered. */
export const BODIES_PER_HEIGHT_MAX = 8;
/** Heights for which bodies are held, in windows: the one above the certificate; the one below it, for a node that is about
 *  to execute them; and the next to be executed, where they are ordered and something is missing. */
const BODY_WINDOWS = 3;
/** Transactions after whose execution a turn ends, so that what it achieved leaves before more is done. */
export const EXECUTED_PER_TURN = 500;
/** Bodies in flight at once. More gives smaller blocks, and a block has a price of its own. */
export const PIPELINE_MAX = 3;
/** A block is begun although others are in flight when this part of its weight is waiting. */
export const PIPELINE_FILL = 0.5;

// Evidence

/** Pieces of evidence kept against one validator: one of each epoch that the chain still takes, since a second proves no
 *  more; and the newest that it has recorded, to be shown. */
export const EVIDENCE_PER_VALIDATOR_MAX = EVIDENCE_EPOCHS_MAX + 1;

// Answers to peers

/** Transactions and bytes of one bundle on the wire, and of one answer to a FETCH. */
export const BUNDLE_TRANSACTIONS_MAX = 4_096;
export const BUNDLE_BYTES_MAX = 1024 * 1024;
/** Blocks and bytes of one answer to a FETCH of blocks. */
export const SYNC_BLOCKS_MAX = 64;
export const SYNC_BYTES_MAX = 4 * 1024 * 1024;
/** Bodies read from the store at a time for it: sixty-four of the largest would be half a gigabyte for one question. */
export const SYNC_READ_AHEAD = 8;
/** Questions of one peer that are answered in one tick: what an honest peer asks when it lost everything. */
export const ANSWERS_PER_TICK = 16;
/** What a question for a range of blocks counts among them: the blocks are read, decoded and sent. */
export const BLOCKS_COST = 6;
/** What a VIEW-CHANGE or NEW-VIEW counts among them: its certificates hold hundreds of signatures. */
export const VIEW_MESSAGE_COST = 4;
/** What passed-on evidence counts among them: two signatures for each piece, though of none twice. */
export const EVIDENCE_COST = 4;

/** What peers can make one driver hold at a time. */
export interface Buffers {
  /** Transactions in the mempool, and their bytes. */
  readonly transactions: number;
  readonly transactionBytes: number;
  /** Those among them that lack one before them. */
  readonly gapped: number;
  /** Transactions whose signatures are being checked. */
  readonly verifying: number;
  /** Bodies of heights in flight, complete or not. */
  readonly bodies: number;
  /** Validators that say that they are ahead. */
  readonly claims: number;
  /** Questions for blocks that wait for the next tick. */
  readonly deferred: number;
  /** Pieces of evidence. */
  readonly evidence: number;
  /** Heights that are voted on. */
  readonly slots: number;
  /** PREPAREs and COMMITs of the height that has most of them. */
  readonly slotVotes: number;
  /** CHECKPOINTs of all heights. */
  readonly checkpoints: number;
  /** VIEW-CHANGEs of all views. */
  readonly viewChanges: number;
  /** Our own votes. */
  readonly promises: number;
  /** Offences that are not reported again. */
  readonly reported: number;
  /** What validators said that they lack. */
  readonly lacking: number;
}

/**
 * How large each may be at a node that admits so many peers, so many of them validators (itself among them or not), with a
 * window of so many heights. What has no place in them is not kept: a vote of another view or beyond the window, anything of
 * another epoch, a body that nobody proposed to us in this view and nobody asked for. STATUS and FETCH bring it back when it
 * is of use. Of each validator the core remembers besides since when it is alone in a higher view, whether it was followed there
 * (V16), and when it was last heard of (V14).
 */
export function bufferLimits(peers: number, validators: number, window: number): Buffers {
  const bodies = BODY_WINDOWS * window * BODIES_PER_HEIGHT_MAX;
  const checkpoints = 2 * window * validators;
  return {
    transactions: MEMPOOL_TRANSACTIONS_MAX,
    transactionBytes: MEMPOOL_BYTES_MAX,
    gapped: GAPPED_TRANSACTIONS_MAX,
    verifying: VERIFYING_MAX + bodies * BODY_TRANSACTIONS_MAX,
    bodies,
    // The newest of each validator.
    claims: validators,
    // The newest of each peer.
    deferred: peers,
    evidence: validators * EVIDENCE_PER_VALIDATOR_MAX,
    // A primary may propose as far as the window reaches, and no quorum lets it reach further.
    slots: window,
    // One of each kind and voter: a second one is evidence or nothing.
    slotVotes: 2 * validators,
    // One of each voter for the heights in the window, and in one below it: certificates of their own are completed there.
    checkpoints,
    // One of each voter, that to its highest view, however far ahead that is: who is alone there moves nobody but once in an
    // epoch, by one view (V16).
    viewChanges: validators,
    promises: promisesMax(window),
    // One of each place of the current view where two votes can contradict each other, and one of each CHECKPOINT that is kept.
    reported: (1 + 2 * validators) * window + checkpoints,
    // What each said last, of its view and of its certificate.
    lacking: 2 * validators,
  };
}
