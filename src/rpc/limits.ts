/** Every bound of the HTTP server, with its reason. */

/** Bytes of a refused body that are read and dropped so that its sender gets to read why: well above what anybody sends by
 *  mistake, and a fraction of a second's work. */
export const DROPPED_BYTES_MAX = 32 * 1024 * 1024;

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
  /** Milliseconds that requests in flight get when the server closes. */
  readonly closeGraceMs: number;
}

export const DEFAULT_LIMITS: ServerLimits = {
  // A bench's thousand clients and a few readers; each costs some 30 KiB.
  connectionsMax: 2048,
  // The interface needs no cookies.
  headerBytesMax: 8 * 1024,
  headersTimeoutMs: 5_000,
  // Half a megabyte over a slow mobile link.
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
  closeGraceMs: 2_000,
};
