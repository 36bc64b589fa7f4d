/** A file that says which process is at work on a testnet. That of a process that is gone counts for nothing. */
import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { present } from '../../base/invariant.ts';
import { CommandError, EXIT } from '../output.ts';
import { isRunning, type ProcessRecord, processOf, processRecordSchema } from './process.ts';

const POLL_MS = 50;
/** Longest wait for another command that is starting or stopping nodes. */
const WAIT_MS = 30_000;

export interface Lock {
  release(): void;
}

/** Undefined when another process has it. */
export function tryLock(path: string): Lock | undefined {
  const self = present(processOf(process.pid), 'this process');
  const draft = `${path}.${self.pid}`;
  writeFileSync(draft, JSON.stringify(self));
  try {
    // Unlike writing, linking fails where the name is taken, and the file is whole from its first moment.
    for (let attempt = 0; attempt < 3; attempt++) {
      if (linked(draft, path)) return { release: () => rmSync(path, { force: true }) };
      if (holderOf(path) !== undefined) return undefined;
      clearStale(path);
    }
    return undefined;
  } finally {
    rmSync(draft, { force: true });
  }
}

/** Waits for the lock. Throws TESTNET_BUSY. */
export async function lockWhenFree(path: string, timeoutMs = WAIT_MS): Promise<Lock> {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    const lock = tryLock(path);
    if (lock !== undefined) return lock;
    if (Date.now() >= deadline) throw busy(path);
    await delay(POLL_MS);
  }
}

function busy(path: string): CommandError {
  const pid = holderOf(path)?.pid;
  const who = pid === undefined ? 'another command' : `another command (process ${pid})`;
  return new CommandError('TESTNET_BUSY', `${who} is changing this testnet`, 'Try again when it is done.', EXIT.failed);
}

/** The running process that has the lock. */
export function holderOf(path: string): ProcessRecord | undefined {
  const record = readRecord(path);
  return record !== undefined && isRunning(record) ? record : undefined;
}

/** Undefined also for a file that is no record: nothing of ours writes one. */
export function readRecord(path: string): ProcessRecord | undefined {
  try {
    return processRecordSchema.parse(JSON.parse(readFileSync(path, 'utf8')));
  } catch {
    return undefined;
  }
}

function linked(draft: string, path: string): boolean {
  try {
    linkSync(draft, path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

/** Takes a stale lock away. Somebody else may do so too and have put his own there meanwhile: then that is given back. */
function clearStale(path: string): void {
  const aside = `${path}.stale-${process.pid}`;
  try {
    renameSync(path, aside);
  } catch {
    return;
  }
  if (holderOf(aside) !== undefined) linked(aside, path);
  rmSync(aside, { force: true });
}
