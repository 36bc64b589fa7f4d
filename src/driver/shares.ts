/** Each peer's share of the messages that wait for a turn: one that floods us crowds out nobody else. */
import { INPUT_OVERHEAD_BYTES, PEER_INPUT_BYTES_MAX } from './limits.ts';
import type { PeerId } from './ports.ts';

export class Shares {
  readonly #waiting = new Map<PeerId, number>();

  /** Takes room for a message. False when the peer has used up its share. */
  take(peer: PeerId, message: Uint8Array): boolean {
    const waiting = this.#waiting.get(peer) ?? 0;
    if (waiting > PEER_INPUT_BYTES_MAX) return false;
    this.#waiting.set(peer, waiting + message.length + INPUT_OVERHEAD_BYTES);
    return true;
  }

  /** The message is being handled. */
  free(peer: PeerId, message: Uint8Array): void {
    const left = (this.#waiting.get(peer) ?? 0) - message.length - INPUT_OVERHEAD_BYTES;
    if (left > 0) this.#waiting.set(peer, left);
    else this.#waiting.delete(peer);
  }
}
