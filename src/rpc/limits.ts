/** Every bound of the HTTP server, with its reason. */

/** Bytes of a refused body that are read and dropped so that its sender gets to read why: well above what anybody sends by
 *  mistake, and a fraction of a second's work. */
export const DROPPED_BYTES_MAX = 32 * 1024 * 1024;

/** Microseconds of the main thread that any answer takes: parsing the request, routing, a small JSON, writing it. */
export const READ_MICROS = 200;
/** Microseconds of the main thread that a stream takes for a block, beside reading it and making its events, which is measured. */
export const STREAM_MICROS = 100;
/** Old blocks that are read for streams at a time: each is in memory then, whole, and whose it is can be told by what it took. */
export const STREAM_READS_AT_ONCE = 1;
/** Microseconds that a turn takes at most, but for what cannot be done in parts, such as decoding a block. */
export const TURN_MICROS = 1_000;
/** And for what it says, each KiB that is written. */
export const WRITE_MICROS_PER_KIB = 1;
/** Microseconds of the main thread that any submission takes: the same, and what it takes to read a body at all. */
export const SUBMIT_MICROS = 300;
/** Microseconds that each KiB of a submission takes to be read; what looking into it takes is measured. */
export const BODY_MICROS_PER_KIB = 2;
/** Microseconds for each transaction that a submission holds: decoding, hashing, judging it, and saying what came of it. */
export const TRANSACTION_MICROS = 40;
/** And for each KiB beyond the first of one of them. */
export const TRANSACTION_MICROS_PER_KIB = 8;
/** Bytes of a transaction for which it takes a place among those that are being looked at; longer ones take more. */
export const PLACE_BYTES = 2 * 1024;
/** Transactions whose charge was given back, which happens once for each: more than wait in a mempool, so that nobody works
 *  for nothing by submitting again and again what waits there. */
export const GIVEN_BACK_MAX = 65_536;
/** Milliseconds after which the rendering of a block makes room for others, and how many transactions it looks at between two
 *  looks at the clock: they may have sixteen transfers each. */
export const SLICE_MS_MAX = 1;
export const RENDERED_AT_ONCE = 16;
/** Blocks that are rendered at a time: each is in memory then, decoded. */
export const RENDERINGS_AT_ONCE = 2;
/** Pages of lists that are made at a time: each has up to a megabyte in memory then. */
export const PAGES_AT_ONCE = 8;
/** A block without a certificate of its own is rendered again after so many milliseconds: it may have one by then. */
export const UNCERTIFIED_MS = 1_000;
/** Bytes of an answer that a client cannot take at once. Such an answer has to be read within so many milliseconds, some ten
 *  kilobytes a second for a block of two thousand transfers. */
export const LARGE_BYTES = 64 * 1024;
export const ANSWER_MS_MAX = 60_000;
/** Milliseconds for which /v1/status and /v1/offences are answered by the same bytes: a tick of the protocol's clock. */
export const STATUS_MS = 50;

/** How much of the main thread's time one kind of requests may take. */
export interface TurnLimits {
  /** Microseconds in a second, and in one go after a pause. */
  readonly microsPerSecond: number;
  readonly microsBurst: number;
  /** In one turn of the event loop. */
  readonly microsPerTurn: number;
  /** Requests that wait for their turn. */
  readonly waitingMax: number;
  /** Milliseconds after which one is refused that has no room to wait. */
  readonly refusalMs: number;
}

export interface ServerLimits {
  /** Open connections; further ones are closed at once. */
  readonly connectionsMax: number;
  /** Bytes of the request line and all headers. */
  readonly headerBytesMax: number;
  /** Milliseconds for the headers to arrive, from the first byte or from the opening of the connection. */
  readonly headersTimeoutMs: number;
  /** Milliseconds for the whole request to arrive. */
  readonly requestTimeoutMs: number;
  /** How often those two are looked at. */
  readonly timeoutCheckMs: number;
  /** Milliseconds that an idle connection is kept for the next request. */
  readonly keepAliveMs: number;
  /** Milliseconds without a byte either way, after which a connection is closed, whatever it waits for. */
  readonly stallMs: number;
  /** Transactions that requests wait for with `?wait=committed`, all together. */
  readonly waitingMax: number;
  /** Open event streams. */
  readonly streamsMax: number;
  /** Milliseconds between the heartbeats of an event stream. */
  readonly heartbeatMs: number;
  /** Microseconds of the main thread that answers to reads may take in a second, and in one go after a pause. */
  readonly readMicrosPerSecond: number;
  readonly readMicrosBurst: number;
  /** In one turn of the event loop. */
  readonly readMicrosPerTurn: number;
  /** Reads that wait for their turn. */
  readonly readsWaitingMax: number;
  /** The same of submissions, whose transactions are given back when they are taken in. */
  readonly submitMicrosPerSecond: number;
  readonly submitMicrosBurst: number;
  readonly submitMicrosPerTurn: number;
  readonly submitsWaitingMax: number;
  /** Milliseconds after which one is refused that has no room to wait. */
  readonly refusalMs: number;
  /** Bytes of rendered blocks that are kept, or still being written to somebody. */
  readonly blockBytesMax: number;
  /** Bytes of entries and pages that are still being written to somebody, after which no further answer is begun. */
  readonly longAnswerBytesMax: number;
  /** Places for transactions that are being looked at before their submission is answered, and places of those that wait. */
  readonly submittingMax: number;
  readonly submissionsWaitingMax: number;
  /** Milliseconds that requests in flight get when the server closes. */
  readonly closeGraceMs: number;
}

export const DEFAULT_LIMITS: ServerLimits = {
  // A bench's thousand clients and a few readers; each costs some 30 KiB.
  connectionsMax: 2048,
  // The interface needs no cookies.
  headerBytesMax: 8 * 1024,
  headersTimeoutMs: 5_000,
  // Half a megabyte, the longest body, over a slow mobile link.
  requestTimeoutMs: 15_000,
  timeoutCheckMs: 1_000,
  // Longer than the idle limit of common clients would be a race for the client; theirs is 4 s (undici) to 90 s.
  keepAliveMs: 30_000,
  // Longer than the longest wait, 60 s.
  stallMs: 90_000,
  // Sixteen full batches.
  waitingMax: 4096,
  // Explorers and wallets of one organisation.
  streamsMax: 64,
  // Half of the shortest idle limit of common proxies.
  heartbeatMs: 15_000,
  // A fifth: commits take no more than three times as long while it is used up, by three validators on one core (npm run soak).
  readMicrosPerSecond: 200_000,
  readMicrosBurst: 50_000,
  // Messages of peers come in between.
  readMicrosPerTurn: TURN_MICROS,
  // One for each connection.
  readsWaitingMax: 2048,
  // A fifth, too, for what is of no use; what is taken in costs nothing in the end.
  submitMicrosPerSecond: 200_000,
  // What is on its way is paid for until it is taken in: a thousand clients with one transaction each, at some 350
  // microseconds, and a dozen full batches. Honest load never waits for its own money.
  submitMicrosBurst: 600_000,
  // Honest clients come all at once, and cost a fraction of what they are charged. Only a burst can be spent so fast.
  submitMicrosPerTurn: 20_000,
  // One for each connection.
  submitsWaitingMax: 2048,
  // As Retry-After says.
  refusalMs: 1_000,
  // Some tens of full blocks.
  blockBytesMax: 64 * 1024 * 1024,
  // Some tens of the longest pages.
  longAnswerBytesMax: 64 * 1024 * 1024,
  // A quarter of those whose signatures may be being checked, by number and by bytes; so no client can fill that with its own.
  submittingMax: 2_048,
  // 256 full batches, or 128 MiB.
  submissionsWaitingMax: 65_536,
  closeGraceMs: 2_000,
};

export const readTurns = (limits: ServerLimits): TurnLimits => ({
  microsPerSecond: limits.readMicrosPerSecond,
  microsBurst: limits.readMicrosBurst,
  microsPerTurn: limits.readMicrosPerTurn,
  waitingMax: limits.readsWaitingMax,
  refusalMs: limits.refusalMs,
});

export const submitTurns = (limits: ServerLimits): TurnLimits => ({
  microsPerSecond: limits.submitMicrosPerSecond,
  microsBurst: limits.submitMicrosBurst,
  microsPerTurn: limits.submitMicrosPerTurn,
  waitingMax: limits.submitsWaitingMax,
  refusalMs: limits.refusalMs,
});
