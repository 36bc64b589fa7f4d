/**
 * Looks at the index of a table of LevelDB, which LevelDB believes unchecked: one flipped bit in it, and all that the table
 * holds is gone without a word, as if it had never been written. (What flips elsewhere in a table stays within a block; the
 * driver's own checks see it.)
 *
 * The format is LevelDB's doc/table_format.md: a table ends with a footer of 48 bytes, which says where the index is: two
 * pairs of varints, of another block and of the index, each offset and size. After a block come its type and its CRC.
 */
import type { FileHandle } from 'node:fs/promises';
import { isChecksum, isChecksumButOneBit } from './crc32c.ts';

const FOOTER_BYTES = 48;
const HANDLES_BYTES = 40;
/** Type and checksum. */
const TRAILER_BYTES = 5;
/** Ends a footer. */
const MAGIC = [0x57, 0xfb, 0x80, 0x8b, 0x24, 0x75, 0x47, 0xdb];

/** Whether one bit of the table's index is not what was written. A table that was never finished is not damaged: LevelDB
 *  does not know it yet, and removes it. */
export async function isIndexFlipped(table: FileHandle): Promise<boolean> {
  const { size } = await table.stat();
  if (size < FOOTER_BYTES) return false;
  const footer = await read(table, size - FOOTER_BYTES, FOOTER_BYTES);
  // LevelDB itself refuses a table without.
  if (MAGIC.some((byte, at) => footer[HANDLES_BYTES + at] !== byte)) return false;
  const index = await readIndex(table, size, footer);
  if (index !== undefined && isChecksum(index, index.length - 4, index.subarray(0, -4))) return false;
  if (index !== undefined && isChecksumButOneBit(index, index.length - 4, index.subarray(0, -4))) return true;
  for (let bit = 0; bit < 8 * HANDLES_BYTES; bit++) {
    const at = bit >>> 3;
    const other = await readIndex(table, size, footer.with(at, (footer[at] ?? 0) ^ (1 << (bit & 7))));
    if (other !== undefined && isChecksum(other, other.length - 4, other.subarray(0, -4))) return true;
  }
  return false;
}

/** The index with its type and checksum; undefined where the footer points out of the table. */
async function readIndex(table: FileHandle, size: number, footer: Uint8Array): Promise<Uint8Array | undefined> {
  const [, , offset, length] = varints(footer.subarray(0, HANDLES_BYTES), 4);
  if (offset === undefined || length === undefined) return undefined;
  return offset + length + TRAILER_BYTES <= size ? await read(table, offset, length + TRAILER_BYTES) : undefined;
}

async function read(table: FileHandle, position: number, length: number): Promise<Uint8Array> {
  const { buffer, bytesRead } = await table.read(new Uint8Array(length), { position });
  return buffer.subarray(0, bytesRead);
}

function varints(bytes: Uint8Array, count: number): number[] {
  const values: number[] = [];
  let value = 0;
  let scale = 1;
  for (const byte of bytes) {
    value += (byte & 0x7f) * scale;
    scale *= 128;
    if (byte >= 0x80) continue;
    values.push(value);
    if (values.length === count) break;
    [value, scale] = [0, 1];
  }
  return values;
}
