/**
 * A process that is no node: it has the keys of one validator, keeps one connection to each honest node, and floods. Cut off,
 * it comes again as soon as it is let in. It does what it is told once, tells how it went, and ends.
 */
import { Agent, get } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { blockPath } from '../../src/api/routes.ts';
import type { Hash } from '../../src/base/brand.ts';
import { present } from '../../src/base/invariant.ts';
import type { Ed25519 } from '../../src/crypto/ed25519.ts';
import { selectEd25519 } from '../../src/crypto/select-ed25519.ts';
import { encodeFrame } from '../../src/network/frames.ts';
import { developmentNetwork } from '../../src/node/development.ts';
import { Poster } from '../bench/post.ts';
import { connectHostile } from '../e2e/hostile-peer.ts';
import { Crowd } from './crowd.ts';
import { type Flood, FLOODER, type FloodKind, floodOf, type LargeBlock, VALIDATORS } from './flood-kinds.ts';

export interface FloodOrder {
  readonly kind: FloodKind;
  readonly seconds: number;
  readonly dir: string;
  readonly chainId: Hash;
  /** Of the honest nodes, in order. */
  readonly urls: readonly string[];
  readonly block: LargeBlock;
}

export interface FloodSent {
  readonly sentBytes: number;
  /** Bytes that came back: of messages, or of answers to readers. */
  readonly receivedBytes: number;
  /** How often it was let in, by all nodes together, and how often it was cut off then. */
  readonly admitted: number;
  readonly cutOff: number;
  /** Milliseconds until the first time; null when it never was. */
  readonly firstCutOffMs: number | null;
  /** Answers to readers by status. */
  readonly answers: Readonly<Record<number, number>>;
  /** Payments of a client that were final. */
  readonly paid: number;
}

const READERS = 100;
/** Of the client that pays. */
const CONNECTIONS = 8;
/** Between two tries of a connection that is not let in. */
const AGAIN_MS = 1_000;
/** No reader waits longer for one answer. */
const ANSWER_MS = 60_000;

const ended = new AbortController();

class Flooding {
  sentBytes = 0;
  receivedBytes = 0;
  admitted = 0;
  cutOff = 0;
  firstCutOffMs: number | null = null;
  paid = 0;
  readonly answers: Record<number, number> = {};
  readonly #order: FloodOrder;
  readonly #flood: Flood;
  readonly #ed25519: Ed25519;
  readonly #startMs = performance.now();
  readonly #endMs: number;

  constructor(order: FloodOrder, ed25519: Ed25519) {
    this.#order = order;
    this.#ed25519 = ed25519;
    this.#flood = floodOf(order.kind, order.chainId, order.block, ed25519);
    this.#endMs = this.#startMs + 1000 * order.seconds;
  }

  get #over(): boolean {
    return performance.now() >= this.#endMs;
  }

  async run(): Promise<void> {
    const { urls, kind } = this.#order;
    const readers = kind === 'readers' ? READERS : 0;
    await Promise.all([
      ...urls.map((_, index) => this.#besiege(index)),
      ...Array.from({ length: readers }, (_, i) => this.#read(present(urls[i % urls.length], 'a node'))),
      kind === 'payments' ? this.#pay(present(urls[0], 'a node'), 'itself') : undefined,
      kind === 'new-accounts' ? this.#pay(present(urls[0], 'a node'), 'strangers') : undefined,
    ]);
  }

  async #pay(url: string, whom: 'strangers' | 'itself'): Promise<void> {
    const poster = new Poster(url, CONNECTIONS);
    const crowd = new Crowd(this.#order.chainId, url, poster, this.#ed25519, whom);
    await crowd.run(() => this.#over);
    this.paid = crowd.paid;
    this.sentBytes += crowd.sentBytes;
    poster.close();
  }

  async #besiege(index: number): Promise<void> {
    const { nodeSecret } = present(developmentNetwork(VALIDATORS).validators[FLOODER], 'the flooder');
    const { dir, chainId } = this.#order;
    while (!this.#over) {
      const peer = await connectHostile(dir, index, nodeSecret, chainId).catch(() => undefined);
      if (peer === undefined) {
        await delay(AGAIN_MS);
        continue;
      }
      this.admitted += 1;
      let open = true;
      void peer.ended.then(() => (open = false));
      peer.stream.addEventListener('message', ({ data }) => void (this.receivedBytes += data.byteLength));
      await this.#pour(peer, () => open);
      if (!open && !this.#over) {
        this.cutOff += 1;
        this.firstCutOffMs ??= Math.round(performance.now() - this.#startMs);
      }
      await peer.close();
    }
  }

  async #pour(peer: Awaited<ReturnType<typeof connectHostile>>, isOpen: () => boolean): Promise<void> {
    const frame = encodeFrame(this.#flood.messages);
    const { everyMs } = this.#flood;
    if (everyMs === 0) {
      this.sentBytes += await peer.flood(frame, this.#endMs - performance.now());
      return;
    }
    while (isOpen() && !this.#over) {
      try {
        peer.stream.send(frame);
        this.sentBytes += frame.length;
      } catch {
        // It was cut off in this moment.
        return;
      }
      await delay(everyMs);
    }
  }

  /** Asks for the same block again as soon as it has the answer. */
  async #read(url: string): Promise<void> {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    while (!this.#over) {
      const status = await this.#ask(`${url}${blockPath(this.#order.block.height)}`, agent);
      if (this.#over) break;
      this.answers[status] = (this.answers[status] ?? 0) + 1;
      // A connection that was refused; it would be refused again in no time.
      if (status === 0) await delay(AGAIN_MS);
    }
    agent.destroy();
  }

  /** Status of the answer; 0 when there is none. */
  #ask(url: string, agent: Agent): Promise<number> {
    return new Promise((resolve) => {
      const request = get(url, { agent, signal: AbortSignal.any([ended.signal, AbortSignal.timeout(ANSWER_MS)]) });
      request.once('error', () => resolve(0));
      request.once('response', (response) => {
        response.on('data', ({ length }: Buffer) => void (this.receivedBytes += length));
        response.once('error', () => resolve(0));
        response.once('end', () => resolve(response.statusCode ?? 0));
      });
    });
  }
}

async function obey(order: FloodOrder): Promise<FloodSent> {
  const timer = setTimeout(() => ended.abort(), 1000 * order.seconds);
  const flooding = new Flooding(order, await selectEd25519());
  await flooding.run();
  clearTimeout(timer);
  const { sentBytes, receivedBytes, admitted, cutOff, firstCutOffMs, answers, paid } = flooding;
  return { sentBytes, receivedBytes, admitted, cutOff, firstCutOffMs, answers, paid };
}

// A failure is thrown where nobody catches it, and ends the process.
process.on('message', (order: FloodOrder) => void obey(order).then((sent) => process.send?.(sent)));
// Whoever started it has ended, or has had enough.
process.on('disconnect', () => process.exit());
process.on('SIGINT', () => undefined);
process.send?.('ready');
