/** Every bound of the network, with its reason. */
import type { Lane } from '../driver/ports.ts';

const KIB = 1024;
const MIB = 1024 * KIB;

// What travels

/** Bytes of a frame, without its own length. A NEW-VIEW of 64 validators takes up to 9 MiB and a reply with blocks up to
 *  8 MiB and a little; the next power of two leaves room for both. Checked on the declared length, before a byte of it is kept. */
export const FRAME_BYTES_MAX = 16 * MIB;
/** Bytes of one message: a frame with nothing else in it. */
export const MESSAGE_BYTES_MAX = FRAME_BYTES_MAX - 4;
/** Messages in a frame. Keeps a frame full of one-byte messages from becoming millions of objects at once. */
export const FRAME_MESSAGES_MAX = 4096;
/** Bytes after which a frame is closed and the next begun. A vote waits behind at most one such frame (or one long message);
 *  it is also where the stream first asks us to wait. */
export const FRAME_BYTES_TARGET = 256 * KIB;
/** Bytes first set aside for a frame that arrives in pieces; doubled as they come. A declared length costs nobody memory. */
export const FRAME_BYTES_FIRST = 64 * KIB;
/** Bytes of a frame before the peer has proved its chain: a HELLO takes 54. */
export const HELLO_FRAME_BYTES_MAX = 128;

export interface LaneLimits {
  readonly messagesMax: number;
  readonly bytesMax: number;
}

/** What waits for one peer. Full means that the peer does not keep up; the oldest goes, and STATUS or FETCH repairs it.
 *  Messages to all peers are shared, so the sum over peers is far below its bound. */
export const LANE_LIMITS: Readonly<Record<Lane, LaneLimits>> = {
  /** Votes of a whole window from 64 validators, and the largest NEW-VIEW with a large PRE-PREPARE beside it. */
  consensus: { messagesMax: 8192, bytesMax: 24 * MIB },
  /** Bundles of forwarded transactions: some seconds of a saturated network. */
  transactions: { messagesMax: 4096, bytesMax: 16 * MIB },
  /** Answers with blocks. A peer asks for one or two at a time. */
  sync: { messagesMax: 256, bytesMax: 24 * MIB },
};

/** Bytes of one yamux frame and window. The library buffers a whole declared yamux frame before it looks at the window, so
 *  the bound is enforced in front of it. 1 MiB in flight fills 10 MiB/s at a round trip of 100 ms. */
export const MUX_FRAME_BYTES_MAX = MIB;
/** Bytes that wait under the streams of a connection: one window of data and answers to pings. More means that the far
 *  side makes us answer and does not read. */
export const MUX_WRITE_BUFFER_BYTES_MAX = 4 * MIB;

// Who may connect

/** Connections in all: 64 validators, some observers, and for each one that is being replaced. */
export const CONNECTIONS_MAX = 256;
/** Connections of one peer id: the one in use, one from either side that is being settled. */
export const CONNECTIONS_PER_PEER_MAX = 3;
/** Who waits in front of or in a handshake. */
export interface RoomLimits {
  readonly max: number;
  /** Of them from hosts where no peer is known to be; the others have the rest. */
  readonly strangersMax: number;
  /** From one such host. */
  readonly hostMax: number;
  /** Milliseconds that somebody has before having to make room for the next. */
  readonly graceMs: number;
}

/** Sockets that libp2p does not know of yet: some kilobytes each, and no work. One turn of the event loop accepts at most 511,
 *  the length of the queue: so nobody has to go whose first bytes are there already. */
export const OUTSIDE_LIMITS: RoomLimits = { max: 512, strangersMax: 256, hostMax: 16, graceMs: 0 };
/** Inbound connections in their handshake. A testnet of 16 on one host starts with 15 at once and may race. The grace is some
 *  round trips: a known peer gets in within it where strangers are in its way, and within two seconds where five hundred share
 *  its host. Our own dials do not pass this door. */
export const GREETING_LIMITS: RoomLimits = { max: 64, strangersMax: 32, hostMax: 16, graceMs: 250 };
/** Handshakes that begin in one second: each costs us about half a millisecond if it is gone through with, so strangers take a
 *  thirtieth of our time at most, and who shares a host with a peer an eighth. */
export const KNOWN_HANDSHAKES_PER_SECOND = 256;
export const STRANGERS_HANDSHAKES_PER_SECOND = 64;
/** While somebody waits for room: between two looks whether there is some. */
export const LOOK_AGAIN_MS = 20;
/** Milliseconds from an accepted socket to its first byte, and from there to an encrypted, multiplexed connection: a few round
 *  trips. */
export const UPGRADE_MS_MAX = 3_000;

// Time on a connection, in ticks. They are counted, not measured: when our own process was held up there is one tick for
// the whole pause, and nobody is blamed for it.

export const TICK_MS = 1_000;
/** From the connection to both HELLOs. */
export const HANDSHAKE_TICKS_MAX = 5;
/** Quiet ticks after which an empty frame shows that we live. */
export const HEARTBEAT_TICKS = 4;
/** Quiet ticks of the peer after which it is gone: three heartbeats and a bit. libp2p itself would take 120 s. */
export const SILENCE_TICKS_MAX = 15;
/** From the first byte of a frame to its last: the largest at 5 Mbit/s. */
export const FRAME_TICKS_MAX = 30;
/** Ticks without any progress while bytes wait to be written: the peer does not read. */
export const STALL_TICKS_MAX = 20;
/** A second connection of the same running peer within this age of the first is the twin of a simultaneous dial, and goes.
 *  Later it means that the peer has lost the first without our noticing. */
export const TWIN_TICKS = 2;

// Dialling

/** The first try after a loss. A restarted process takes longer, a broken connection does not. */
export const REDIAL_MS_MIN = 100;
/** The longest wait between tries, for ever. Recovery is promised in four seconds after the quorum is back, and this is part
 *  of it. */
export const REDIAL_MS_MAX = 1_000;
/** One try at one address; a lost SYN is repeated after one second. */
export const DIAL_MS_MAX = 2_500;
/** A session that was open for so many ticks starts the waits anew; one that breaks at once does not. */
export const LASTING_TICKS = 2;
/** Discovered addresses kept for a peer, beside the configured ones. Anybody on the local network can announce some. */
export const DISCOVERED_ADDRESSES_MAX = 4;
/** Characters of an announced address: what a TXT record holds (RFC 6763, 6.1). */
export const ANNOUNCEMENT_CHARACTERS_MAX = 255;
/** Addresses in one mDNS answer that are looked at: a host has a few interfaces, and each has two families. */
export const ANNOUNCED_ADDRESSES_MAX = 16;
/** News of one peer that is parsed, kept and dialled; what is known already costs nothing. A restart is one address for each
 *  interface, and is announced again after some seconds. */
export const PEER_ANNOUNCEMENTS_PER_SECOND = 1;
export const PEER_ANNOUNCEMENTS_BURST = 4;
/** News of all peers: a testnet of 16 that starts at once, a hundred peers that come back after a power cut in some seconds. */
export const ANNOUNCEMENTS_PER_SECOND = 16;
export const ANNOUNCEMENTS_BURST = 64;
/** Peers whose announcements are counted: more than can be admitted. */
export const ANNOUNCED_PEERS_MAX = 1_024;
/** mDNS questions that we answer, each with a packet to everybody: 64 validators that ask every three seconds. */
export const QUESTIONS_PER_SECOND = 32;
export const QUESTIONS_BURST = 64;
/** Between mDNS questions. Answers also come when a newcomer asks, which it does at once. */
export const MDNS_INTERVAL_MS = 3_000;

// Punishment

/** First time away. */
export const AWAY_MS_MIN = 10_000;
/** Doubled for each further offence up to this: a repaired node is never away for longer. */
export const AWAY_MS_MAX = 300_000;
/** One offence is forgiven for each such time without another. */
export const FORGIVE_MS = 600_000;
/** Peers whose offences are remembered: more than can be admitted. */
export const OFFENDERS_MAX = 1_024;

// Logs

/** The same event of the same peer is written once in this time, and all refused strangers together. */
export const LOG_AGAIN_MS = 30_000;
export const LOG_MEMORY_MAX = 512;
/** Milliseconds a goodbye may take before the connection is cut. */
export const CLOSE_MS_MAX = 1_000;
