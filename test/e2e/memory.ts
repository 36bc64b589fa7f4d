/** What a process takes of the machine's memory. Linux only, as the numbers of proc(5) are. */
import { readFileSync } from 'node:fs';

const KIB_PER_MIB = 1024;

/** Resident memory in MiB; undefined where the system does not tell. */
export function residentMib(pid: number): number | undefined {
  if (process.platform !== 'linux') return undefined;
  const kib = /^VmRSS:\s+([0-9]+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1];
  return kib === undefined ? undefined : Number(kib) / KIB_PER_MIB;
}
