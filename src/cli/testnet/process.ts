/**
 * Processes that outlive the command that started them, known by pid *and* start time: a pid alone may belong to a
 * stranger by now, and a stranger is never signalled.
 */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { z } from 'zod';

export const processRecordSchema = z.object({
  pid: z.int().positive(),
  /** When it was started, in whatever form the system tells it; never parsed, only compared. */
  startedAt: z.string().min(1),
});
export type ProcessRecord = z.infer<typeof processRecordSchema>;

const POLL_MS = 20;

/** The process that has this pid now; undefined when there is none, or only the remains of one. */
export function processOf(pid: number): ProcessRecord | undefined {
  const startedAt = process.platform === 'linux' ? startedAtOnLinux(pid) : startedAtByPs(pid);
  return startedAt === undefined ? undefined : { pid, startedAt };
}

export function isRunning(record: ProcessRecord): boolean {
  return processOf(record.pid)?.startedAt === record.startedAt;
}

/** False when it is not running any more. */
export function signalProcess(record: ProcessRecord, signal: NodeJS.Signals): boolean {
  if (!isRunning(record)) return false;
  try {
    process.kill(record.pid, signal);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false;
    throw error;
  }
}

/** False when it still runs after the timeout. */
export async function waitForEnd(record: ProcessRecord, timeoutMs: number): Promise<boolean> {
  const deadline = Date.now() + timeoutMs;
  while (isRunning(record)) {
    if (Date.now() >= deadline) return false;
    await delay(POLL_MS);
  }
  return true;
}

/** Asks it to end, and after the grace makes it. True when it ended by itself. */
export async function endProcess(record: ProcessRecord, graceMs: number): Promise<boolean> {
  if (!signalProcess(record, 'SIGTERM')) return true;
  if (await waitForEnd(record, graceMs)) return true;
  signalProcess(record, 'SIGKILL');
  await waitForEnd(record, graceMs);
  return false;
}

/** proc(5): clock ticks from boot to the start of the process, and which boot. */
function startedAtOnLinux(pid: number): string | undefined {
  const stat = readOrUndefined(`/proc/${pid}/stat`);
  if (stat === undefined) return undefined;
  const ticks = startTicks(stat);
  const boot = readOrUndefined('/proc/sys/kernel/random/boot_id')?.trim() ?? '';
  return ticks === undefined ? undefined : `${boot}:${ticks}`;
}

/** Field 22 of /proc/PID/stat; undefined for a zombie. The name of the program, field 2, may hold spaces and brackets. */
export function startTicks(stat: string): string | undefined {
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const [state] = fields;
  return state === undefined || 'ZX'.includes(state) ? undefined : fields[22 - 3];
}

function startedAtByPs(pid: number): string | undefined {
  try {
    const output = execFileSync('ps', ['-o', 'stat=,lstart=', '-p', String(pid)], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
      env: { ...process.env, LC_ALL: 'C' },
    });
    const line = output.trim();
    return line === '' || line.startsWith('Z') ? undefined : line.replace(/^\S+\s+/, '');
  } catch {
    return undefined;
  }
}

function readOrUndefined(path: string): string | undefined {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return undefined;
  }
}
