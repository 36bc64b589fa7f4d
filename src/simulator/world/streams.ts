/**
 * The stream under a connection, one for each direction: so much may be on its way that the receiver has not taken yet; what
 * comes after it waits at the sender's, as long as the receiver holds the stream too. The queue there is bounded.
 */
import type { PeerId } from '../../driver/ports.ts';
import type { SimulatedNode } from './node.ts';
import type { Scheduler } from './scheduler.ts';

/** As in a node's muxer. */
const WINDOW_BYTES = 1024 * 1024;
/** As in a lane of a node's transport. */
const WAITING_MAX = 8192;

interface Waiting {
  readonly bytes: number;
  go(): void;
  dropped(): void;
}

interface Stream {
  readonly session: number;
  held: boolean;
  /** Bytes that the receiver has not taken yet. */
  pending: number;
  waiting: Waiting[];
}

export class Streams {
  readonly #scheduler: Scheduler;
  readonly #session: (from: SimulatedNode, to: SimulatedNode) => number;
  readonly #streams = new Map<SimulatedNode, Map<SimulatedNode, Stream>>();

  /** `session`: the number of the present connection between two nodes. */
  constructor(scheduler: Scheduler, session: (from: SimulatedNode, to: SimulatedNode) => number) {
    this.#scheduler = scheduler;
    this.#session = session;
  }

  /** A message is at the receiver's door: `go` lets it in when the stream has room, and calls `taken` when it is in. */
  arrive(
    from: SimulatedNode,
    to: SimulatedNode,
    bytes: number,
    go: (taken: () => void) => void,
    dropped: () => void,
  ): void {
    const stream = this.#stream(from, to);
    const enter = (): void => {
      stream.pending += bytes;
      go(() => {
        stream.pending -= bytes;
        this.#flushSoon(stream);
      });
    };
    stream.waiting.push({ bytes, go: enter, dropped });
    if (stream.waiting.length > WAITING_MAX) stream.waiting.shift()?.dropped();
    this.#flush(stream);
  }

  /** The receiver reads nothing more from this peer, or goes on. */
  hold(to: SimulatedNode, peer: PeerId, held: boolean): void {
    for (const [from, stream] of this.#streams.get(to) ?? []) {
      if (from.peerId !== peer) continue;
      stream.held = held;
      this.#flushSoon(stream);
    }
  }

  #stream(from: SimulatedNode, to: SimulatedNode): Stream {
    const streams = this.#streams.get(to) ?? new Map<SimulatedNode, Stream>();
    this.#streams.set(to, streams);
    const session = this.#session(from, to);
    const known = streams.get(from);
    if (known?.session === session) return known;
    const stream: Stream = { session, held: false, pending: 0, waiting: [] };
    streams.set(from, stream);
    return stream;
  }

  /** When the receiver has done what it is doing. */
  #flushSoon(stream: Stream): void {
    if (stream.held || stream.waiting.length === 0) return;
    this.#scheduler.after(0, () => this.#flush(stream));
  }

  #flush(stream: Stream): void {
    while (!stream.held && stream.pending < WINDOW_BYTES && stream.waiting.length > 0) stream.waiting.shift()?.go();
  }
}
