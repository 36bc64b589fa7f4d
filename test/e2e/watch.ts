/** When blocks became final, as a client of one node hears of it. */
import { setTimeout as delay } from 'node:timers/promises';
import type { Hash } from '../../src/base/brand.ts';
import { invariant } from '../../src/base/invariant.ts';
import type { Client } from '../../src/client/client.ts';

const POLL_MS = 10;

interface Heard {
  readonly height: number;
  readonly hash: Hash;
  /** By performance.now(). */
  readonly atMs: number;
}

export class FinalityWatch {
  readonly heard: Heard[] = [];
  readonly #stopping = new AbortController();
  readonly #done: Promise<void>;

  /** Listens to the blocks after the newest one, until `stop`. */
  constructor(client: Client) {
    this.#done = this.#listen(client);
  }

  async #listen(client: Client): Promise<void> {
    for await (const event of client.events({ types: ['block'], signal: this.#stopping.signal })) {
      if (event.kind !== 'block') continue;
      this.heard.push({ height: event.block.height, hash: event.block.hash, atMs: performance.now() });
    }
  }

  /** Resolves with the time of the first block that is heard of after this time. */
  async firstAfter(afterMs: number, timeoutMs: number): Promise<number> {
    for (const deadline = performance.now() + timeoutMs; ; await delay(POLL_MS)) {
      const next = this.heard.find(({ atMs }) => atMs > afterMs);
      if (next !== undefined) return next.atMs;
      invariant(performance.now() < deadline, 'no block became final', { timeoutMs });
    }
  }

  /** Milliseconds of the longest time without a final block between two moments. */
  longestGap(fromMs: number, toMs: number): number {
    const times = this.heard.map(({ atMs }) => atMs).filter((atMs) => atMs > fromMs && atMs < toMs);
    const marks = [fromMs, ...times, toMs];
    return Math.max(...times.map((atMs, i) => atMs - (marks[i] ?? atMs)), toMs - (times.at(-1) ?? fromMs));
  }

  /** Ends it; throws if the stream broke in a way that listening again does not mend. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#done;
  }
}
