/**
 * GET /v1/events: the final blocks and their transactions as server-sent events.
 *
 * A stream is a cursor into the chain, not a queue: it reads the block at its cursor, from the few newest that all streams
 * share or from the store, writes some of its events, and goes on when the client has taken them. So a slow reader costs
 * one chunk of memory, sees no gap, and a resumed stream is the same thing as a new one.
 */
import type { ServerResponse } from 'node:http';
import { ForgetfulMap } from '../base/bounded.ts';
import { height as toHeight } from '../base/brand.ts';
import { type EventId, type EventName, formatEventId } from '../api/events.ts';
import { type Problem, problem } from '../api/problems.ts';
import type { FinalizedBlock } from '../driver/ports.ts';
import { clientOf } from './fair-queue.ts';
import type { Gateway } from './gateway.ts';
import { SLICE_MS_MAX } from './limits.ts';
import type { Renderer } from './render.ts';
import type { Turns } from './turns.ts';

/** Blocks kept for streams at the head of the chain: some seconds of them. */
const RECENT_BLOCKS = 8;
/** Characters written at once. */
const CHUNK_MAX = 64 * 1024;

/** The events of one block: its transactions in order, then the block itself. */
class BlockEvents {
  /** Of the last event, that of the block. */
  readonly lastIndex: number;
  readonly #block: FinalizedBlock;
  readonly #renderer: Renderer;
  readonly #texts: string[] = [];

  constructor(block: FinalizedBlock, renderer: Renderer) {
    this.#block = block;
    this.#renderer = renderer;
    this.lastIndex = block.record.receipts.length;
  }

  name(index: number): EventName {
    return index === this.lastIndex ? 'block' : 'transaction';
  }

  /** The event on the wire; `data` is one line, as JSON has no line breaks. Made when first asked for: a large block would
   *  otherwise hold up everything else. */
  #text(index: number): string {
    return (this.#texts[index] ??= this.#render(index));
  }

  /** Some of the events with these names from this one on, and which is the next. */
  chunk(from: number, names: ReadonlySet<EventName>): { readonly text: string; readonly next: number } {
    let text = '';
    let next = from;
    const endMs = performance.now() + SLICE_MS_MAX;
    for (; next <= this.lastIndex && text.length < CHUNK_MAX && performance.now() < endMs; next++) {
      if (names.has(this.name(next))) text += this.#text(next);
    }
    return { text, next };
  }

  #render(index: number): string {
    const name = this.name(index);
    const data =
      name === 'block' ? this.#renderer.blockEvent(this.#block) : this.#renderer.transactionEvent(this.#block, index);
    const id = formatEventId(this.#block.record.header.height, index);
    return `id: ${id}\nevent: ${name}\ndata: ${JSON.stringify(data)}\n\n`;
  }
}

/** The events of final blocks as text. One for all streams of a server. */
export class EventFeed {
  readonly #gateway: Gateway;
  readonly #renderer: Renderer;
  readonly #recent = new ForgetfulMap<number, Promise<BlockEvents | undefined>>(RECENT_BLOCKS);
  readonly #sleepers = new Set<() => void>();
  readonly #unsubscribe: () => void;
  #latest = 0;

  constructor(gateway: Gateway, renderer: Renderer) {
    this.#gateway = gateway;
    this.#renderer = renderer;
    this.#unsubscribe = gateway.subscribe((block) => this.#onFinal(block));
    this.#latest = Math.max(this.#latest, gateway.status().finalHeight);
  }

  /** Newest final height. */
  get latest(): number {
    return this.#latest;
  }

  /** Events of a final block. Undefined where this node does not have it. */
  events(height: number): Promise<BlockEvents | undefined> {
    const known = this.#recent.get(height);
    if (known !== undefined) return known;
    const read = this.#gateway
      .block(toHeight(height))
      .then((block) => (block === undefined ? undefined : new BlockEvents(block, this.#renderer)));
    void this.#recent.set(height, read);
    // Only what is there is kept: a block that is missing or cannot be read now may be there later.
    const forget = (): boolean => this.#recent.get(height) === read && this.#recent.delete(height);
    read.then((events) => events ?? forget(), forget);
    return read;
  }

  /** Resolves when a block at this height or above is final, or when the signal fires. */
  reached(height: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const wake = (): void => {
        if (this.#latest < height && !signal.aborted) return;
        this.#sleepers.delete(wake);
        signal.removeEventListener('abort', wake);
        resolve();
      };
      this.#sleepers.add(wake);
      signal.addEventListener('abort', wake);
      wake();
    });
  }

  close(): void {
    this.#unsubscribe();
  }

  #onFinal(block: FinalizedBlock): void {
    const { height } = block.record.header;
    this.#latest = Math.max(this.#latest, height);
    if (this.#sleepers.size === 0) return;
    void this.#recent.set(height, Promise.resolve(new BlockEvents(block, this.#renderer)));
    for (const wake of this.#sleepers) wake();
  }
}

interface EventWriter {
  readonly feed: EventFeed;
  readonly turns: Turns;
  readonly response: ServerResponse;
  readonly names: ReadonlySet<EventName>;
  readonly signal: AbortSignal;
}

/**
 * Writes events from `from` on, until the signal fires, each chunk in a turn of its client's. Answers with the problem where the
 * stream cannot go on, as when a block is not there any more.
 */
export async function writeEvents(
  { feed, turns, response, names, signal }: EventWriter,
  from: EventId,
): Promise<Problem | undefined> {
  let { height, index } = from;
  const client = response.socket === null ? '' : clientOf(response.socket);
  while (!signal.aborted) {
    if (height > feed.latest) {
      await feed.reached(height, signal);
      continue;
    }
    // A stream that was opened is not refused any more: where too many wait, it waits again.
    if (!(await turns.next(client))) continue;
    const events = await feed.events(height);
    if (events === undefined) return problem('BLOCK_NOT_FOUND', `this node has no block at height ${height}`);
    const chunk = turns.measured(() => events.chunk(index, names));
    [height, index] = chunk.next > events.lastIndex ? [height + 1, 0] : [height, chunk.next];
    if (chunk.text !== '' && !response.write(chunk.text)) await drained(response, signal);
  }
  return undefined;
}

function drained(response: ServerResponse, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      response.off('drain', done);
      signal.removeEventListener('abort', done);
      resolve();
    };
    response.on('drain', done);
    signal.addEventListener('abort', done);
    if (signal.aborted) done();
  });
}
