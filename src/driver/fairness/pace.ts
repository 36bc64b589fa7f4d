/**
 * The pace at which we send what a peer may have no use for: transactions and questions. By the prices that the peer goes
 * by, and half of what would make it shut us out, so that no honest node ever is: not when clients feed it what others
 * refuse, nor when a clogged link lets go minutes of traffic at once. What is too much is not sent; it is sent again later.
 */
import { PACE_BURST_US, PACE_US_PER_MS } from '../limits.ts';
import type { PeerId } from '../ports.ts';
import { priceOfUselessness } from './prices.ts';
import type { PeerMessage } from '../wire/wire.ts';

export class Pace {
  readonly #tickMs: number;
  /** What is left for whom it is not whole. */
  readonly #left = new Map<PeerId, number>();

  constructor(tickMs: number) {
    this.#tickMs = tickMs;
  }

  tick(): void {
    for (const [peer, left] of this.#left) {
      const more = left + PACE_US_PER_MS * this.#tickMs;
      if (more >= PACE_BURST_US) this.#left.delete(peer);
      else this.#left.set(peer, more);
    }
  }

  /** Counts a message that is to leave. False when it may not leave now. */
  take(peer: PeerId, kind: PeerMessage['kind'], bytes: Uint8Array): boolean {
    if (!isPaced(kind)) return true;
    const left = this.#left.get(peer) ?? PACE_BURST_US;
    if (left <= 0) return false;
    this.#left.set(peer, left - priceOfUselessness(bytes));
    return true;
  }
}

/** The protocol bounds what it says by itself, and answers were asked for. */
const isPaced = (kind: PeerMessage['kind']): boolean =>
  kind === 'transactions' || kind === 'fetch-transactions' || kind === 'fetch-body' || kind === 'fetch-blocks';
