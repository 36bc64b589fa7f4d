/** Looks after a running testnet: one live line, until somebody stops it. */
import { setTimeout as delay } from 'node:timers/promises';
import { Client } from '../../client/client.ts';
import type { Output } from '../output.ts';
import { httpUrl, type Network, readNetwork } from './layout.ts';
import { MembersWatch } from './members.ts';
import { type Caught, caught, type Observation, observe } from './observe.ts';
import { caughtText } from './report.ts';

const POLL_MS = 1_000;
/** Milliseconds over which transactions per second are counted. */
const RATE_MS = 5_000;
/** Without a terminal, a line at most so often. */
const PLAIN_LINE_MS = 5_000;

/** Resolves when the signal aborts. */
export async function watch(dir: string, signal: AbortSignal, output: Output): Promise<void> {
  const counter = new TransactionCounter(readNetwork(dir), signal);
  const known = new Set<string>();
  const members = new MembersWatch();
  let printedMs = 0;
  let printed = '';
  while (!signal.aborted) {
    // Read again: `testnet start` may have changed ports and strategies.
    const observations = await observe(dir, readNetwork(dir));
    for (const entry of caught(observations)) if (isNews(entry, known)) output.progress(caughtText(entry));
    for (const line of await members.news(observations)) output.progress(line);
    const line = lineOf(observations, counter.perSecond());
    if (output.isLive) {
      output.live(line);
    } else if (line !== printed && Date.now() - printedMs >= PLAIN_LINE_MS) {
      output.progress(line);
      [printed, printedMs] = [line, Date.now()];
    }
    await delay(POLL_MS, undefined, { signal }).catch(() => undefined);
  }
}

/** `height 42 · view 0 · 118 tx/s · missing: 2` */
function lineOf(observations: readonly Observation[], perSecond: number): string {
  const statuses = observations.flatMap(({ status }) => (status === undefined ? [] : [status]));
  const newest = statuses.toSorted((a, b) => b.certifiedHeight - a.certifiedHeight)[0];
  const missing = observations.filter(({ status }) => status === undefined).map(({ node }) => node.index);
  const parts = [
    newest === undefined ? 'nobody answers' : `height ${newest.certifiedHeight} · view ${newest.view}`,
    `${perSecond < 10 ? perSecond.toFixed(1) : Math.round(perSecond)} tx/s`,
    missing.length === 0 ? `all ${observations.length} validators there` : `missing: ${missing.join(', ')}`,
  ];
  if (newest !== undefined && !newest.quorum.met) parts.push('NO QUORUM, nothing commits');
  return parts.join(' · ');
}

/** Each kind of offence is told once, the counts are in the status. */
function isNews({ validator, code }: Caught, known: Set<string>): boolean {
  const key = `${validator}/${code}`;
  if (known.has(key)) return false;
  known.add(key);
  return true;
}

/** Follows the blocks of the network, at whichever node answers. */
class TransactionCounter {
  readonly #recent: { readonly atMs: number; readonly count: number }[] = [];

  constructor({ nodes }: Network, signal: AbortSignal) {
    void this.#follow(new Client({ urls: nodes.map(httpUrl) }), signal);
  }

  perSecond(): number {
    const fromMs = Date.now() - RATE_MS;
    while ((this.#recent[0]?.atMs ?? fromMs) < fromMs) this.#recent.shift();
    return this.#recent.reduce((sum, { count }) => sum + count, 0) / (RATE_MS / 1000);
  }

  async #follow(client: Client, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        for await (const event of client.events({ types: ['block'], signal })) {
          if (event.kind === 'block') this.#recent.push({ atMs: Date.now(), count: event.block.transactions });
        }
      } catch {
        // The line shows who is missing; counting goes on when somebody answers.
        await delay(POLL_MS, undefined, { signal }).catch(() => undefined);
      }
    }
  }
}
