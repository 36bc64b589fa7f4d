/**
 * yamux with a bound on what it buffers. The library keeps a data frame until it is whole and looks at the receive window
 * only then, so a declared length of 4 GiB would be kept as it comes; and its answers to pings wait without limit. Here a
 * reader of the frame headers stands in front, and the write buffer has a limit.
 * Wire form: github.com/hashicorp/yamux/blob/master/spec.md.
 */
import type { MessageStream, StreamMuxerFactory } from '@libp2p/interface';
import { yamux } from '@libp2p/yamux';
import { MUX_FRAME_BYTES_MAX, MUX_WRITE_BUFFER_BYTES_MAX } from './limits.ts';

const HEADER_BYTES = 12;
const TYPE_AT = 1;
const LENGTH_AT = 8;
const DATA = 0;

/** Follows the headers of a yamux byte stream. */
export class MuxGuard {
  readonly #header = new Uint8Array(HEADER_BYTES);
  #filled = 0;
  /** Payload bytes still to be passed over. */
  #payload = 0;

  /** Follows the stream by one more chunk. False as soon as a data frame declares more than the bound. */
  follow(chunk: Uint8Array): boolean {
    for (let at = 0; at < chunk.length; ) {
      if (this.#payload > 0) {
        const passed = Math.min(this.#payload, chunk.length - at);
        this.#payload -= passed;
        at += passed;
        continue;
      }
      const part = chunk.subarray(at, at + HEADER_BYTES - this.#filled);
      this.#header.set(part, this.#filled);
      this.#filled += part.length;
      at += part.length;
      if (this.#filled < HEADER_BYTES) return true;
      this.#filled = 0;
      if (this.#header[TYPE_AT] !== DATA) continue;
      this.#payload = new DataView(this.#header.buffer).getUint32(LENGTH_AT);
      if (this.#payload > MUX_FRAME_BYTES_MAX) return false;
    }
    return true;
  }
}

/** Why a connection was cut here. */
export class MuxFrameError extends Error {
  override readonly name = 'MuxFrameError';
}

/** Muxer for one stream each way. Cuts a connection with MuxFrameError. */
export function boundedYamux(): () => StreamMuxerFactory {
  const create = yamux({
    maxInboundStreams: 1,
    maxOutboundStreams: 1,
    streamOptions: { maxStreamWindowSize: MUX_FRAME_BYTES_MAX },
  });
  return () => {
    const inner = create();
    return {
      protocol: inner.protocol,
      createStreamMuxer(connection) {
        guard(connection);
        return inner.createStreamMuxer(connection);
      },
    };
  };
}

function guard(connection: MessageStream): void {
  connection.maxWriteBufferLength = MUX_WRITE_BUFFER_BYTES_MAX;
  const headers = new MuxGuard();
  connection.addEventListener('message', (event) => {
    const chunks = event.data instanceof Uint8Array ? [event.data] : [...event.data];
    if (chunks.every((chunk) => headers.follow(chunk))) return;
    // The muxer must not see it: reading on after the end, it would throw where nobody catches.
    event.stopImmediatePropagation();
    connection.abort(new MuxFrameError(`yamux frame of more than ${MUX_FRAME_BYTES_MAX} bytes`));
  });
}
