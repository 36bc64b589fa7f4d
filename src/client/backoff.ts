/** Waiting between attempts. */
import { cancelled } from './errors.ts';

const FIRST_DELAY_MS = 100;
const DELAY_MS_MAX = 5_000;

/** Longest wait that a node may ask of us. */
const RETRY_AFTER_MS_MAX = 30_000;

/**
 * Milliseconds before round `round` (from 1) of attempts: between half and all of a delay that doubles, so that clients
 * that failed together do not come back together; but not before the node asked for.
 */
export function delayBefore(round: number, retryAfterMs: number, random: () => number): number {
  const delay = Math.min(DELAY_MS_MAX, FIRST_DELAY_MS * 2 ** (round - 1));
  return Math.max(delay * (0.5 + 0.5 * random()), retryAfterMs);
}

/** Milliseconds of a Retry-After header (RFC 9110, 10.2.3: seconds or a date); 0 when there is none. */
export function retryAfter(header: string | null, nowMs: number): number {
  if (header === null) return 0;
  const ms = /^[0-9]+$/.test(header) ? Number(header) * 1000 : Date.parse(header) - nowMs;
  return Number.isNaN(ms) ? 0 : Math.min(RETRY_AFTER_MS_MAX, Math.max(0, ms));
}

/** Error: CANCELLED, by the signal. */
export function sleep(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = () => {
      clearTimeout(timer);
      reject(cancelled());
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', stop);
      resolve();
    }, ms);
    if (signal?.aborted === true) return stop();
    signal?.addEventListener('abort', stop, { once: true });
  });
}
