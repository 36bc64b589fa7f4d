/** Who may connect: the admitted peers, unless they are kept away or have connections enough. */
import type { PeerId } from '../driver/ports.ts';
import type { EventLog } from './events.ts';
import { CONNECTIONS_PER_PEER_MAX } from './limits.ts';
import { Penalties } from './penalties.ts';

export type Refusal = 'NOT_ADMITTED' | 'AWAY' | 'TOO_MANY';

export class Admission {
  readonly #log: EventLog;
  readonly #penalties = new Penalties();
  readonly #refused = { NOT_ADMITTED: 0, AWAY: 0, TOO_MANY: 0 };
  #peers: ReadonlySet<PeerId>;

  constructor(peers: ReadonlySet<PeerId>, log: EventLog) {
    this.#peers = new Set(peers);
    this.#log = log;
  }

  get peers(): ReadonlySet<PeerId> {
    return this.#peers;
  }

  /** Connections refused so far. */
  get refused(): Readonly<Record<Refusal, number>> {
    return { ...this.#refused };
  }

  replace(peers: ReadonlySet<PeerId>): void {
    this.#peers = new Set(peers);
  }

  /** Keeps the peer away for a while. Returns for how many milliseconds. */
  punish(peer: PeerId): number {
    return this.#penalties.punish(peer, performance.now());
  }

  /** Why a peer that has so many connections may not have one more. */
  refusal(peer: PeerId, connections: number): Refusal | undefined {
    if (!this.#peers.has(peer)) return 'NOT_ADMITTED';
    if (this.#penalties.awayMs(peer, performance.now()) > 0) return 'AWAY';
    if (connections >= CONNECTIONS_PER_PEER_MAX) return 'TOO_MANY';
    return undefined;
  }

  /** Decides about a connection; refusals are counted and logged. */
  decide(peer: PeerId, connections: number): boolean {
    const reason = this.refusal(peer, connections);
    if (reason === undefined) return true;
    this.#refused[reason]++;
    const message = `connection refused, ${this.#refused[reason]} so far`;
    // Strangers can invent peer ids: one line stands for all of them.
    const about = reason === 'NOT_ADMITTED' ? 'strangers' : peer;
    this.#log.trouble({ code: 'CONNECTION_REFUSED', reason, message, peer }, about);
    return false;
  }
}
