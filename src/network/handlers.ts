/** Whom a network tells what happens. */
import type { PeerId } from '../driver/ports.ts';

/** Called for admitted peers that have proved their chain. `punish`, `admit` and `stop` call `disconnected` before they
 *  return. */
export interface NetworkHandlers {
  connected(peer: PeerId): void;
  disconnected(peer: PeerId): void;
  /** The bytes are the receiver's to keep. */
  received(peer: PeerId, message: Uint8Array): void;
}
