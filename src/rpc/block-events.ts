/** The events of one final block, as text: its transactions in order, then the block itself. */
import { type EventName, formatEventId } from '../api/events.ts';
import type { FinalizedBlock } from '../driver/ports.ts';
import { type EventFilter, isChosen } from './event-filter.ts';
import { SLICE_MS_MAX } from './limits.ts';
import type { Renderer } from './render.ts';
import type { Trace } from './trace.ts';

/** Characters written at once. */
const CHUNK_MAX = 64 * 1024;

/** What a stream is told of. */
export interface Interest {
  readonly names: ReadonlySet<EventName>;
  /** Of transactions; undefined where it is told of all. */
  readonly filter: EventFilter | undefined;
  /** What a stored block has if anything in it is of interest; none where something is in every block. */
  readonly traces: readonly Trace[];
}

interface Chunk {
  readonly text: string;
  /** The place after the last event of the text; undefined where it has none. */
  readonly told: number | undefined;
  /** Where the next chunk begins. */
  readonly next: number;
}

/** An event on the wire; `data` is one line, as JSON has no line breaks. */
export const eventText = (id: string, name: string, data: object): string =>
  `id: ${id}\nevent: ${name}\ndata: ${JSON.stringify(data)}\n\n`;

export class BlockEvents {
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

  /** Some of the events of interest from this one on: what fits, and can be found and made in a slice of time. */
  chunk(from: number, { names, filter }: Interest): Chunk {
    let text = '';
    let told: number | undefined;
    let next = from;
    const endMs = performance.now() + SLICE_MS_MAX;
    for (; next <= this.lastIndex && text.length < CHUNK_MAX && performance.now() < endMs; next++) {
      if (!names.has(this.#name(next))) continue;
      const event = this.#eventFor(next, filter);
      if (event === undefined) continue;
      text += event;
      told = next + 1;
    }
    return { text, told, next };
  }

  #name(index: number): EventName {
    return index === this.lastIndex ? 'block' : 'transaction';
  }

  #eventFor(index: number, filter: EventFilter | undefined): string | undefined {
    // Made when first asked for, and kept for all streams that are told the same: a large block would otherwise hold up all else.
    if (filter === undefined || index === this.lastIndex) return (this.#texts[index] ??= this.#render(index));
    if (!isChosen(filter, this.#block, index)) return undefined;
    return this.#text(index, this.#renderer.chosenEvent(this.#block, index, filter));
  }

  #render(index: number): string {
    const data =
      index === this.lastIndex
        ? this.#renderer.blockEvent(this.#block)
        : this.#renderer.transactionEvent(this.#block, index);
    return this.#text(index, data);
  }

  #text(index: number, data: object): string {
    return eventText(formatEventId(this.#block.record.header.height, index), this.#name(index), data);
  }
}
