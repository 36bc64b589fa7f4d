/** Where peers may be found: configured addresses, which stay, where they were last
 *  reached, and discovered ones, which make room for newer. */
import { peerIdFromString } from '@libp2p/peer-id';
import { type Multiaddr, multiaddr } from '@multiformats/multiaddr';
import { ForgetfulMap } from '../base/bounded.ts';
import { fail, ok, type Result } from '../base/result.ts';
import type { PeerId } from '../driver/ports.ts';
import { DISCOVERED_ADDRESSES_MAX } from './limits.ts';

export interface PeerAddress {
  readonly peer: PeerId;
  /** Ends in the peer id, so that a dial that finds somebody else fails. */
  readonly address: Multiaddr;
}

export interface AddressError {
  readonly code: 'BAD_ADDRESS';
  readonly message: string;
}

/** Reads `/ip4/…/tcp/…/p2p/<peer id>` (or ip6, dns4, dns6, dns). Error: BAD_ADDRESS. */
export function parseAddress(text: string): Result<PeerAddress, AddressError> {
  const quoted = JSON.stringify(text);
  try {
    const address = multiaddr(text);
    const components = address.getComponents();
    const form = components.map(({ name }) => name).join('/');
    if (!/^(ip4|ip6|dns|dns4|dns6)\/tcp\/p2p$/.test(form)) {
      return fail('BAD_ADDRESS', `${quoted} is not of the form /ip4/…/tcp/…/p2p/<peer id>`);
    }
    // Read and written again: a peer id has more than one text form.
    return ok({ peer: peerIdFromString(components.at(-1)?.value ?? '').toString(), address });
  } catch (error) {
    return fail('BAD_ADDRESS', `${quoted}: ${error instanceof Error ? error.message : String(error)}`);
  }
}

export class AddressBook {
  readonly #configured = new Map<PeerId, Multiaddr[]>();
  /** Where each peer was last reached. */
  readonly #reached = new Map<PeerId, Multiaddr>();
  readonly #discovered = new Map<PeerId, ForgetfulMap<string, Multiaddr>>();

  /** Adds an address that stays. */
  configure({ peer, address }: PeerAddress): void {
    this.#configured.set(peer, [...(this.#configured.get(peer) ?? []), address]);
  }

  /** Adds an address that somebody announced for a peer. False if it was known. */
  discover({ peer, address }: PeerAddress): boolean {
    const text = address.toString();
    if (this.knows(peer, text)) return false;
    const discovered = this.#discovered.get(peer) ?? new ForgetfulMap<string, Multiaddr>(DISCOVERED_ADDRESSES_MAX);
    this.#discovered.set(peer, discovered);
    void discovered.set(text, address);
    return true;
  }

  /** The peer itself was there: it stands first until it is reached elsewhere, and nothing that is announced displaces it. */
  reached({ peer, address }: PeerAddress): void {
    this.#reached.set(peer, address);
    this.#discovered.get(peer)?.delete(address.toString());
  }

  /** Nobody was there, or somebody else: forgotten, if it was only announced. */
  failed({ peer, address }: PeerAddress): void {
    this.#discovered.get(peer)?.delete(address.toString());
  }

  /** Forgets what the operator did not configure. */
  forget(peer: PeerId): void {
    this.#reached.delete(peer);
    this.#discovered.delete(peer);
  }

  knows(peer: PeerId, text: string): boolean {
    const discovered = this.#discovered.get(peer)?.has(text) ?? false;
    return discovered || this.known(peer).some((address) => address.toString() === text);
  }

  /** Where it was last reached, and where the operator says that it is. */
  known(peer: PeerId): readonly Multiaddr[] {
    const reached = this.#reached.get(peer);
    const configured = this.#configured.get(peer) ?? [];
    return reached === undefined ? configured : [reached, ...configured.filter((address) => !address.equals(reached))];
  }

  /** What was announced, the newest first: a restarted process has a new port and has just said so. */
  discovered(peer: PeerId): readonly Multiaddr[] {
    return [...(this.#discovered.get(peer)?.values() ?? [])].reverse();
  }

  /** All of them: what strangers announce on the local network must not stand before the others. */
  of(peer: PeerId): readonly Multiaddr[] {
    return [...this.known(peer), ...this.discovered(peer)];
  }
}
