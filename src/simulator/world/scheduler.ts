/** Virtual time: events in the order of their times, and of their making where times are equal. */
import { invariant } from '../../base/invariant.ts';

interface Event {
  readonly at: number;
  readonly sequence: number;
  readonly run: () => void;
}

export class Scheduler {
  /** A binary heap. */
  readonly #heap: Event[] = [];
  #sequence = 0;
  #now: number;

  constructor(startMs: number) {
    this.#now = startMs;
  }

  /** Milliseconds since 1970; may have a fraction. */
  get nowMs(): number {
    return this.#now;
  }

  /** Events that wait. */
  get size(): number {
    return this.#heap.length;
  }

  after(delayMs: number, run: () => void): void {
    invariant(delayMs >= 0, 'time does not run backwards', { delayMs });
    const event = { at: this.#now + delayMs, sequence: this.#sequence++, run };
    const heap = this.#heap;
    let position = heap.push(event) - 1;
    while (position > 0) {
      const parent = (position - 1) >> 1;
      const above = heap[parent] as Event;
      if (!before(event, above)) break;
      heap[position] = above;
      position = parent;
    }
    heap[position] = event;
  }

  /** Runs the next event that is due by `untilMs`. False when there is none: then it is `untilMs`. */
  runNext(untilMs: number): boolean {
    const next = this.#heap[0];
    if (next === undefined || next.at > untilMs) {
      this.#now = Math.max(this.#now, untilMs);
      return false;
    }
    this.#now = next.at;
    this.#removeFirst();
    next.run();
    return true;
  }

  #removeFirst(): void {
    const heap = this.#heap;
    const last = heap.pop() as Event;
    if (heap.length === 0) return;
    let position = 0;
    for (;;) {
      let child = 2 * position + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && before(heap[child + 1] as Event, heap[child] as Event)) child += 1;
      if (!before(heap[child] as Event, last)) break;
      heap[position] = heap[child] as Event;
      position = child;
    }
    heap[position] = last;
  }
}

const before = (a: Event, b: Event): boolean => a.at < b.at || (a.at === b.at && a.sequence < b.sequence);
