/** The processes of a testnet's nodes. Each runs in a session of its own, so that Ctrl+C reaches only who looks after them. */
import { spawn } from 'node:child_process';
import { closeSync, existsSync, fstatSync, openSync, readSync, rmSync } from 'node:fs';
import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { CommandError } from '../output.ts';
import { configFile, logFile, type Network, pidFile, type TestnetNode, writeWhole } from './layout.ts';
import { readRecord } from './lock.ts';
import { endProcess, isRunning, type ProcessRecord, processOf, signalProcess, waitForEnd } from './process.ts';

/** A node finishes its batch and closes its store within a second or two. */
const STOP_GRACE_MS = 10_000;
const LOG_TAIL_BYTES = 4096;
const LOG_TAIL_LINES = 12;

/** main.ts in a checkout, main.js as published. */
const MAIN = fileURLToPath(new URL(`../main${extname(import.meta.url)}`, import.meta.url));

export function runningProcess(dir: string, index: number): ProcessRecord | undefined {
  const record = readRecord(pidFile(dir, index));
  return record !== undefined && isRunning(record) ? record : undefined;
}

export const runningNodes = (dir: string, network: Network): readonly TestnetNode[] =>
  network.nodes.filter(({ index }) => runningProcess(dir, index) !== undefined);

/** Starts the node that is configured in its folder. It outlives this process. */
export function spawnNode(dir: string, index: number): ProcessRecord {
  const log = openSync(logFile(dir, index), 'a');
  try {
    const child = spawn(process.execPath, [MAIN, 'node', 'start', '--config', configFile(dir, index)], {
      detached: true,
      stdio: ['ignore', 'ignore', log],
    });
    // Without a listener a failure to start would be thrown; the missing pid tells it below.
    child.on('error', () => undefined);
    child.unref();
    const record = child.pid === undefined ? undefined : processOf(child.pid);
    if (record === undefined) {
      if (child.pid !== undefined) child.kill('SIGKILL');
      throw nodeFailed(dir, index, 'did not start');
    }
    writeWhole(pidFile(dir, index), JSON.stringify(record));
    return record;
  } finally {
    closeSync(log);
  }
}

/** Stops nodes, all at once, and waits. Returns those that ran. */
export async function stopNodes(dir: string, indices: readonly number[]): Promise<readonly number[]> {
  const running = indices.filter((index) => runningProcess(dir, index) !== undefined);
  await Promise.all(
    running.map(async (index) => {
      const record = runningProcess(dir, index);
      if (record !== undefined) await endProcess(record, STOP_GRACE_MS);
      rmSync(pidFile(dir, index), { force: true });
    }),
  );
  return running;
}

/** Kills a node as a power cut would. Undefined when it did not run. */
export async function killNode(dir: string, index: number): Promise<ProcessRecord | undefined> {
  const record = runningProcess(dir, index);
  if (record === undefined) return undefined;
  signalProcess(record, 'SIGKILL');
  await waitForEnd(record, STOP_GRACE_MS);
  rmSync(pidFile(dir, index), { force: true });
  return record;
}

/** The error of a node that is not what it should be, with the end of its log. */
export function nodeFailed(dir: string, index: number, what: string): CommandError {
  const tail = logTail(logFile(dir, index));
  const message = `validator ${index} ${what}${tail === '' ? '' : `; the end of its log:\n${tail}`}`;
  return new CommandError('NODE_FAILED', message, `Its whole log is ${logFile(dir, index)}.`);
}

function logTail(path: string): string {
  if (!existsSync(path)) return '';
  const file = openSync(path, 'r');
  try {
    const { size } = fstatSync(file);
    const bytes = Buffer.alloc(Math.min(size, LOG_TAIL_BYTES));
    readSync(file, bytes, 0, bytes.length, size - bytes.length);
    return bytes.toString().trimEnd().split('\n').slice(-LOG_TAIL_LINES).join('\n');
  } finally {
    closeSync(file);
  }
}
