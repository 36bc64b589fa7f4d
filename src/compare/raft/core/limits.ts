/** The bounds of Raft's core, each with its reason. */
import { VALIDATORS_MAX } from '../../../ledger/limits.ts';

/** Servers of a cluster: as many as validators, so that both can be put side by side. */
export const SERVERS_MAX = VALIDATORS_MAX;
/** Bytes of a payload: one transaction of the ledger that carries no data, as all do that are compared. Many at once go as many
 *  entries of one message. */
export const PAYLOAD_BYTES_MAX = 2048;
/** Entries of one AppendEntries: with the longest payloads that is 130 KiB, as much as a wire takes without making
 *  heartbeats wait. */
export const ENTRIES_PER_MESSAGE_MAX = 64;
/** Entries on their way to one follower that it has not acknowledged: full messages for a round trip of some hundred
 *  milliseconds. More would only wait in front of a follower that is gone. */
export const INFLIGHT_ENTRIES_MAX = 1024;
/** Entries of a log. There are no snapshots (section 7): nothing is ever taken out of a log, so a run ends here. */
export const LOG_ENTRIES_MAX = 1 << 20;
