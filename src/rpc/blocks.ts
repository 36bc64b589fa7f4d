/**
 * Blocks as JSON. A block may have thousands of transactions: it is rendered in slices, each in a turn of its client's, once for
 * all who ask, and kept as bytes, which all answers share.
 */
import type { ServerResponse } from 'node:http';
import type { Height } from '../base/brand.ts';
import type { FinalizedBlock } from '../driver/ports.ts';
import type { Client } from './fair-queue.ts';
import type { Gateway } from './gateway.ts';
import {
  ANSWER_MS_MAX,
  LARGE_BYTES,
  RENDERED_AT_ONCE,
  RENDERINGS_AT_ONCE,
  SLICE_MS_MAX,
  type ServerLimits,
  UNCERTIFIED_MS,
  WRITE_MICROS_PER_KIB,
} from './limits.ts';
import { Places } from './places.ts';
import type { Renderer } from './render.ts';
import type { Turns } from './turns.ts';

interface Rendered {
  readonly bytes: Uint8Array;
  /** Milliseconds of performance.now() after which it is rendered again. */
  readonly untilMs: number;
  /** Answers that are being written. */
  readers: number;
}

/** `undefined`: there is no such block. `'busy'`: there is no room for one more. */
type Found = Rendered | undefined | 'busy';

const TRANSACTIONS = '"transactions":[';

export class Blocks {
  readonly #gateway: Gateway;
  readonly #renderer: Renderer;
  readonly #turns: Turns;
  readonly #bytesMax: number;
  readonly #renderings: Places;
  /** The one used longest ago first. */
  readonly #kept = new Map<Height, Rendered>();
  readonly #underWay = new Map<Height, Promise<Found>>();
  /** Not kept any more, and still being written to somebody. */
  readonly #leaving = new Set<Rendered>();
  #bytes = 0;

  constructor(gateway: Gateway, renderer: Renderer, turns: Turns, limits: ServerLimits) {
    this.#gateway = gateway;
    this.#renderer = renderer;
    this.#turns = turns;
    this.#bytesMax = limits.blockBytesMax;
    this.#renderings = new Places(RENDERINGS_AT_ONCE, limits.readsWaitingMax);
  }

  /** The block's JSON; undefined where this node has none at that height, `'busy'` where there is no room to make it. */
  async find(height: Height, client: Client): Promise<Found> {
    const kept = this.#kept.get(height);
    if (kept !== undefined && performance.now() < kept.untilMs) {
      this.#kept.delete(height);
      this.#kept.set(height, kept);
      return kept;
    }
    const underWay = this.#underWay.get(height);
    if (underWay !== undefined) return underWay;
    const making = this.#make(height, client).finally(() => this.#underWay.delete(height));
    this.#underWay.set(height, making);
    return making;
  }

  /** Notes that these bytes are written to a client, and cuts off one that takes for ever to read them. */
  writing(rendered: Rendered, response: ServerResponse): void {
    // The client may have left while it waited.
    if (response.closed || response.destroyed) return;
    this.#turns.spend((rendered.bytes.length / 1024) * WRITE_MICROS_PER_KIB);
    rendered.readers += 1;
    const isLarge = rendered.bytes.length > LARGE_BYTES;
    const timer = isLarge ? setTimeout(() => response.destroy(), ANSWER_MS_MAX) : undefined;
    response.once('close', () => {
      clearTimeout(timer);
      rendered.readers -= 1;
      if (rendered.readers === 0 && this.#leaving.delete(rendered)) this.#bytes -= rendered.bytes.length;
    });
  }

  async #make(height: Height, client: Client): Promise<Found> {
    const leave = await this.#renderings.enter(client, 1);
    if (leave === undefined) return 'busy';
    try {
      if (this.#bytes > this.#bytesMax) return 'busy';
      const block = await this.#gateway.block(height);
      if (block === undefined) return undefined;
      const bytes = await encodeBlock(block, this.#renderer, this.#turns, client);
      // A certificate of its own may come yet; what has one stays as it is.
      const untilMs = block.certificate === null ? performance.now() + UNCERTIFIED_MS : Number.POSITIVE_INFINITY;
      const rendered: Rendered = { bytes, untilMs, readers: 0 };
      this.#keep(height, rendered);
      return rendered;
    } finally {
      leave();
    }
  }

  #keep(height: Height, rendered: Rendered): void {
    this.#forget(height);
    this.#kept.set(height, rendered);
    this.#bytes += rendered.bytes.length;
    for (const oldest of this.#kept.keys()) {
      if (this.#bytes <= this.#bytesMax || oldest === height) return;
      this.#forget(oldest);
    }
  }

  #forget(height: Height): void {
    const rendered = this.#kept.get(height);
    if (rendered === undefined) return;
    this.#kept.delete(height);
    if (rendered.readers > 0) this.#leaving.add(rendered);
    else this.#bytes -= rendered.bytes.length;
  }
}

/** The bytes of JSON.stringify of the whole block. */
async function encodeBlock(block: FinalizedBlock, renderer: Renderer, turns: Turns, client: Client): Promise<Buffer> {
  const frame = turns.measured(() => JSON.stringify(renderer.blockFrame(block)));
  const at = frame.indexOf(TRANSACTIONS) + TRANSACTIONS.length;
  const pieces: Uint8Array[] = [Buffer.from(frame.slice(0, at))];
  const { receipts } = block.record;
  for (let next = 0; next < receipts.length; ) {
    // A slow client's turn comes late; an answer that was begun is finished all the same, for whoever asks next.
    await turns.next(client);
    const slice = turns.measured(() => renderSlice(block, renderer, next));
    pieces.push(slice.bytes);
    next = slice.next;
  }
  pieces.push(Buffer.from(frame.slice(at)));
  return Buffer.concat(pieces);
}

/** Some transactions from this one on: what a slice of time allows. */
function renderSlice(
  { record: { receipts } }: FinalizedBlock,
  renderer: Renderer,
  from: number,
): { readonly bytes: Uint8Array; readonly next: number } {
  const endMs = performance.now() + SLICE_MS_MAX;
  let text = '';
  let next = from;
  do {
    const rendered = receipts.slice(next, next + RENDERED_AT_ONCE).map(renderer.blockTransaction);
    const json = JSON.stringify(rendered).slice(1, -1);
    text += next === 0 ? json : `,${json}`;
    next += rendered.length;
  } while (next < receipts.length && performance.now() < endMs);
  return { bytes: Buffer.from(text), next };
}
