/** What the network tells the log: coded, with a sentence for people. */
import { ForgetfulMap } from '../base/bounded.ts';
import type { PeerId } from '../driver/ports.ts';
import { LOG_AGAIN_MS, LOG_MEMORY_MAX } from './limits.ts';

export interface NetworkEvent {
  readonly level: 'info' | 'warn';
  readonly code:
    | 'LISTENING'
    | 'PEER_CONNECTED'
    | 'PEER_DISCONNECTED'
    | 'PEER_PUNISHED'
    | 'HANDSHAKE_FAILED'
    | 'CONNECTION_REFUSED'
    | 'ADDRESS_IGNORED';
  readonly message: string;
  readonly peer?: PeerId;
  /** Code of the cause, such as WRONG_CHAIN, FRAME_TOO_LARGE, SILENT, NOT_ADMITTED, or the driver's. */
  readonly reason?: string;
}

/** Passes events on; the same one of the same peer again only after a while, so that a peer cannot fill the log. */
export class EventLog {
  readonly #write: (event: NetworkEvent) => void;
  readonly #lastMs = new ForgetfulMap<string, number>(LOG_MEMORY_MAX);

  constructor(write: (event: NetworkEvent) => void) {
    this.#write = write;
  }

  /** Changes of state, which are all written. */
  state(event: NetworkEvent): void {
    this.#write(event);
  }

  /** What a peer can repeat at will. `about` says for which events one stands. */
  trouble(event: Omit<NetworkEvent, 'level'>, about: string = event.peer ?? ''): void {
    const nowMs = performance.now();
    const key = `${event.code} ${event.reason ?? ''} ${about}`;
    const lastMs = this.#lastMs.get(key);
    if (lastMs !== undefined && nowMs - lastMs < LOG_AGAIN_MS) return;
    this.#lastMs.set(key, nowMs);
    this.#write({ level: 'warn', ...event });
  }
}
