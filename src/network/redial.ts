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
  dial(address: Multiaddr, peer: PeerId): Promise<void>;
  /** From 0 to 1. Spreads the tries of peers that lost each other at the same moment. */
  random(): number;
}

interface Target {
  tries: number;
  /** Undefined while a try is under way. */
  timer: NodeJS.Timeout | undefined;
  /** By performance.now(), when it ends. */
  dueMs: number;
  /** There was news during the try that is under way. */
  hurried: boolean;
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
    this.#targets.set(peer, { tries: 0, timer: undefined, dueMs: 0, hurried: false });
    this.#wait(peer, 0);
  }

  remove(peer: PeerId): void {
    clearTimeout(this.#targets.get(peer)?.timer);
    this.#targets.delete(peer);
  }

  /** There was a good connection: starts the waits anew. */
  renew(peer: PeerId): void {
    const target = this.#targets.get(peer);
    if (target !== undefined) target.tries = 0;
    this.hurry(peer);
  }

  /** There is news where the peer is: the next try comes soon. Never later than it would have come anyway, however often
   *  there is news. */
  hurry(peer: PeerId): void {
    const target = this.#targets.get(peer);
    if (target === undefined) return;
    target.hurried = true;
    if (target.timer === undefined) return;
    const delayMs = this.#takeDelayMs(peer, target);
    if (performance.now() + delayMs >= target.dueMs) return;
    clearTimeout(target.timer);
    this.#wait(peer, delayMs);
  }

  stop(): void {
    for (const peer of [...this.#targets.keys()]) this.remove(peer);
  }

  #wait(peer: PeerId, delayMs: number): void {
    const target = this.#targets.get(peer);
    if (target === undefined) return;
    target.dueMs = performance.now() + delayMs;
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
    await this.#ports.dial(address, peer);
    return this.#takeDelayMs(peer, target);
  }

  /** Milliseconds until the next try. A target in a hurry is tried soon, once. */
  #takeDelayMs(peer: PeerId, target: Target): number {
    const delayMs = this.#delayMs(peer, target.hurried ? 0 : target.tries);
    target.hurried = false;
    return delayMs;
  }

  /** Doubled after each round through the addresses; between a half and the whole of it by chance. */
  #delayMs(peer: PeerId, tries: number): number {
    const rounds = Math.floor(tries / Math.max(1, this.#ports.addresses(peer).length));
    return Math.min(REDIAL_MS_MAX, REDIAL_MS_MIN * 2 ** Math.min(rounds, 30)) * (0.5 + 0.5 * this.#ports.random());
  }
}
