import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { MuxGuard } from '../../src/network/bounded-yamux.ts';
import { MUX_FRAME_BYTES_MAX } from '../../src/network/limits.ts';

const DATA = 0;
const WINDOW_UPDATE = 1;

function header(type: number, length: number): Buffer {
  const bytes = Buffer.alloc(12);
  bytes[1] = type;
  bytes.writeUInt32BE(length, 8);
  return bytes;
}

/** Whether the guard lets the whole stream through, cut into chunks of one size. */
function admits(stream: Buffer, chunkBytes: number): boolean {
  const guard = new MuxGuard();
  for (let at = 0; at < stream.length; at += chunkBytes) {
    if (!guard.follow(stream.subarray(at, at + chunkBytes))) return false;
  }
  return true;
}

describe('the guard before yamux', () => {
  test('lets the largest data frame through, and a window update of any size', () => {
    const guard = new MuxGuard();
    expect(guard.follow(header(DATA, MUX_FRAME_BYTES_MAX))).toBe(true);
    expect(admits(header(WINDOW_UPDATE, 0xffff_ffff), 5)).toBe(true);
  });

  test('stops a larger data frame at its header, wherever that stands and however it is cut', () => {
    const frame = fc
      .tuple(fc.constantFrom(DATA, WINDOW_UPDATE), fc.integer({ min: 0, max: 50 }))
      .map(([type, length]) => Buffer.concat([header(type, length), Buffer.alloc(type === DATA ? length : 0, 0xff)]));
    fc.assert(
      fc.property(fc.array(frame, { maxLength: 8 }), fc.integer({ min: 1, max: 40 }), (frames, chunkBytes) => {
        expect(admits(Buffer.concat(frames), chunkBytes)).toBe(true);
        expect(admits(Buffer.concat([...frames, header(DATA, MUX_FRAME_BYTES_MAX + 1)]), chunkBytes)).toBe(false);
      }),
    );
  });
});
