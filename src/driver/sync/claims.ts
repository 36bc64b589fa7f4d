/** Who says to have which blocks, and how far the chain is for certain. Nobody's word is believed: it says whom to ask. */
import type { Height } from '../../base/brand.ts';
import type { PeerId } from '../ports.ts';

export class Claims {
  readonly #isWeakQuorum: (peers: readonly PeerId[]) => boolean;
  /** Who said to be that far. */
  readonly #heights = new Map<PeerId, Height>();
  /** The same of those who were asked and are late: they are asked when they say it again, or when their answer comes. */
  readonly #doubted = new Map<PeerId, Height>();
  /** Height that a certificate proves. */
  #proved = 0 as Height;

  /** `isWeakQuorum`: whether one of these peers at least is honest. */
  constructor(isWeakQuorum: (peers: readonly PeerId[]) => boolean) {
    this.#isWeakQuorum = isWeakQuorum;
  }

  /** Peers that say that they are ahead. */
  get size(): number {
    return this.#heights.size + this.#doubted.size;
  }

  /** Height up to which somebody says that there are blocks, or a certificate. */
  get target(): number {
    return Math.max(this.#proved, ...this.#heights.values(), ...this.#doubted.values());
  }

  /** How far the chain is for certain: a certificate says so, or more peers claim it than can lie. Null while nothing is
   *  missing here. */
  certain(executed: Height): Height | null {
    let certain = this.#proved;
    for (const height of this.#heights.values()) {
      if (height <= certain) continue;
      const claiming = [...this.#heights].filter(([, claim]) => claim >= height).map(([peer]) => peer);
      if (this.#isWeakQuorum(claiming)) certain = height;
    }
    return certain > executed ? certain : null;
  }

  /** Whether there is such a block, by a certificate or by more than can lie: also by those who are late. */
  exists(height: Height): boolean {
    if (height <= this.#proved) return true;
    const claiming = [...this.#heights, ...this.#doubted].filter(([, claim]) => claim >= height);
    return this.#isWeakQuorum(claiming.map(([peer]) => peer));
  }

  /** What this peer said last. */
  of(peer: PeerId): number {
    return this.#heights.get(peer) ?? 0;
  }

  /** Blocks up to here exist: so says a peer (a hint), or a certificate (null). */
  add(height: Height, peer: PeerId | null): void {
    if (peer === null) this.#proved = height;
    else {
      this.#doubted.delete(peer);
      this.#heights.set(peer, height);
    }
  }

  /** The peer does not answer. */
  doubt(peer: PeerId): void {
    const height = this.#heights.get(peer);
    if (height === undefined) return;
    this.#heights.delete(peer);
    this.#doubted.set(peer, height);
  }

  /** It answered after all. */
  trust(peer: PeerId): void {
    const height = this.#doubted.get(peer);
    if (height !== undefined) this.add(height, peer);
  }

  /** The peer has left, or its answer was a lie, or none. An honest STATUS will set its claim again. */
  forget(peer: PeerId): void {
    this.#heights.delete(peer);
    this.#doubted.delete(peer);
  }
}
