/**
 * The wires between nodes. A healthy link is what TCP gives: in order, nothing lost while the connection stands. Faults
 * change links one direction at a time.
 */
import { present } from '../base/invariant.ts';
import type { Random } from './random.ts';

export interface Link {
  /** Everything sent is lost. */
  blocked: boolean;
  /** Everything sent waits until this ends. */
  clogged: boolean;
  /** Probability that a message is lost, and that it comes twice. */
  loss: number;
  duplication: number;
  /** Milliseconds on the way: at least, and up to this much more. */
  latencyMs: number;
  jitterMs: number;
  /** Whether messages may overtake one another. */
  unordered: boolean;
  /** When the last message in order arrives. */
  lastArrivalMs: number;
  /** What waits while clogged. */
  readonly waiting: (() => void)[];
}

/** Messages that wait in a clogged link; the oldest give way, as in a queue of the transport. */
const WAITING_MAX = 2000;

export class Links {
  readonly #links: Link[][];
  readonly #random: Random;
  readonly #latencyMs: number;

  constructor(size: number, latencyMs: number, random: Random) {
    this.#random = random;
    this.#latencyMs = latencyMs;
    this.#links = Array.from({ length: size }, () =>
      Array.from({ length: size }, () => ({ ...this.#healthy(), lastArrivalMs: 0, waiting: [] })),
    );
  }

  #healthy() {
    return {
      blocked: false,
      clogged: false,
      loss: 0,
      duplication: 0,
      latencyMs: this.#latencyMs,
      jitterMs: this.#latencyMs / 2,
      unordered: false,
    };
  }

  between(from: number, to: number): Link {
    return present(this.#links[from]?.[to], 'link');
  }

  *all(): Generator<Link> {
    for (const row of this.#links) yield* row;
  }

  heal(): void {
    for (const link of this.all()) {
      Object.assign(link, this.#healthy());
      this.release(link);
    }
  }

  release(link: Link): void {
    link.clogged = false;
    for (const send of link.waiting.splice(0)) send();
  }

  /** Calls `deliver` with the delay of each copy of a message that arrives. */
  send(link: Link, nowMs: number, deliver: (delayMs: number) => void): void {
    if (link.blocked || (link.loss > 0 && this.#random.chance(link.loss))) return;
    if (link.clogged) {
      if (link.waiting.length >= WAITING_MAX) link.waiting.shift();
      link.waiting.push(() => deliver(link.latencyMs));
      return;
    }
    deliver(this.#delay(link, nowMs));
    if (link.duplication > 0 && this.#random.chance(link.duplication)) deliver(this.#delay(link, nowMs));
  }

  #delay(link: Link, nowMs: number): number {
    const arrival = nowMs + link.latencyMs + this.#random.between(0, link.jitterMs);
    if (link.unordered) return arrival - nowMs;
    link.lastArrivalMs = Math.max(link.lastArrivalMs, arrival);
    return link.lastArrivalMs - nowMs;
  }
}
