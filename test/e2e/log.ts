/** A node's log, as an operator's tools read it. */
import { readFileSync } from 'node:fs';
import { logFile } from '../../src/cli/testnet/layout.ts';

export interface LogLine {
  readonly level: string;
  readonly msg: string;
  /** What the driver noted. */
  readonly kind?: string;
  readonly code?: string;
  readonly reason?: string;
  readonly peer?: string;
  readonly validator?: number;
  /** Kind of the vote that was given twice. */
  readonly offence?: string;
  readonly hashes?: readonly string[];
}

/** Lines that are not JSON, such as a crash of the runtime, count as errors. */
export function readLog(dir: string, index: number): readonly LogLine[] {
  const lines = readFileSync(logFile(dir, index), 'utf8').split('\n');
  // The last may be being written.
  return lines.slice(0, -1).map((line) => {
    try {
      return JSON.parse(line) as LogLine;
    } catch {
      return { level: 'error', msg: line };
    }
  });
}
