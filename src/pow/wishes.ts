/**
 * What a node wants of each peer: the newest block that the peer said it has, and the block that it was asked for last. A peer that
 * answers is asked on until that newest block has its place. One that does not answer holds up nobody: each peer has its own.
 */
import type { Hash } from '../base/brand.ts';
import { ForgetfulMap } from '../base/bounded.ts';
import { PEERS_MAX } from './limits.ts';
import type { Peer } from './orphans.ts';

interface Wish {
  /** The newest block that the peer said it has. */
  readonly newest: Hash;
  readonly asked: Hash | null;
}

export class Wishes {
  readonly #wishes = new ForgetfulMap<Peer, Wish>(PEERS_MAX);

  newestOf(peer: Peer): Hash | null {
    return this.#wishes.get(peer)?.newest ?? null;
  }

  /** The block that the peer was asked for last. What it was asked for before is on its way too, but only the answer to the last
   *  question leads to a new one: otherwise each announcement would make one more walk over the same blocks. */
  askedOf(peer: Peer): Hash | null {
    return this.#wishes.get(peer)?.asked ?? null;
  }

  announced(peer: Peer, newest: Hash): void {
    this.#wishes.set(peer, { newest, asked: this.askedOf(peer) });
  }

  asked(peer: Peer, id: Hash): void {
    this.#wishes.set(peer, { newest: this.newestOf(peer) ?? id, asked: id });
  }
}
