/**
 * One stream of events. It is a cursor into the chain, not a queue: it reads the block at its cursor, writes some of its events, and goes
 * on when the client has taken them. So a slow reader costs one chunk of memory, sees no gap, and a resumed stream is the same thing
 * as a new one.
 */
import type { ServerResponse } from 'node:http';
import { type EventId, idBefore, PROGRESS_EVENT, PRUNED_EVENT } from '../api/events.ts';
import type { ProgressEvent, PrunedEvent } from '../api/events.ts';
import { type Problem, problem } from '../api/problems.ts';
import { type BlockEvents, eventText, type Interest } from './block-events.ts';
import type { EventFeed } from './events.ts';
import { type Client, clientOf } from './fair-queue.ts';
import { STREAM_MICROS, TURN_MICROS } from './limits.ts';
import type { Turns } from './turns.ts';

interface EventWriterContext {
  readonly feed: EventFeed;
  readonly turns: Turns;
  readonly response: ServerResponse;
  readonly interest: Interest;
  readonly signal: AbortSignal;
}

export class EventWriter {
  readonly #context: EventWriterContext;
  readonly #client: Client;
  /** The first event that was not looked at yet. */
  #next: EventId;
  /** Where the client would go on by what it was told. */
  #told: EventId;

  constructor(context: EventWriterContext, from: EventId) {
    this.#context = context;
    this.#client = context.response.socket === null ? '' : clientOf(context.response.socket);
    this.#next = from;
    this.#told = from;
  }

  /** Writes until the signal fires. Answers with the problem where the stream cannot go on. */
  async run(): Promise<Problem | undefined> {
    const { feed, turns, signal, interest } = this.#context;
    while (!signal.aborted) {
      const { height } = this.#next;
      if (height > feed.latest) {
        await feed.reached(height, signal);
        continue;
      }
      // A stream that was opened is not refused any more: where too many wait, it waits again.
      if (!(await turns.next(this.#client, STREAM_MICROS))) continue;
      const { events, micros } = await feed.find(height, interest, this.#client);
      if (signal.aborted) break;
      const reason = events === undefined ? await this.#passGap() : await this.#write(events);
      if (reason !== undefined) return reason;
      await this.#letOthersGo(micros);
    }
    return undefined;
  }

  /** An event that tells the client how far the stream is; undefined where it knows. */
  mark(): string | undefined {
    const { height, index } = this.#next;
    if (height === this.#told.height && index === this.#told.index) return undefined;
    this.#told = this.#next;
    const data: ProgressEvent = { height: index === 0 ? height - 1 : height, newestHeight: this.#context.feed.latest };
    return eventText(idBefore(this.#next), PROGRESS_EVENT, data);
  }

  async #write(events: BlockEvents | 'none'): Promise<undefined> {
    const { turns, interest } = this.#context;
    const { height, index } = this.#next;
    if (events === 'none') return void (this.#next = { height: height + 1, index: 0 });
    const { text, told, next } = turns.measured(() => events.chunk(index, interest));
    const placeAt = (at: number): EventId =>
      at > events.lastIndex ? { height: height + 1, index: 0 } : { height, index: at };
    this.#next = placeAt(next);
    if (told === undefined) return;
    this.#told = placeAt(told);
    await this.#send(text);
  }

  /** The block that comes next is not here: says where the stream goes on instead. */
  async #passGap(): Promise<Problem | undefined> {
    const { height } = this.#next;
    const nextHeight = await this.#context.feed.next(height + 1);
    if (nextHeight === undefined) return problem('BLOCK_NOT_FOUND', `this node has no block from height ${height} on`);
    this.#next = { height: nextHeight, index: 0 };
    this.#told = this.#next;
    await this.#send(eventText(idBefore(this.#next), PRUNED_EVENT, { nextHeight } satisfies PrunedEvent));
    return undefined;
  }

  /** Resolves when the client can take more. */
  async #send(text: string): Promise<void> {
    const { response, signal } = this.#context;
    if (!response.write(text)) await drained(response, signal);
  }

  /** Whoever took as long for one turn as others for many lets these go first: turns are given to one client after the other. */
  async #letOthersGo(micros: number): Promise<void> {
    const { turns, signal } = this.#context;
    for (let owed = micros - TURN_MICROS; owed > 0 && !signal.aborted; owed -= TURN_MICROS) {
      await turns.next(this.#client, 0);
    }
  }
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
