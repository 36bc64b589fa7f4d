/**
 * Answers that may be long: an entry has up to 64 KiB, a page of a list or history a megabyte. Only so many pages are made at a time, each
 * in a turn of its client's, and only so many bytes wait for clients to read them.
 */
import type { FastifyReply } from 'fastify';
import { clientOf } from './fair-queue.ts';
import { ANSWER_MS_MAX, LARGE_BYTES, PAGES_AT_ONCE, type ServerLimits, WRITE_MICROS_PER_KIB } from './limits.ts';
import { Places } from './places.ts';
import { refuse } from './refuse.ts';
import type { Turns } from './turns.ts';

export class LongAnswers {
  readonly #turns: Turns;
  readonly #pages: Places;
  readonly #bytesMax: number;
  /** Being written. */
  #bytes = 0;

  constructor(turns: Turns, limits: ServerLimits) {
    this.#turns = turns;
    this.#pages = new Places(PAGES_AT_ONCE, limits.readsWaitingMax);
    this.#bytesMax = limits.longAnswerBytesMax;
  }

  /** Reads what a page is of, and answers with it. `read` answers itself where it cannot. */
  async page(reply: FastifyReply, read: () => Promise<FastifyReply | (() => object)>): Promise<FastifyReply> {
    if (this.#isFull) return this.#refuse(reply);
    const leave = await this.#pages.enter(clientOf(reply.request.raw.socket), 1);
    if (leave === undefined) return this.#refuse(reply);
    try {
      const page = await read();
      return typeof page === 'function' ? this.send(reply, page) : page;
    } finally {
      leave();
    }
  }

  /** Answers with this JSON, which is made only where there is room for it. */
  send(reply: FastifyReply, make: () => object): FastifyReply {
    if (this.#isFull) return this.#refuse(reply);
    const bytes = this.#turns.measured(() => Buffer.from(JSON.stringify(make())));
    this.#turns.spend((bytes.length / 1024) * WRITE_MICROS_PER_KIB);
    this.#count(reply, bytes.length);
    return reply.type('application/json; charset=utf-8').send(bytes);
  }

  get #isFull(): boolean {
    return this.#bytes > this.#bytesMax;
  }

  #refuse(reply: FastifyReply): FastifyReply {
    return refuse(reply, 'TOO_BUSY', 'too much is being read by others');
  }

  /** Until the client has them, or is cut off. */
  #count({ raw: response }: FastifyReply, bytes: number): void {
    // The client may have left while it waited.
    if (response.closed || response.destroyed) return;
    this.#bytes += bytes;
    const timer = bytes > LARGE_BYTES ? setTimeout(() => response.destroy(), ANSWER_MS_MAX) : undefined;
    response.once('close', () => {
      clearTimeout(timer);
      this.#bytes -= bytes;
    });
  }
}
