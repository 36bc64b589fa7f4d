/** A trace as text, one line for each event. */
import { describeMessage } from './about.ts';
import type { TraceSink } from './trace.ts';

/** Milliseconds, what happened, and to whom; of a message from whom to whom, and what it says:
 *  `1042.318 sent 0 > 3 prepare epoch 0 view 0 height 1 hash 1a2b3c4d by 0, 178 bytes`. */
export function traceLines(write: (line: string) => void): TraceSink {
  return {
    event: (atMs, what, details) => write(`${[atMs.toFixed(3), what, ...details].join(' ')}\n`),
    message: (atMs, fate, from, to, bytes) =>
      write(`${atMs.toFixed(3)} ${fate} ${from} > ${to} ${describeMessage(bytes)}\n`),
  };
}
