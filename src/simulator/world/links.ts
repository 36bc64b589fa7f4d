/**
 * The wires between nodes. A healthy link is what TCP gives: in order, nothing lost while the connection stands. Faults
 * change links one direction at a time.
 */
import { present } from '../../base/invariant.ts';
import type { Random } from '../../base/random.ts';
import type { Fate } from './trace.ts';

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
  readonly waiting: Waiting[];
}

interface Waiting {
  go(): void;
  /** Others took its room. */
  dropped(): void;
}

/** Messages that wait in a clogged link; the oldest give way, as in a queue of the transport. */
const WAITING_MAX = 2000;

export class Links {
  readonly #links: Link[][];
  readonly #random: Random;
  /** Of a healthy link. */
  readonly latencyMs: number;
  readonly jitterMs: number;

  constructor(size: number, latencyMs: number, random: Random) {
    this.#random = random;
    this.latencyMs = latencyMs;
    this.jitterMs = latencyMs / 2;
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
      latencyMs: this.latencyMs,
      jitterMs: this.jitterMs,
      unordered: false,
    };
  }

  between(from: number, to: number): Link {
    return present(this.#links[from]?.[to], 'link');
  }

  /** As it was at the beginning. */
  isHealthy(from: number, to: number): boolean {
    const { blocked, clogged, loss, duplication, latencyMs, jitterMs, unordered } = this.between(from, to);
    const isSlow = latencyMs > this.latencyMs || jitterMs > this.jitterMs;
    return !blocked && !clogged && !unordered && loss === 0 && duplication === 0 && !isSlow;
  }

  *all(): Generator<Link> {
    for (const row of this.#links) yield* row;
  }

  /** When the last message in order arrives that is on its way anywhere. */
  get lastArrivalMs(): number {
    return Math.max(0, ...[...this.all()].map((link) => link.lastArrivalMs));
  }

  heal(): void {
    for (const link of this.all()) {
      Object.assign(link, this.#healthy());
      this.release(link);
    }
  }

  release(link: Link): void {
    link.clogged = false;
    for (const each of link.waiting.splice(0)) each.go();
  }

  /** Calls `deliver` with the delay of each copy of a message that arrives, at once or when the link is released; or
   *  `dropped`, when it waits for that too long. */
  send(link: Link, nowMs: number, deliver: (delayMs: number) => void, dropped: () => void): Fate {
    if (link.blocked) return 'blocked';
    if (link.loss > 0 && this.#random.chance(link.loss)) return 'lost';
    if (link.clogged) {
      if (link.waiting.length >= WAITING_MAX) link.waiting.shift()?.dropped();
      link.waiting.push({ go: () => deliver(link.latencyMs), dropped });
      return 'clogged';
    }
    deliver(this.#delay(link, nowMs));
    if (link.duplication > 0 && this.#random.chance(link.duplication)) deliver(this.#delay(link, nowMs));
    return 'sent';
  }

  #delay(link: Link, nowMs: number): number {
    const arrival = nowMs + link.latencyMs + this.#random.between(0, link.jitterMs);
    if (link.unordered) return arrival - nowMs;
    link.lastArrivalMs = Math.max(link.lastArrivalMs, arrival);
    return link.lastArrivalMs - nowMs;
  }
}
