/** The events of final blocks, for all streams of a server: the few newest blocks are shared, older ones are read from the store. */
import { ForgetfulMap } from '../base/bounded.ts';
import { height as toHeight } from '../base/brand.ts';
import { present } from '../base/invariant.ts';
import type { FinalizedBlock } from '../driver/ports.ts';
import { BlockEvents, type Interest } from './block-events.ts';
import type { Client } from './fair-queue.ts';
import type { Gateway } from './gateway.ts';
import { STREAM_READS_AT_ONCE } from './limits.ts';
import { Places } from './places.ts';
import type { Renderer } from './render.ts';

/** Blocks kept for streams at the head of the chain: some seconds of them. */
const RECENT_BLOCKS = 8;

/** `none`: nothing in the block is of interest. Undefined: this node does not have it. */
interface Found {
  readonly events: BlockEvents | 'none' | undefined;
  /** About how many microseconds of this thread reading it took. */
  readonly micros: number;
}

export class EventFeed {
  readonly #gateway: Gateway;
  readonly #renderer: Renderer;
  readonly #recent = new ForgetfulMap<number, BlockEvents>(RECENT_BLOCKS);
  readonly #reading: Places;
  readonly #sleepers = new Set<() => void>();
  readonly #unsubscribe: () => void;
  #latest = 0;

  /** `streamsMax`: streams that may ask at a time. */
  constructor(gateway: Gateway, renderer: Renderer, streamsMax: number) {
    this.#gateway = gateway;
    this.#renderer = renderer;
    this.#reading = new Places(STREAM_READS_AT_ONCE, streamsMax);
    this.#unsubscribe = gateway.subscribe((block) => this.#onFinal(block));
    this.#latest = Math.max(this.#latest, gateway.status().finalHeight);
  }

  /** Newest final height. */
  get latest(): number {
    return this.#latest;
  }

  /** What a final block has for a stream. */
  async find(height: number, interest: Interest, client: Client): Promise<Found> {
    const recent = this.#recent.get(height);
    if (recent !== undefined) return { events: recent, micros: 0 };
    const leave = present(await this.#reading.enter(client, 1), 'a place for each stream');
    const microsBefore = this.#gateway.readMicros();
    try {
      // Another stream may have read it while this one waited.
      const events = this.#recent.get(height) ?? (await this.#read(height, interest));
      return { events, micros: this.#gateway.readMicros() - microsBefore };
    } finally {
      leave();
    }
  }

  /** The lowest height from this one on at which this node has a block. */
  next(height: number): Promise<number | undefined> {
    return this.#gateway.nextHeight(toHeight(height));
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

  async #read(height: number, { traces }: Interest): Promise<Found['events']> {
    const at = toHeight(height);
    const block = await (traces.length === 0 ? this.#gateway.block(at) : this.#gateway.blockWith(at, traces));
    if (block === undefined) return undefined;
    return block === 'without' ? 'none' : this.#keep(block);
  }

  #keep(block: FinalizedBlock): BlockEvents {
    const events = new BlockEvents(block, this.#renderer);
    this.#recent.set(block.record.header.height, events);
    return events;
  }

  #onFinal(block: FinalizedBlock): void {
    this.#latest = Math.max(this.#latest, block.record.header.height);
    if (this.#sleepers.size === 0) return;
    this.#keep(block);
    for (const wake of this.#sleepers) wake();
  }
}
