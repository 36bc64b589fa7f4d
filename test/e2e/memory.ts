/** What a process takes of the machine's memory. Linux only, as the numbers of proc(5) are. */
import { readFileSync } from 'node:fs';

const KIB_PER_MIB = 1024;

/** Resident memory in MiB; undefined where the system does not tell. */
export const residentMib = (pid: number): number | undefined => mibOf(pid, /^VmRSS:\s+([0-9]+) kB$/m);

/** Of that what is the process's own, and no page of a file: LevelDB maps its tables, and the system drops such pages when it needs room. */
export const ownMib = (pid: number): number | undefined => mibOf(pid, /^RssAnon:\s+([0-9]+) kB$/m);

function mibOf(pid: number, line: RegExp): number | undefined {
  if (process.platform !== 'linux') return undefined;
  const kib = line.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1];
  return kib === undefined ? undefined : Number(kib) / KIB_PER_MIB;
}
