/**
 * Addresses that somebody announced on the local network, where anybody can announce anything for anybody. Looked at as text,
 * before they are parsed: only those of admitted peers that are news, and only so many of them.
 */
import { Allowance } from '../base/allowance.ts';
import { ForgetfulMap } from '../base/bounded.ts';
import type { PeerId } from '../driver/ports.ts';
import {
  ANNOUNCED_PEERS_MAX,
  ANNOUNCEMENT_CHARACTERS_MAX,
  ANNOUNCEMENTS_BURST,
  ANNOUNCEMENTS_PER_SECOND,
  PEER_ANNOUNCEMENTS_BURST,
  PEER_ANNOUNCEMENTS_PER_SECOND,
} from './limits.ts';

export class Announcements {
  readonly #all = new Allowance(ANNOUNCEMENTS_PER_SECOND, ANNOUNCEMENTS_BURST);
  readonly #peers = new ForgetfulMap<PeerId, Allowance>(ANNOUNCED_PEERS_MAX);

  /** Charges an announcement to its allowances. True when an address in this text is to be parsed. `isNews`: of an
   *  admitted peer, and not known. */
  take(text: string, isNews: (peer: PeerId, text: string) => boolean, nowMs: number): boolean {
    if (text.length > ANNOUNCEMENT_CHARACTERS_MAX) return false;
    const peer = text.slice(text.lastIndexOf('/') + 1);
    if (!isNews(peer, text)) return false;
    const known = this.#peers.get(peer);
    const allowance = known ?? new Allowance(PEER_ANNOUNCEMENTS_PER_SECOND, PEER_ANNOUNCEMENTS_BURST);
    if (known === undefined) this.#peers.set(peer, allowance);
    return allowance.take(1, nowMs) && this.#all.take(1, nowMs);
  }
}
