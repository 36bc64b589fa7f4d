/**
 * Answers that may be a megabyte: pages of lists and histories. Only so many are made at a time, each in a turn of its client's, and
 * only so many bytes of them wait for clients to read them.
 */
import type { FastifyReply } from 'fastify';
import { type Client, clientOf } from './fair-queue.ts';
import { ANSWER_MS_MAX, LARGE_BYTES, PAGES_AT_ONCE, type ServerLimits, WRITE_MICROS_PER_KIB } from './limits.ts';
import { Places } from './places.ts';
import { refuse } from './refuse.ts';
import type { Turns } from './turns.ts';

export class Pages {
  readonly #turns: Turns;
  readonly #places: Places;
  readonly #bytesMax: number;
  /** Being written. */
  #bytes = 0;

  constructor(turns: Turns, limits: ServerLimits) {
    this.#turns = turns;
    this.#places = new Places(PAGES_AT_ONCE, limits.readsWaitingMax);
    this.#bytesMax = limits.pageBytesMax;
  }

  /** Reads what the page is of, and answers with it. `read` answers itself where it cannot. */
  async answer(reply: FastifyReply, read: () => Promise<FastifyReply | (() => object)>): Promise<FastifyReply> {
    const leave = await this.#enter(clientOf(reply.request.raw.socket));
    if (leave === undefined) return refuse(reply, 'TOO_BUSY', 'too many lists are being read by others');
    try {
      const page = await read();
      return typeof page === 'function' ? this.#send(reply, page) : page;
    } finally {
      leave();
    }
  }

  /** Undefined where there is no room for one more. */
  async #enter(client: Client): Promise<(() => void) | undefined> {
    return this.#bytes > this.#bytesMax ? undefined : this.#places.enter(client, 1);
  }

  #send(reply: FastifyReply, page: () => object): FastifyReply {
    const bytes = this.#turns.measured(() => Buffer.from(JSON.stringify(page())));
    this.#turns.spend((bytes.length / 1024) * WRITE_MICROS_PER_KIB);
    const response = reply.raw;
    // The client may have left while it waited.
    if (!response.closed && !response.destroyed) {
      this.#bytes += bytes.length;
      const timer = bytes.length > LARGE_BYTES ? setTimeout(() => response.destroy(), ANSWER_MS_MAX) : undefined;
      response.once('close', () => {
        clearTimeout(timer);
        this.#bytes -= bytes.length;
      });
    }
    return reply.type('application/json; charset=utf-8').send(bytes);
  }
}
