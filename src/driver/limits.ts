/**
 * Every bound of the driver and of what its protocol core keeps, with its reason. Whatever a peer can fill is in here, also
 * where no number stands in the code because the shape of the thing is the bound: `bufferLimits` names those.
 */
import { promisesMax } from '../consensus/limits.ts';
import { FULL_BODY_BYTES_MAX } from '../ledger/block.ts';
import { mostBytes } from '../ledger/body-check.ts';
import { BODY_TRANSACTIONS_MAX, EVIDENCE_EPOCHS_MAX, FOLLOWERS_MAX, OBSERVERS_MAX } from '../ledger/limits.ts';
import type { Lane } from './ports.ts';

/** Nodes without a vote of which is remembered where they said to stand: all that an epoch lists, and as many that operators admit. */
export const OUTSIDERS_MAX: number = 2 * (OBSERVERS_MAX + FOLLOWERS_MAX);

// What waits for the driver's next turn

/** Inputs that wait: of clients; and, apart from them, messages of all peers, each of which has an equal part of this. Past it
 *  the oldest are dropped, and STATUS brings them back. */
export const INPUTS_MAX = 50_000;
/** Bytes of clients' transactions among them: a mempool's worth. Those that come then are refused, and come again. */
export const INPUT_BYTES_MAX = 32 * 1024 * 1024;
/** Bytes of one peer's messages that wait for the next turn, each counted with what it costs to hold; past it they are
 *  dropped. More than the longest message, less than what would crowd out the other peers. */
export const PEER_INPUT_BYTES_MAX = 16 * 1024 * 1024;
export const INPUT_OVERHEAD_BYTES = 1024;
/** Bytes of one peer's messages that wait when the network is asked to read no more from it; from half of them on it may go
 *  on. Then what it sends waits at its own side, and costs us neither memory nor decryption. */
export const HOLD_BYTES = 2 * 1024 * 1024;
/** For how long the network may be asked that because of what was sent in bulk, in ms: an eighth of the usual base timeout.
 *  Votes come by the same stream, behind it, and honest peers too send more than is of use, where clients give the same
 *  transactions to all of them. After that the bulk goes unread. */
export const HOLD_BULK_MS = 250;
/** What a peer may spend before the next has its turn, in µs: a few votes, so that none waits long for another's. */
export const TURN_QUANTUM_US = 500;
/** What messages may cost before a turn of the driver ends, in µs: what they achieved leaves before more are looked at. */
export const TURN_US = 20_000;
/** Turns for which a tick waits at most, while messages wait that can be paid for. It waits so that no timer expires
 *  although the message that would stop it is here already, not looked at yet; and not for ever, so that no timer
 *  stands still. */
export const TICK_TURNS_MAX = 8;

// What peers may cost, by the price list (costs.ts)

/** Useless work that is done for all peers together, in µs for each ms: less than a quarter of a processor in all
 *  lanes, shared by those who want it. Agreement gets most: a view change of 64 validators takes 250 ms of work, and
 *  there can be one every two seconds. Transactions get least: what is new among them is given back. */
export const BUDGET_US_PER_MS: Readonly<Record<Lane, number>> = { consensus: 100, transactions: 50, sync: 75 };
/** What the accounts of all peers together hold in each lane, and what each holds at least. It is a second of work for
 *  all: liars, fewer than a third of the peers, can spend their part of it at once, and delay others by no more than
 *  that. Honest peers need it after a pause or a partition, for minutes of votes and STATUS that come too late to be of
 *  use. */
export const BUDGET_BURST_US = 1_000_000;
export const BUDGET_BURST_MIN_US = 100_000;
/** How long a peer's messages have to wait until that is noted, in ms. Those of an honest peer wait for a moment, if at
 *  all. */
export const THROTTLED_NOTE_MS = 2_000;
/** Who offers more useless work than this, in µs for each ms and over time, is shut out: half a processor, several times what
 *  all peers together are granted. Answers that we give do not count, only what it takes to look at what it says. */
export const SHUT_OUT_US_PER_MS = 500;
/** How much useless work beyond that pace is borne, in µs: half a minute of twice as much. No queue of a transport
 *  holds a second of honest work, so a clogged link that lets go cannot bring an honest node there. */
export const SHUT_OUT_US = 15_000_000;
/** Our own pace in sending what may be useless, and how far it may be exceeded for a while: half and a third of that. It is
 *  some twenty thousand transactions a second, more than a node can take in. */
export const PACE_US_PER_MS = SHUT_OUT_US_PER_MS / 2;
export const PACE_BURST_US = SHUT_OUT_US / 3;
/** Questions to one peer that are open, for bodies and for blocks. The oldest is forgotten: it will not be answered. */
export const QUESTIONS_MAX = 256;
/** Transactions asked of one peer that may still come: all that its transport can hold. */
export const TRANSACTIONS_ASKED_MAX = 100_000;
/** Bytes of them that we pay for: eight full bodies. What comes beyond is paid by who sends it. */
export const ASKED_BYTES_MAX = 8 * FULL_BODY_BYTES_MAX;

// Transactions

/** Transactions that wait in the mempool, and their bytes: about ten seconds of full load. In memory they take two to three times
 *  as much, since what they say is kept beside the bytes that it came in. */
export const MEMPOOL_TRANSACTIONS_MAX = 40_000;
export const MEMPOOL_BYTES_MAX = 32 * 1024 * 1024;
/** Transactions of one sender in the mempool: no sender can fill it. Not more than NONCE_GAP_MAX, or nobody would ever
 *  have so many. */
export const SENDER_TRANSACTIONS_MAX = 256;
/** Bytes of them: seven of the longest, as many as stand in a block of a megabyte. It takes 32 senders to fill the mempool. */
export const SENDER_BYTES_MAX = 1024 * 1024;
/** Part of a body that is kept for senders who did nothing lately: they need not wait until a flood of others has passed. Less than half,
 *  so that a body is not taken for one that prefers newcomers (V13). */
export const RESTED_PART = 0.25;
/** For how long a sender has to have done nothing, in ms. Whoever wants to fill that part of each block needs as many accounts as are
 *  served meanwhile, some tens of thousands, and none that was made just now counts. */
export const REST_MS = 10_000;
/** Senders who did something lately: as many as full blocks have in that time, about. Who is forgotten seems to have rested. */
export const ACTIVE_SENDERS_MAX = 32_768;
/** How far ahead of the account's nonce a transaction may be to be held for the ones before it. */
export const NONCE_GAP_MAX = 256;
/** Transactions that cannot be executed because one before them is missing, each of them counted: they cost nobody a fee, so
 *  they may not fill the mempool. Where it is full all the same, they make room for what can be executed. */
export const GAPPED_TRANSACTIONS_MAX = 8_192;
/** Bytes of them: half of the mempool. */
export const GAPPED_BYTES_MAX = MEMPOOL_BYTES_MAX / 2;
/** How long a transaction is held whose predecessor does not come, in ms. */
export const NONCE_GAP_HOLD_MS = 30_000;
/** Transactions whose signatures are being checked: one mempool's worth would be a second mempool. Those that a body in
 *  flight waits for are taken beyond it: without them that body would never be complete. */
export const VERIFYING_MAX = 8_192;
/** Bytes of those transactions: half a mempool. Each is held here, and its message once more on its way to a worker thread. */
export const VERIFYING_BYTES_MAX = MEMPOOL_BYTES_MAX / 2;
/** Transactions of others that a backup passes on to the primary at a time, so that the primary knows what it may be
 *  left for. What it was told of is remembered: an id and a time for each transaction that waits. Few, as it usually
 *  knows them already. */
export const RELAYED_MAX = 64;
/** Bytes of them: one of the longest always fits. All backups relay to one primary, several times in a base timeout, and may not
 *  fill its wire. */
export const RELAYED_BYTES_MAX = 160 * 1024;
/** Refused transactions remembered by id: some bundles of them, sent again and again. */
export const REFUSALS_MAX = 16_384;
/** Number of transactions of which we remember which validators told them: a full mempool, and what was executed in the
 *  last seconds, since others may tell it a little late. Whoever tells one that is forgotten pays for it. */
export const TOLD_MAX = 65_536;
/** Bytes of its clients' transactions that a node sends again in half a base timeout, to all its peers together: what was
 *  lost, and what a peer that was away lacks, is given again in seconds, and a full mempool does not fill the wires. */
export const RESENT_BYTES_MAX = 1024 * 1024;
/** Rejections remembered, so that a client can ask what became of its transaction. */
export const REJECTIONS_MAX = 10_000;

// Bodies

/** Bodies held for each height in flight: one for each view that was tried, and what equivocating primaries send. A
 *  height that is full forgets its oldest body, but never the one that is ordered. */
export const BODIES_PER_HEIGHT_MAX = 8;
/** Windows of heights for which bodies are held. One above the certificate; one below it, which a node may be about to
 *  execute; and one from the next height to execute, where heights are ordered and something of the first is
 *  missing. */
const BODY_WINDOWS = 3;
/** If a body lacks no more transactions than this, they are asked for at once. If it lacks more, the PRE-PREPARE has
 *  probably overtaken whole bundles of them, which are given time to arrive: to ask for them would bring them twice. */
export const FETCH_AT_ONCE_MAX = 128;
/** Peers that are asked at a time for one body's transactions, and for the body, whose answer is large. */
export const FETCH_PEERS_MAX = 3;
export const FETCH_BODY_PEERS_MAX = 2;
/** A turn ends when more transactions than this were executed in it, so that its CHECKPOINTs leave before more is
 *  done. */
export const EXECUTED_PER_TURN = 500;
/** The same for their bytes, which are decoded, hashed and written: one full block of a weight of 4,000. */
export const EXECUTED_BYTES_PER_TURN = 1024 * 1024;
/** Bodies that a primary has in flight at once. More of them would be smaller blocks, and each block has a price of its
 *  own. */
export const PIPELINE_MAX = 3;
/** While others are in flight, a body is begun only when so much waits: this part of what a block may weigh, or of its bytes. */
export const PIPELINE_FILL = 0.5;
/** Bytes of transactions that bodies may hold before they are judged, all together: what an honest primary has in flight, and one
 *  more. Those beyond wait for their turn; what is ordered does not. */
export const collectedBytesMax = (blockWeightMax: number): number => (PIPELINE_MAX + 1) * mostBytes(blockWeightMax);

// Evidence

/** Pieces of evidence kept against one validator: one of each epoch that the chain still takes, since a second proves no
 *  more; and the newest that it has recorded, to be shown. */
export const EVIDENCE_PER_VALIDATOR_MAX = EVIDENCE_EPOCHS_MAX + 1;

// What others said, kept to name culprits of a fork (src/forensics)

/** Heights whose COMMITs are kept: of all 64 epochs whose evidence counts, where an epoch has 1,000 heights. 256 bytes each with
 *  four validators, 3 KB with 64. */
export const HEARD_HEIGHTS = 65_536;
/** Views of an epoch whose NEW-VIEWs are kept, the newest. Liars make an epoch leave fewer of honest primaries than there are
 *  liars. A NEW-VIEW has some KB with four validators, and less than a megabyte with 64, unless a whole window was in flight. */
export const HEARD_VIEWS = 16;

// Answers to peers

/** Transactions and bytes of one bundle on the wire: seven of the longest, so that a vote waits behind a megabyte at most. One
 *  FETCH may name as many transactions, whatever their bytes. */
export const BUNDLE_TRANSACTIONS_MAX = 4_096;
export const BUNDLE_BYTES_MAX = 1024 * 1024;
/** Bytes of transactions in answer to one FETCH: as many as a body may lack. */
export const FETCHED_BYTES_MAX = FULL_BODY_BYTES_MAX;
/** Blocks and bytes of one answer to a FETCH of blocks. */
export const SYNC_BLOCKS_MAX = 64;
export const SYNC_BYTES_MAX = 4 * 1024 * 1024;
/** Bytes of the longest such answer: one block always fits, and with it the headers that lead to a certificate. */
export const SYNC_ANSWER_BYTES_MAX = FULL_BODY_BYTES_MAX + 64 * 1024;
/** Bytes of blocks that came before their turn, or are asked for out of turn: eight answers, so that several peers give at once
 *  while one of them is slow. What is executed next has always room beside them: one answer. */
export const SYNC_HELD_BYTES_MAX = 32 * 1024 * 1024;
/** Blocks by which ranges may be ahead of the next one to be executed: small ones take more memory than their bytes. It is a
 *  second of what the fastest node executes. */
export const SYNC_AHEAD_BLOCKS_MAX = 16 * SYNC_BLOCKS_MAX;
/** Ranges asked of one peer that are open: one is awaited, those before it are late, and may come yet. */
export const SYNC_QUESTIONS_MAX = 4;
/** Bodies read from the store at a time for it: sixty-four of the largest would be half a gigabyte for one question. */
export const SYNC_READ_AHEAD = 8;
/** Answers with bodies or blocks that are made at a time, for all peers: each takes up to the longest answer, twice while it is
 *  put together. */
export const LARGE_ANSWERS_MAX = 2;
/** Bytes a second of what they were given before that all peers together get again, in each lane: as much as a chain grows by
 *  under full load, so that a peer whose answers are all lost once still keeps up; and a twelfth of an uplink of 100 Mbit/s. The
 *  burst of an account comes before that: some MiB, enough for answers that were lost with a connection. */
export const REPEATED_BYTES_PER_S = 1024 * 1024;
/** Number of transactions and bodies of which we remember which peers were given them: a full mempool, and what bodies
 *  in flight carry besides. */
export const GIVEN_MAX = 65_536;
/** How long at least, in ms after a peer was given blocks, it pays more for the same blocks. Long enough that it cannot
 *  have the whole chain again and again; not for ever, since it may lose its disk. If it takes longer to give all of
 *  them again at the pace of REPEATED_BYTES_PER_S, it pays more for that long. */
export const GIVEN_HOLD_MS = 3_600_000;
/** Gaps that are remembered between the blocks that a peer was given, the newest of them: who catches up has as many as
 *  ranges are ahead of one another, and leaves a few behind. What is forgotten counts as given. */
export const GIVEN_GAPS_MAX = 64;
/** Bytes of old bodies, of heights more than a window below the last final block, that a peer is given in that time as
 *  if for the first time: several of the longest. This is 18 KiB a second; who needs more asks for blocks. */
export const GIVEN_OLD_BYTES_MAX = 64 * 1024 * 1024;
/** Bytes of encoded bodies that are kept for the next peer that asks: what one peer lacks, others often lack too. */
export const ENCODED_BYTES_MAX = 16 * 1024 * 1024;

/** What peers can make one driver hold at a time. */
export interface Buffers {
  /** Transactions in the mempool, and their bytes. */
  readonly transactions: number;
  readonly transactionBytes: number;
  /** Those among them that lack one before them. */
  readonly gapped: number;
  /** Transactions whose signatures are being checked, and their bytes. */
  readonly verifying: number;
  readonly verifyingBytes: number;
  /** Bodies of heights in flight, complete or not. */
  readonly bodies: number;
  /** Bytes of transactions of bodies that are not judged yet. */
  readonly collectedBytes: number;
  /** Connected peers that say that they are ahead. */
  readonly claims: number;
  /** Bytes of blocks that came before their turn. */
  readonly syncBytes: number;
  /** Messages that wait, of all peers. */
  readonly waiting: number;
  /** Refused transactions that are remembered. */
  readonly refused: number;
  /** Transactions of which is remembered who told them. */
  readonly told: number;
  /** Transactions and bodies of which is remembered who was given them. */
  readonly given: number;
  /** Signatures of validators that were checked. */
  readonly signatures: number;
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

/** Signatures remembered: the votes of all in a window, in the view that failed and in the one before it, and VIEW-CHANGEs. */
export const signaturesMax = (validators: number, window: number): number => 2 * validators * (3 * window + 1);

/**
 * How large each may be at a node of so many validators (itself among them or not), with a window of so many heights,
 * blocks of so much weight, and so many connected peers (validators alone, where nothing is said). What has no place in them is not kept: a vote of another view or beyond the window, anything of another epoch, a body that
 * nobody proposed to us in this view and nobody asked for. STATUS and FETCH bring it back when it is of use. Of each
 * validator the core remembers besides since when it is alone in a higher view, whether it was followed there (V16), and when
 * it was last heard of (V14).
 */
export function bufferLimits(
  validators: number,
  window: number,
  blockWeightMax: number,
  peers: number = validators,
): Buffers {
  const bodies = BODY_WINDOWS * window * BODIES_PER_HEIGHT_MAX;
  const checkpoints = 2 * window * validators;
  return {
    transactions: MEMPOOL_TRANSACTIONS_MAX,
    transactionBytes: MEMPOOL_BYTES_MAX,
    gapped: GAPPED_TRANSACTIONS_MAX,
    verifying: VERIFYING_MAX + bodies * BODY_TRANSACTIONS_MAX,
    verifyingBytes: VERIFYING_BYTES_MAX + bodies * FULL_BODY_BYTES_MAX,
    bodies,
    collectedBytes: collectedBytesMax(blockWeightMax),
    // The newest of each peer: who is no validator here may be one in an epoch that runs elsewhere.
    claims: peers,
    // And the answer that is executed next.
    syncBytes: SYNC_HELD_BYTES_MAX + SYNC_ANSWER_BYTES_MAX,
    waiting: INPUTS_MAX,
    refused: REFUSALS_MAX,
    told: TOLD_MAX,
    given: GIVEN_MAX,
    signatures: signaturesMax(validators, window),
    evidence: validators * EVIDENCE_PER_VALIDATOR_MAX,
    // A primary may propose as far as the window reaches, and no quorum lets it reach further.
    slots: window,
    // One of each kind and voter: a second one is evidence or nothing.
    slotVotes: 2 * validators,
    // One of each voter for the heights in the window, and in one below it: certificates of their own are completed there.
    checkpoints,
    // One of each voter, that to its highest view, however far ahead that is: who is alone there moves others by one view (V16).
    viewChanges: validators,
    promises: promisesMax(window),
    // One of each place of the current view where two votes can contradict each other, and one of each CHECKPOINT that is kept.
    reported: (1 + 2 * validators) * window + checkpoints,
    // What each said last, of its view and of its certificate.
    lacking: 2 * validators,
  };
}
/** Bytes of a batch of the first state: LevelDB copies a batch in memory twice, and a genesis may have a million accounts. */
export const FOUNDING_BYTES: number = 16 * 1024 * 1024;
