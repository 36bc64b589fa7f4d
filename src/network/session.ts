/**
 * One connection with one peer, from its first byte to its end: HELLO, frames both ways, heartbeats, time limits. Knows
 * nothing of libp2p, so that it is tested with a pipe.
 *
 * Which of two connections is used, when both sides dial at once or one has lost the other unnoticed? The peer with the
 * smaller id elects: it answers a HELLO only on the connection it chooses, and its answer opens the session on both sides.
 */
import { present } from '../base/invariant.ts';
import type { Lane, PeerId } from '../driver/ports.ts';
import { encodeFrame, type Frame, FrameDecoder } from './frames.ts';
import { type Hello, helloCodec, readHello } from './hello.ts';
import {
  FRAME_BYTES_MAX,
  FRAME_BYTES_TARGET,
  FRAME_MESSAGES_MAX,
  FRAME_TICKS_MAX,
  HANDSHAKE_TICKS_MAX,
  HEARTBEAT_TICKS,
  HELLO_FRAME_BYTES_MAX,
  LANE_LIMITS,
  SILENCE_TICKS_MAX,
  STALL_TICKS_MAX,
} from './limits.ts';
import { type LaneState, SendQueue } from './queue.ts';

/** The stream under a session. */
export interface Wire {
  send(bytes: Uint8Array): void;
  /** True while the stream asks us to wait. When that ends, it calls `writable`. */
  full(): boolean;
  /** Reads no more, or goes on: what the peer sends waits at its side. */
  hold(held: boolean): void;
}

export interface SessionPorts {
  /** The smaller id asks whether this is the connection to use. */
  elect(session: Session): boolean;
  opened(session: Session): void;
  received(message: Uint8Array): void;
  /** The session is over, and the connection under it is to be closed. */
  ended(ending: Ending): void;
}

/** Why and how a session ended. */
export interface Ending {
  readonly code: string;
  readonly message: string;
  /** It had been open. */
  readonly opened: boolean;
  /** The peer broke the protocol, and is kept away for a while. */
  readonly offence: boolean;
  /** The last bytes written should still arrive. */
  readonly gently: boolean;
}

/** Counted since the connection; bytes with their framing. */
export interface Traffic {
  frames: number;
  messages: number;
  bytes: number;
}

const HEARTBEAT: Frame = [];

export class Session {
  readonly peer: PeerId;
  readonly connectedAtMs: number = Date.now();
  readonly sent: Traffic = { frames: 0, messages: 0, bytes: 0 };
  readonly received: Traffic = { frames: 0, messages: 0, bytes: 0 };
  /** Ticks since the connection, and from 0 again since the session is open. */
  age = 0;
  /** Known once the session is open. */
  incarnation: Uint8Array | undefined;
  readonly #elects: boolean;
  readonly #hello: Hello;
  readonly #ports: SessionPorts;
  readonly #queue = new SendQueue(LANE_LIMITS);
  readonly #decoder = new FrameDecoder(HELLO_FRAME_BYTES_MAX);
  #wire: Wire | undefined;
  #phase: 'greeting' | 'open' | 'ended' = 'greeting';
  #flushing = false;
  #quietHere = 0;
  #quietThere = 0;
  #unfinished = 0;
  #stalled = 0;
  #held = false;

  constructor(peer: PeerId, elects: boolean, hello: Hello, ports: SessionPorts) {
    this.peer = peer;
    this.#elects = elects;
    this.#hello = hello;
    this.#ports = ports;
  }

  get open(): boolean {
    return this.#phase === 'open';
  }

  get over(): boolean {
    return this.#phase === 'ended';
  }

  /** It waits for its stream. */
  get attachable(): boolean {
    return !this.over && this.#wire === undefined;
  }

  /** What waits to be written. */
  queued(): Readonly<Record<Lane, LaneState>> {
    return this.#queue.state();
  }

  /** The stream is there. */
  attach(wire: Wire): void {
    this.#wire = wire;
    if (!this.#elects) this.#sendHello();
  }

  /** Queues a message. It leaves after this turn of the event loop, together with all that the turn has queued. */
  send(lane: Lane, message: Uint8Array): void {
    this.#queue.push(lane, message);
    this.#flushSoon();
  }

  /** Reads nothing more from the peer, which is not blamed for its silence then; or goes on. */
  hold(held: boolean): void {
    if (this.over || held === this.#held) return;
    this.#held = held;
    this.#wire?.hold(held);
  }

  /** The stream takes bytes again. */
  writable(): void {
    this.#stalled = 0;
    if (!this.#queue.empty) this.#flushSoon();
  }

  /** Bytes from the peer. */
  receive(chunk: Uint8Array): void {
    if (this.over) return;
    this.#quietThere = 0;
    this.received.bytes += chunk.length;
    this.#decoder.feed(chunk);
    while (!this.over) {
      const frame = this.#decoder.next();
      if (!frame.ok) return this.end(frame.error.code, frame.error.message, { offence: true });
      if (frame.value === undefined) return;
      this.#unfinished = 0;
      this.#receiveFrame(frame.value);
    }
  }

  /** One tick of the clock: heartbeat and time limits. */
  tick(): void {
    this.age++;
    if (this.#phase === 'greeting') {
      if (this.age > HANDSHAKE_TICKS_MAX) this.end('HANDSHAKE_TIMEOUT', 'no HELLO in time');
      return;
    }
    if (!this.#held) {
      this.#quietThere++;
      this.#unfinished = this.#decoder.unfinished ? this.#unfinished + 1 : 0;
    }
    this.#stalled = this.#wire?.full() ? this.#stalled + 1 : 0;
    if (this.#quietThere > SILENCE_TICKS_MAX) return this.end('SILENT', 'no heartbeat');
    if (this.#stalled > STALL_TICKS_MAX) return this.end('STALLED', 'the peer does not read');
    if (this.#unfinished > FRAME_TICKS_MAX) {
      return this.end('FRAME_TIMEOUT', 'a frame was begun and not finished', { offence: true });
    }
    this.#quietHere++;
    if (this.#quietHere >= HEARTBEAT_TICKS && this.#wire?.full() === false) this.#write(HEARTBEAT);
  }

  /** Ends the session, once. */
  end(code: string, message: string, how: { readonly offence?: boolean; readonly gently?: boolean } = {}): void {
    if (this.over) return;
    const opened = this.open;
    this.#phase = 'ended';
    this.#ports.ended({ code, message, opened, offence: how.offence ?? false, gently: how.gently ?? false });
  }

  #receiveFrame(frame: Frame): void {
    this.received.frames++;
    this.received.messages += frame.length;
    if (this.#phase === 'greeting') return this.#receiveHello(frame);
    for (const message of frame) {
      if (this.over) return;
      this.#ports.received(message);
    }
  }

  #receiveHello(frame: Frame): void {
    const [message] = frame;
    if (message === undefined || frame.length > 1) {
      return this.end('HELLO_MALFORMED', 'the first frame is not a HELLO', { offence: true });
    }
    const hello = readHello(message, this.#hello.chainId);
    if (!hello.ok) {
      const offence = hello.error.code === 'HELLO_MALFORMED';
      // A peer of another chain or version shall be able to say so to its operator.
      if (this.#elects && !offence) this.#sendHello();
      return this.end(hello.error.code, hello.error.message, { offence, gently: !offence });
    }
    this.incarnation = hello.value.incarnation;
    if (this.#elects) {
      if (!this.#ports.elect(this)) return this.end('TWIN', 'another connection of this peer is in use');
      this.#sendHello();
    }
    if (this.over) return;
    this.#decoder.bytesMax = FRAME_BYTES_MAX;
    this.#phase = 'open';
    this.age = 0;
    this.#ports.opened(this);
  }

  #sendHello(): void {
    this.#write([helloCodec.encode(this.#hello)]);
  }

  #flushSoon(): void {
    if (this.#flushing) return;
    this.#flushing = true;
    setImmediate(() => {
      this.#flushing = false;
      this.#flush();
    });
  }

  #flush(): void {
    while (this.open && !this.#queue.empty && this.#wire?.full() === false) {
      this.#write(this.#queue.take(FRAME_BYTES_TARGET, FRAME_MESSAGES_MAX));
    }
  }

  #write(frame: Frame): void {
    const bytes = encodeFrame(frame);
    this.#quietHere = 0;
    this.sent.frames++;
    this.sent.messages += frame.length;
    this.sent.bytes += bytes.length;
    present(this.#wire, 'the stream of a session that writes').send(bytes);
  }
}
