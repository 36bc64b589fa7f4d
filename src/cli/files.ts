/** Files that commands are given. */
import { open } from 'node:fs/promises';
import { CommandError } from './output.ts';

/** The file's bytes; one byte too many is the most that is read of it. Throws what `tooLong` makes, and CommandError FILE_UNREADABLE. */
export async function readBoundedFile(
  path: string,
  bytesMax: number,
  tooLong: (what: string) => CommandError,
): Promise<Uint8Array> {
  const bytes = await readUpTo(path, bytesMax + 1);
  if (bytes.length > bytesMax) throw tooLong(`${path} has more than ${bytesMax} bytes`);
  return bytes;
}

async function readUpTo(path: string, bytesMax: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(bytesMax);
  let length = 0;
  try {
    await using file = await open(path);
    for (;;) {
      const { bytesRead } = await file.read(bytes, length, bytes.length - length, null);
      length += bytesRead;
      if (bytesRead === 0 || length === bytes.length) return bytes.subarray(0, length);
    }
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new CommandError('FILE_UNREADABLE', `${path}: ${reason}`, 'Name a file that is there and can be read.');
  }
}
