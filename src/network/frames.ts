/**
 * The wire form: a stream of frames `u32 length ‖ body`, where a body is a batch of messages `u32 length ‖ bytes`. Integers
 * are little-endian, as in SSZ. An empty frame is a heartbeat; an empty message is not allowed. Pure: bytes in, bytes out.
 */
import { invariant, present } from '../base/invariant.ts';
import { fail, ok, type Result } from '../base/result.ts';
import { FRAME_BYTES_FIRST, FRAME_BYTES_MAX, FRAME_MESSAGES_MAX } from './limits.ts';

const PREFIX = 4;

export interface FrameError {
  readonly code: 'FRAME_TOO_LARGE' | 'FRAME_MALFORMED';
  readonly message: string;
}

/** Messages that came together, in order. */
export type Frame = readonly Uint8Array[];

/** Bytes that a message takes in a frame. */
export const framedBytes = (message: Uint8Array): number => PREFIX + message.length;

export function encodeFrame(messages: Frame): Uint8Array {
  let length = 0;
  for (const message of messages) length += framedBytes(message);
  invariant(length <= FRAME_BYTES_MAX && messages.length <= FRAME_MESSAGES_MAX, 'a frame keeps to its limits', {
    length,
  });
  const bytes = new Uint8Array(PREFIX + length);
  writeU32(bytes, 0, length);
  let at = PREFIX;
  for (const message of messages) {
    invariant(message.length > 0, 'a message has bytes');
    writeU32(bytes, at, message.length);
    bytes.set(message, at + PREFIX);
    at += framedBytes(message);
  }
  return bytes;
}

/**
 * Cuts a stream into frames, however it was chopped up. `feed` a chunk, then `next` until it has no more.
 * Memory: at most the unfinished frame, growing with the bytes that really came. After an error it is of no more use.
 */
export class FrameDecoder {
  /** Longest accepted body, in bytes. */
  bytesMax: number;
  readonly #prefix = new Uint8Array(PREFIX);
  #prefixLength = 0;
  #body: PartialBody | undefined;
  #chunk: Uint8Array = new Uint8Array(0);

  constructor(bytesMax: number) {
    this.bytesMax = bytesMax;
  }

  /** True between the first and the last byte of a frame. */
  get unfinished(): boolean {
    return this.#body !== undefined || this.#prefixLength > 0;
  }

  /** Takes over the chunk: its messages may be views of it. */
  feed(chunk: Uint8Array): void {
    invariant(this.#chunk.length === 0, 'a chunk is read to its end before the next comes');
    // A plain view: of a Buffer, `slice` would share the memory.
    this.#chunk = new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.length);
  }

  /** The next whole frame, undefined when more bytes are needed. */
  next(): Result<Frame | undefined, FrameError> {
    if (this.#body === undefined) {
      const length = this.#readPrefix();
      if (length === undefined) return ok(undefined);
      if (length > this.bytesMax) {
        return fail('FRAME_TOO_LARGE', `frame of ${length} bytes, at most ${this.bytesMax}`);
      }
      if (length <= this.#chunk.length) return parseBody(this.#takeChunk(length));
      this.#body = new PartialBody(length);
    }
    this.#body.append(this.#takeChunk(Math.min(this.#body.missing, this.#chunk.length)));
    if (this.#body.missing > 0) return ok(undefined);
    const bytes = this.#body.bytes;
    this.#body = undefined;
    return parseBody(bytes);
  }

  #readPrefix(): number | undefined {
    const part = this.#takeChunk(Math.min(PREFIX - this.#prefixLength, this.#chunk.length));
    this.#prefix.set(part, this.#prefixLength);
    this.#prefixLength += part.length;
    if (this.#prefixLength < PREFIX) return undefined;
    this.#prefixLength = 0;
    return readU32(this.#prefix, 0);
  }

  #takeChunk(length: number): Uint8Array {
    const part = this.#chunk.subarray(0, length);
    this.#chunk = this.#chunk.subarray(length);
    return part;
  }
}

/** A body that comes in pieces. One growing buffer: a list of pieces would cost a hundred bytes for each one-byte piece. */
class PartialBody {
  readonly #length: number;
  #buffer: Uint8Array;
  #filled = 0;

  constructor(length: number) {
    this.#length = length;
    this.#buffer = new Uint8Array(Math.min(length, FRAME_BYTES_FIRST));
  }

  get missing(): number {
    return this.#length - this.#filled;
  }

  get bytes(): Uint8Array {
    return this.#buffer;
  }

  append(piece: Uint8Array): void {
    const filled = this.#filled + piece.length;
    if (filled > this.#buffer.length) {
      const larger = new Uint8Array(Math.min(this.#length, Math.max(filled, 2 * this.#buffer.length)));
      larger.set(this.#buffer.subarray(0, this.#filled));
      this.#buffer = larger;
    }
    this.#buffer.set(piece, this.#filled);
    this.#filled = filled;
  }
}

function parseBody(body: Uint8Array): Result<Frame, FrameError> {
  const messages: Uint8Array[] = [];
  let at = 0;
  while (at < body.length) {
    const start = at + PREFIX;
    if (start > body.length) return malformed('a length is cut off');
    const length = readU32(body, at);
    if (length === 0) return malformed('an empty message');
    if (length > body.length - start) return malformed('a message runs over the end of its frame');
    if (messages.length === FRAME_MESSAGES_MAX) return malformed(`more than ${FRAME_MESSAGES_MAX} messages`);
    at = start + length;
    messages.push(compact(body.subarray(start, at)));
  }
  return ok(messages);
}

const malformed = (what: string) => fail('FRAME_MALFORMED', `frame with ${what}`);

/** A message that somebody keeps must not keep a whole batch with it: a view of at least half of its buffer stays a view. */
const compact = (view: Uint8Array): Uint8Array => (2 * view.length >= view.buffer.byteLength ? view : view.slice());

function writeU32(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value;
  bytes[at + 1] = value >>> 8;
  bytes[at + 2] = value >>> 16;
  bytes[at + 3] = value >>> 24;
}

function readU32(bytes: Uint8Array, at: number): number {
  const byte = (i: number): number => present(bytes[at + i], 'a byte of a length');
  return (byte(0) | (byte(1) << 8) | (byte(2) << 16) | (byte(3) << 24)) >>> 0;
}
