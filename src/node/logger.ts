/** The node's log: one JSON object a line, to a file or to standard error. */
import pino, { type Logger } from 'pino';

export const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;
type LogLevel = (typeof LOG_LEVELS)[number];

const STANDARD_ERROR = 2;

export interface LoggerOptions {
  readonly level: LogLevel;
  /** Made, with its folder, when it is not there. Absent: standard error. */
  readonly file?: string | undefined;
}

/** Throws where the file cannot be written. Lines are written at once: the last ones before a crash are those that matter, and
 *  at `info` there are few. */
export function createLogger({ level, file }: LoggerOptions): Logger {
  const destination = pino.destination({ dest: file ?? STANDARD_ERROR, sync: true, mkdir: true });
  const formatters = { level: (label: string) => ({ level: label }) };
  return pino({ level, base: null, timestamp: pino.stdTimeFunctions.isoTime, formatters }, destination);
}
