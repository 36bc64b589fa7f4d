/**
 * Files with secrets: mode 0600 in a folder of mode 0700. What others could have read or replaced is refused, not repaired:
 * the operator has to know. Node only. On Windows, where modes say nothing, they are not checked.
 */
import { randomUUID } from 'node:crypto';
import { constants } from 'node:fs';
import { type FileHandle, link, mkdir, open, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { fail, ok, type Result } from '../base/result.ts';

const FILE_MODE = 0o600;
const FOLDER_MODE = 0o700;
const OTHERS = 0o077;
const FILE_BYTES_MAX = 65_536;

export interface KeyFileError {
  readonly code: 'INSECURE_MODE' | 'NOT_FOUND' | 'ALREADY_EXISTS' | 'NOT_A_KEY_FILE' | 'IO_ERROR';
  readonly message: string;
  /** What the operator can do. */
  readonly hint: string;
}

/** The file's text. Errors: INSECURE_MODE (of the file or of its folder), NOT_FOUND, NOT_A_KEY_FILE (a
 *  folder, or above 64 KiB), IO_ERROR. */
export async function readKeyFile(path: string): Promise<Result<string, KeyFileError>> {
  let file: FileHandle | undefined;
  try {
    // The mode is asked of what was opened: the name may mean another file a moment later.
    file = await open(path, constants.O_RDONLY);
    const status = await file.stat();
    const insecure = (await insecureFolder(dirname(path))) ?? insecureMode(path, status.mode, FILE_MODE);
    if (insecure !== undefined) return { ok: false, error: insecure };
    if (!status.isFile() || status.size > FILE_BYTES_MAX) {
      const message = `${path} is not a file of at most ${FILE_BYTES_MAX} bytes`;
      return failWith('NOT_A_KEY_FILE', message, 'name the key file itself');
    }
    return ok(await file.readFile('utf8'));
  } catch (error) {
    return failedBy(error, path);
  } finally {
    await file?.close();
  }
}

/** Writes a new file, and the folder if there is none; the file appears whole and durable, or not at all. Errors:
 *  ALREADY_EXISTS (a key is never overwritten), INSECURE_MODE (of the folder that is there), IO_ERROR. */
export async function writeKeyFile(path: string, text: string): Promise<Result<void, KeyFileError>> {
  const folder = dirname(path);
  const draft = `${path}.${randomUUID()}.draft`;
  try {
    await mkdir(folder, { recursive: true, mode: FOLDER_MODE });
    const insecure = await insecureFolder(folder);
    if (insecure !== undefined) return { ok: false, error: insecure };
    try {
      await writeDurably(draft, text);
      // Unlike rename, link fails where the name is taken.
      await link(draft, path);
    } finally {
      await rm(draft, { force: true });
    }
    await syncFolder(folder);
    return ok(undefined);
  } catch (error) {
    return failedBy(error, path);
  }
}

async function writeDurably(path: string, text: string): Promise<void> {
  const file = await open(path, 'wx', FILE_MODE);
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
}

async function syncFolder(folder: string): Promise<void> {
  if (process.platform === 'win32') return;
  const handle = await open(folder, constants.O_RDONLY);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function insecureFolder(folder: string): Promise<KeyFileError | undefined> {
  return insecureMode(folder, (await stat(folder)).mode, FOLDER_MODE);
}

function insecureMode(path: string, mode: number, wanted: number): KeyFileError | undefined {
  if (process.platform === 'win32' || (mode & OTHERS) === 0) return undefined;
  const octal = (mode & 0o777).toString(8).padStart(4, '0');
  const message = `${path} has mode ${octal}: others may read or replace keys`;
  return { code: 'INSECURE_MODE', message, hint: `chmod ${wanted.toString(8)} '${path}', and ask who could read it` };
}

function failedBy(error: unknown, path: string): { readonly ok: false; readonly error: KeyFileError } {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (code === 'ENOENT') return failWith('NOT_FOUND', `there is no ${path}`, 'make one with `trefoil keys new`');
  if (code === 'EEXIST') return failWith('ALREADY_EXISTS', `${path} is there already`, 'choose another name');
  return failWith(
    'IO_ERROR',
    `${path}: ${error instanceof Error ? error.message : String(error)}`,
    'check the owner of the file and the room on the disk',
  );
}

function failWith(code: KeyFileError['code'], message: string, hint: string) {
  const { error } = fail(code, message);
  return { ok: false, error: { ...error, hint } } as const;
}
