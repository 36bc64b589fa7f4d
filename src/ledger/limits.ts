/** Every limit of the ledger's types, with its reason. They are part of the encoding: changing one changes the format. Limits of
 *  one kind of operation stand in its file. */

/** Validators in a set. A VIEW-CHANGE grows with their number times the window; 64 keeps it under a megabyte. */
export const VALIDATORS_MAX = 64;
/** Nodes without a vote that a chain lists: what validators are asked by them is bounded for each. */
export const OBSERVERS_MAX = 64;
/** Nodes of validators without a seat that an epoch admits: each validator on record may be one, and each of the epoch before. */
export const FOLLOWERS_MAX = 2 * VALIDATORS_MAX;
/** Validators that a set keeps, whoever would leave: with fewer not one may fail. */
export const VALIDATORS_MIN = 4;
/** Proposals that the state holds: each is looked at by whoever makes another one, and at the end of each epoch. Enough for a
 *  consortium that changes a member and its parameters at once. */
export const PROPOSALS_MAX = 64;
/** Heights for which a proposal may be open: thirty days at one block a second. Members' boards meet once a month. */
export const PROPOSAL_HEIGHTS_MAX = 2_592_000;
/** Operations in a transaction: enough for a batch payment, little enough to check before a block is built. */
export const OPERATIONS_MAX = 16;
/** Bytes of a memo: a reference, not a document. */
export const MEMO_BYTES_MAX = 256;
/** Transactions in a body, whatever their weight: bounds a PRE-PREPARE to 32 bytes each. */
export const BODY_TRANSACTIONS_MAX = 8192;
/** Pieces of evidence in a body: there are at most n offenders, and each is slashed once. */
export const BODY_EVIDENCE_MAX = 16;
/** Epochs, the current one among them, whose offences may still be recorded: enough for many honest primaries in a row to
 *  come and go, few enough to hold a proof for every validator and each of them. */
export const EVIDENCE_EPOCHS_MAX = 64;
/** Characters of the name of a namespace: it stands in keys, paths and log lines. */
export const NAMESPACE_CHARACTERS_MAX = 32;
/** Characters of the key of an entry, each of them a byte: a path or an identifier, not a document. */
export const KEY_CHARACTERS_MAX = 128;
/** Bytes of the value of an entry: a document, and no file. Larger things are kept elsewhere, and their hash here. */
export const VALUE_BYTES_MAX = 64 * 1024;
/** Bytes of an encoded signed transaction: two of the longest values, so that one can take the place of another at once; and 8 KiB
 *  for what stands around them. Sixteen operations, each with a key, a namespace, a condition and its frame, take less than 4 KiB,
 *  the memo, the signature and the other fields less than half of one. */
export const TRANSACTION_BYTES_MAX = 2 * VALUE_BYTES_MAX + 8 * 1024;
/** Events in a receipt: at most one for an operation. */
export const RECEIPT_EVENTS_MAX = OPERATIONS_MAX;
/** Accounts in a genesis file. */
export const GENESIS_ACCOUNTS_MAX = 1_000_000;
/** Characters of a genesis file: the accounts above at 150 characters each, and room. */
export const GENESIS_TEXT_MAX = 192 * 1024 * 1024;
/** Characters of a name of a network or validator: it stands in every log line. */
export const NAME_MAX = 32;
/** Characters of the peer id of an ed25519 key: 38 bytes in base58. */
export const PEER_ID_CHARACTERS = 52;
/** Heights in flight above the newest certificate. With 64 validators a VIEW-CHANGE carries this many prepared
 *  certificates of 4 KiB; a genesis may choose a smaller window. */
export const WINDOW_MAX = 32;
/** Sum of all balances; also the reason why no balance can overflow. */
export const SUPPLY_MAX = 2n ** 64n - 1n;
/** Sum of the powers of a set: three times it is compared, and it has to fit a signed 64-bit integer elsewhere. */
export const TOTAL_POWER_MAX = 2n ** 63n - 1n;
/** What bonds can make of all stakes together, those on their way out among them: all of it may have power one day, and a member that is
 *  kept without any stake has a unit of power beside that. */
export const STAKES_MAX: bigint = TOTAL_POWER_MAX - BigInt(VALIDATORS_MAX);
/** Weight of every transaction, whatever it does: its signature is checked and its bytes are kept. What its operations add
 *  stands with each kind of them. */
export const TRANSACTION_WEIGHT = 1;
/** Weight of an operation on data, before the bytes that it carries, which are one more unit at least. So it weighs twice what a transfer
 *  does, and it touches twice as many entries: its namespace, what it writes, the sender and the deposits. */
export const DATA_WEIGHT = 1;
/** What a new account or entry weighs, beside the operation that makes it, where fees are counted; blocks have room for it anyway. It
 *  takes about a kilobyte of each node's disk for ever, leaf and nodes above it included, and the transaction itself takes some
 *  hundred bytes for a weight of two. */
export const NEW_ENTRY_WEIGHT = 10;
/** Weight of a block for each new account or entry that it may make: a block of 4000 makes a thousand. What is new is not known before it
 *  is executed, so bodies cannot be filled by it. Measured, with three nodes on one core and blocks as full as they may be: payments to
 *  known accounts were final in 0.6 s, those that made accounts in 3.0 s; with this bound their blocks take a quarter longer. */
export const WEIGHT_PER_NEW_ENTRY = 4;
/** Writers of a namespace, beside its owner: each is read whenever somebody writes. The members of a consortium, or what they have
 *  in between; not all of their users. */
export const NAMESPACE_WRITERS_MAX = 16;
/** Heights for which a lease may be taken ahead: a day at one block a second. What its owner leaves behind when it is gone for good is
 *  locked no longer. */
export const LEASE_HEIGHTS_MAX = 86_400;
/** Weight of an operation on validators or proposals. Few accounts get further than the first entry that it looks at, and whoever does
 *  has a vote. */
export const MEMBERSHIP_WEIGHT = 1;
/** Bytes that an operation brings, beyond what its kind always has, for one more unit of weight. A transfer and its transaction weigh
 *  two units and take up to 465 bytes with a memo: so a block of data is about as long as one of transfers, and what bounds the
 *  weight of blocks bounds their bytes too. */
export const BYTES_PER_WEIGHT = 256;
/** New accounts and entries of one sender that a genesis may allow in a block: all that its operations could make. */
export const NEW_ENTRIES_MAX = BODY_TRANSACTIONS_MAX * OPERATIONS_MAX;
/** Versions of the state tree: six bytes hold them, and a block a millisecond would need 8,900 years to pass that. */
export const TREE_VERSION_MAX = 2 ** 48 - 1;
/** Windows of heights that a pruned state keeps at least: one of blocks that were executed and are not final yet, and one more, for
 *  whoever reads by the newest final block while others go on. */
export const HISTORY_WINDOWS_MIN = 2;
/** Leaves of a subtree that lie in the slot of their node and need no node of their own. Part of the stored format. Measured with 1, 2
 *  and 4 on a million leaves: 360,000, 146,000 and 73,000 nodes, and 1.5, 1.8 and 2.0 kB written for each of 2,000 changes. */
export const INLINE_LEAVES_MAX = 2;
/** Of the bytes of a node, those that its difference from its base may have; one that would be longer is stored whole. A node that changes
 *  by a slot at a time is written with the fewest bytes where it is whole again about then. */
export const DIFFERENCE_PART_MAX = 0.4;
/** Nibbles of the path to a node: the 64th is the slot of a leaf. */
export const NODE_PATH_MAX = 63;
/** Siblings in a proof: one for each bit of a key's hash. A tree of a million leaves has 20 to 40 of them. */
export const PROOF_SIBLINGS_MAX = 256;
/** Bytes of the record of what one block made stale: a full block that touches a quarter of a million entries, each with five
 *  nodes above it and each of those with its base, has 26 MiB. */
export const STALE_RECORD_BYTES_MAX = 32 * 1024 * 1024;
