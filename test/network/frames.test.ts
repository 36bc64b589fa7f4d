import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { encodeFrame, type Frame, FrameDecoder } from '../../src/network/frames.ts';
import { FRAME_BYTES_MAX, FRAME_MESSAGES_MAX } from '../../src/network/limits.ts';

const u32 = (value: number): Uint8Array => new Uint8Array(new Uint32Array([value]).buffer);
const join = (...parts: readonly Uint8Array[]): Uint8Array => new Uint8Array(Buffer.concat(parts));
const bytes = (...values: readonly number[]): Uint8Array => Uint8Array.from(values);

/** All frames of the chunks, or the code of the error. */
function decode(chunks: readonly Uint8Array[], bytesMax = FRAME_BYTES_MAX): Frame[] | string {
  const decoder = new FrameDecoder(bytesMax);
  const frames: Frame[] = [];
  for (const chunk of chunks) {
    decoder.feed(chunk);
    for (;;) {
      const frame = decoder.next();
      if (!frame.ok) return frame.error.code;
      if (frame.value === undefined) break;
      frames.push(frame.value);
    }
  }
  return frames;
}

function cut(stream: Uint8Array, sizes: readonly number[]): Uint8Array[] {
  const chunks: Uint8Array[] = [];
  let at = 0;
  for (let i = 0; at < stream.length; i++) {
    const size = sizes.length === 0 ? stream.length : (sizes[i % sizes.length] ?? 1);
    chunks.push(stream.slice(at, at + size));
    at += size;
  }
  return chunks;
}

describe('frames', () => {
  test('a frame is its length, then each message after its own', () => {
    expect(encodeFrame([bytes(1, 2), bytes(3)])).toEqual(bytes(11, 0, 0, 0, 2, 0, 0, 0, 1, 2, 1, 0, 0, 0, 3));
    expect(encodeFrame([])).toEqual(bytes(0, 0, 0, 0));
  });

  test('any chunking of a stream gives the same messages', () => {
    const message = fc.uint8Array({ minLength: 1, maxLength: 40 });
    const frames = fc.array(fc.array(message, { maxLength: 5 }), { maxLength: 6 });
    const sizes = fc.array(fc.integer({ min: 1, max: 30 }), { maxLength: 10 });
    fc.assert(
      fc.property(frames, sizes, (sent, chunkSizes) => {
        expect(decode(cut(join(...sent.map(encodeFrame)), chunkSizes))).toEqual(sent);
      }),
    );
  });

  test('a large frame that comes in pieces is put together again', () => {
    const message = new Uint8Array(300_000).map((_, i) => i * 7);
    expect(decode(cut(join(encodeFrame([message]), encodeFrame([bytes(9)])), [65_536]))).toEqual([
      [message],
      [bytes(9)],
    ]);
  });

  test('any bytes at all give frames or a code, and never an exception', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 64 }), { maxLength: 20 }), (chunks) => {
        const frames = decode(chunks, 64);
        expect(Array.isArray(frames) || /^FRAME_(TOO_LARGE|MALFORMED)$/.test(frames)).toBe(true);
      }),
    );
  });

  test.each([
    ['an empty message', u32(0)],
    ['a length that is cut off', bytes(1, 0, 0)],
    ['a message that runs over the end of its frame', join(u32(3), bytes(1, 2))],
    ['bytes behind the last message', join(u32(1), bytes(1), bytes(0))],
    ['a message of 4 GiB', join(u32(0xffff_ffff), bytes(1))],
    [
      'more messages than allowed',
      join(...Array.from({ length: FRAME_MESSAGES_MAX + 1 }, () => join(u32(1), bytes(1)))),
    ],
  ])('a frame with %s is refused', (_, body) => {
    expect(decode([join(u32(body.length), body)])).toBe('FRAME_MALFORMED');
  });

  test('the declared length is refused before anything of the frame is there', () => {
    expect(decode([u32(FRAME_BYTES_MAX + 1)])).toBe('FRAME_TOO_LARGE');
    expect(decode([u32(FRAME_BYTES_MAX)])).toEqual([]);
  });

  test('a declared length alone sets no memory aside', () => {
    const before = process.memoryUsage().arrayBuffers;
    const decoders = Array.from({ length: 64 }, () => new FrameDecoder(FRAME_BYTES_MAX));
    for (const decoder of decoders) {
      decoder.feed(join(u32(FRAME_BYTES_MAX), bytes(1)));
      expect(decoder.next()).toEqual({ ok: true, value: undefined });
    }
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(64 * 1024 * 1024);
  });

  test('a frame is unfinished from its first byte to its last', () => {
    const decoder = new FrameDecoder(FRAME_BYTES_MAX);
    const seen = cut(encodeFrame([bytes(1, 2)]), [1]).map((chunk) => {
      decoder.feed(chunk);
      expect(decoder.next().ok).toBe(true);
      return decoder.unfinished;
    });
    expect(seen).toEqual([true, true, true, true, true, true, true, true, true, false]);
  });

  test.each([
    ['an array', (chunk: Uint8Array) => chunk],
    ['a Buffer, as sockets give', (chunk: Uint8Array) => Buffer.from(chunk.buffer as ArrayBuffer)],
  ])('a message kept from a batch in %s does not keep the batch', (_, from) => {
    const [frame] = decode([from(encodeFrame(Array.from({ length: 100 }, () => new Uint8Array(300))))]) as Frame[];
    expect(frame).toHaveLength(100);
    expect(frame?.every((message) => message.buffer.byteLength <= 2 * message.length)).toBe(true);
    expect(frame?.some((message) => Buffer.isBuffer(message))).toBe(false);
  });
});
