/**
 * Dials peers that are not connected, for ever: one address after the other, waiting longer after each round, up to a bound.
 * libp2p's own reconnecting gives up after some tries and knows nothing of discovered addresses.
 */
import type { Multiaddr } from '@multiformats/multiaddr';
import type { PeerId } from '../driver/ports.ts';
import { REDIAL_MS_MAX, REDIAL_MS_MIN } from './limits.ts';

export interface RedialPorts {
  addresses(peer: PeerId): readonly Multiaddr[];
  /** False while there is a connection, a connection being settled, or a punishment. */
  wanted(peer: PeerId): boolean;
  /** One try; never rejects. */
  dial(address: Multiaddr): Promise<void>;
  /** From 0 to 1. Spreads the tries of peers that lost each other at the same moment. */
  random(): number;
}

interface Target {
  tries: number;
  timer: NodeJS.Timeout | undefined;
}

export class Redialer {
  readonly #ports: RedialPorts;
  readonly #targets = new Map<PeerId, Target>();

  constructor(ports: RedialPorts) {
    this.#ports = ports;
  }

  /** Keeps the peer connected from now on. */
  add(peer: PeerId): void {
    if (this.#targets.has(peer)) return;
    this.#targets.set(peer, { tries: 0, timer: undefined });
    this.#wait(peer, 0);
  }

  remove(peer: PeerId): void {
    clearTimeout(this.#targets.get(peer)?.timer);
    this.#targets.delete(peer);
  }

  /** Starts the waits anew: there was a good connection, or there is news where the peer is. */
  hurry(peer: PeerId): void {
    const target = this.#targets.get(peer);
    if (target === undefined) return;
    target.tries = 0;
    if (target.timer === undefined) return; // a try is under way and will use the new count
    clearTimeout(target.timer);
    this.#wait(peer, this.#delayMs(peer, target));
  }

  stop(): void {
    for (const peer of [...this.#targets.keys()]) this.remove(peer);
  }

  #wait(peer: PeerId, delayMs: number): void {
    const target = this.#targets.get(peer);
    if (target === undefined) return;
    target.timer = setTimeout(() => {
      target.timer = undefined;
      void this.#turn(peer, target).then((nextMs) => {
        if (this.#targets.get(peer) === target) this.#wait(peer, nextMs);
      });
    }, delayMs);
  }

  /** Dials if there is reason to. Returns when to look again. */
  async #turn(peer: PeerId, target: Target): Promise<number> {
    const addresses = this.#ports.addresses(peer);
    const address = addresses[target.tries % addresses.length];
    if (address === undefined || !this.#ports.wanted(peer)) return REDIAL_MS_MAX;
    target.tries++;
    await this.#ports.dial(address);
    return this.#delayMs(peer, target);
  }

  /** Doubled after each round through the addresses; between a half and the whole of it by chance. */
  #delayMs(peer: PeerId, { tries }: Target): number {
    const rounds = Math.floor(tries / Math.max(1, this.#ports.addresses(peer).length));
    return Math.min(REDIAL_MS_MAX, REDIAL_MS_MIN * 2 ** Math.min(rounds, 30)) * (0.5 + 0.5 * this.#ports.random());
  }
}
