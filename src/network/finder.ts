/**
 * Where peers are, and the dialling of those that are not connected. What the operator configured and what worked before is
 * dialled in one round after the other, whatever is announced; what was announced is dialled beside it, each address once. So
 * somebody who announces made-up addresses makes us dial into the void now and then, and keeps us from nobody.
 */
import type { Connection } from '@libp2p/interface';
import type { Multiaddr } from '@multiformats/multiaddr';
import type { PeerId } from '../driver/ports.ts';
import { AddressBook, type PeerAddress, parseAddress } from './addresses.ts';
import { Announcements } from './announcements.ts';
import { placeOf } from './door.ts';
import { Redialer } from './redial.ts';

export interface FinderPorts {
  /** False while there is a connection, a connection being settled, or a punishment. */
  wanted(peer: PeerId): boolean;
  /** One try; whether the peer was there. Never rejects. */
  dial(address: Multiaddr): Promise<boolean>;
}

export class Finder {
  readonly #ports: FinderPorts;
  readonly #book = new AddressBook();
  readonly #announcements = new Announcements();
  readonly #redialer: Redialer;
  readonly #seeker: Redialer;
  readonly #sought = new Set<PeerId>();
  readonly #configuredHosts = new Set<string>();
  /** Where each peer was when we last met it. */
  readonly #hosts = new Map<PeerId, string>();

  constructor(ports: FinderPorts) {
    this.#ports = ports;
    const { random } = Math;
    const wanted = (peer: PeerId): boolean => ports.wanted(peer);
    this.#redialer = new Redialer({
      addresses: (peer) => this.#book.known(peer),
      wanted,
      dial: async (address) => void (await ports.dial(address)),
      random,
    });
    this.#seeker = new Redialer({
      addresses: (peer) => this.#book.discovered(peer),
      wanted,
      dial: (address, peer) => this.#seek(peer, address),
      random,
    });
  }

  /** An address from the operator. */
  configure(found: PeerAddress): void {
    const { host } = placeOf(found.address);
    if (host !== undefined) this.#configuredHosts.add(host);
    this.#book.configure(found);
  }

  /** Keeps the peer connected from now on. */
  add(peer: PeerId): void {
    this.#sought.add(peer);
    this.#redialer.add(peer);
    this.#seeker.add(peer);
  }

  /** Does not dial it any more. What the operator configured is remembered. */
  remove(peer: PeerId): void {
    this.#sought.delete(peer);
    this.#redialer.remove(peer);
    this.#seeker.remove(peer);
    this.#hosts.delete(peer);
    this.#book.forget(peer);
  }

  /** Somebody says that a peer is there: `/ip4/…/tcp/…/p2p/<peer id>`. */
  announced(text: string): void {
    const isNews = (peer: PeerId): boolean => this.#sought.has(peer) && !this.#book.knows(peer, text);
    if (!this.#announcements.take(text, isNews, performance.now())) return;
    const parsed = parseAddress(text);
    if (parsed.ok && this.#sought.has(parsed.value.peer) && this.#book.discover(parsed.value)) {
      this.#seeker.hurry(parsed.value.peer);
    }
  }

  /** The peer is at the far end of this connection, and has proved its chain. */
  met(peer: PeerId, { direction, remoteAddr }: Pick<Connection, 'direction' | 'remoteAddr'>): void {
    // Of a connection that the peer has dialled, the port leads nowhere.
    if (direction === 'outbound') this.#book.reached({ peer, address: remoteAddr });
    const { host } = placeOf(remoteAddr);
    if (host !== undefined && this.#sought.has(peer)) this.#hosts.set(peer, host);
  }

  /** Whether a peer was there when we last had a connection with it, or is there as the operator says. */
  isKnownHost(host: string): boolean {
    return this.#configuredHosts.has(host) || [...this.#hosts.values()].includes(host);
  }

  /** A connection that had lasted is over. */
  lost(peer: PeerId): void {
    this.#redialer.renew(peer);
    this.#seeker.renew(peer);
  }

  async #seek(peer: PeerId, address: Multiaddr): Promise<void> {
    const isThere = await this.#ports.dial(address);
    // If it is there later, it will be announced again.
    if (!isThere) this.#book.failed({ peer, address });
  }
}
