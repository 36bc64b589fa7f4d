/** What the system says of other processes: proc(5), so Linux only. Elsewhere there is nothing to tell. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

const hasProc = process.platform === 'linux';
const ticksPerSecond = hasProc ? Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' })) : Number.NaN;

/** Microseconds of processor time, user and system, of all threads, since its start; NaN where it is not known. */
export function cpuMicrosOf(pid: number): number {
  if (!hasProc) return Number.NaN;
  const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
  // The name of the program, field 2, may hold spaces and brackets; utime and stime are fields 14 and 15.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return ((Number(fields[14 - 3]) + Number(fields[15 - 3])) / ticksPerSecond) * 1e6;
}

/** Most bytes of memory that the process has had resident; NaN where it is not known. */
export function peakMemoryOf(pid: number): number {
  if (!hasProc) return Number.NaN;
  const peak = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1'));
  return Number(peak?.[1]) * 1024;
}
