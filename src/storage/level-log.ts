/**
 * Looks at LevelDB's logs before LevelDB does. LevelDB takes what it cannot read in them for a write that was never
 * finished: it skips it, goes on with what comes after, and removes the log. Here that is believed only where it can be
 * true, at the very end; anywhere else, and wherever one flipped bit explains it, the log lost what was synced.
 *
 * The format is LevelDB's doc/log_format.md: blocks of 32 KiB; records that never cross a block, each with its CRC-32C,
 * its length and its type; and at the end of a block fewer than seven bytes that mean nothing. A batch is one FULL
 * record, or FIRST, any number of MIDDLE and LAST. It is synced before the next begins.
 */
import { isChecksum, isChecksumButOneBit } from './crc32c.ts';

const BLOCK_BYTES = 32 * 1024;
const HEADER_BYTES = 7;
const FULL = 1;
const FIRST = 2;
const LAST = 4;

export interface LogFile {
  readonly name: string;
  readonly bytes: Uint8Array;
}

/** The first record that was synced and cannot be read any more, if any. Logs in the order in which they were written. */
export function damageIn(logs: readonly LogFile[]): { readonly name: string; readonly at: number } | undefined {
  let unfinished: { readonly name: string; readonly at: number } | undefined;
  for (const { name, bytes } of logs) {
    for (const { at, end, type } of recordsOf(bytes)) {
      if (type === undefined) {
        if (isOneBitOff(bytes, at, end)) return { name, at };
        unfinished ??= { name, at };
      } else if (unfinished !== undefined && (type === FULL || type === FIRST)) {
        // A batch was begun after it, so it had been synced.
        return unfinished;
      }
    }
  }
  return undefined;
}

interface LogRecord {
  readonly at: number;
  /** Where its block ends, or the file. */
  readonly end: number;
  /** Undefined where no record can be read. */
  readonly type: number | undefined;
}

function* recordsOf(log: Uint8Array): Generator<LogRecord> {
  for (let block = 0; block < log.length; block += BLOCK_BYTES) {
    const end = Math.min(block + BLOCK_BYTES, log.length);
    let at = block;
    while (at + HEADER_BYTES <= end) {
      const length = lengthAt(log, at);
      const type = log[at + 6] ?? 0;
      const fits = at + HEADER_BYTES + length <= end;
      const isRecord = fits && type >= FULL && type <= LAST && isChecksum(log, at, checkedPart(log, at, length));
      yield { at, end, type: isRecord ? type : undefined };
      // Past a record that cannot be read there may be one that can, if its length is right.
      at = fits && type !== 0 ? at + HEADER_BYTES + length : end;
    }
    if (at < end && end < block + BLOCK_BYTES) yield { at, end, type: undefined };
  }
}

/** Whether the record would be whole if one bit were another. A write that was cut off differs in far more. */
function isOneBitOff(log: Uint8Array, at: number, end: number): boolean {
  const room = end - at - HEADER_BYTES;
  if (room < 0) return false;
  const length = lengthAt(log, at);
  for (let bit = 0; bit < 16; bit++) {
    const other = length ^ (1 << bit);
    if (other <= room && isChecksum(log, at, checkedPart(log, at, other))) return true;
  }
  return length <= room && isChecksumButOneBit(log, at, checkedPart(log, at, length));
}

const lengthAt = (log: Uint8Array, at: number): number => (log[at + 4] ?? 0) | ((log[at + 5] ?? 0) << 8);

/** Type and data. */
const checkedPart = (log: Uint8Array, at: number, length: number): Uint8Array =>
  log.subarray(at + HEADER_BYTES - 1, at + HEADER_BYTES + length);
