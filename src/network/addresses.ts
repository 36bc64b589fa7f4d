/** Where peers may be found: configured addresses, which stay, and discovered ones, which make room for newer. */
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
  readonly #discovered = new Map<PeerId, ForgetfulMap<string, Multiaddr>>();

  /** Adds an address that stays. */
  configure({ peer, address }: PeerAddress): void {
    this.#configured.set(peer, [...(this.#configured.get(peer) ?? []), address]);
  }

  /** Adds an address that somebody announced for a peer. False if it was known. */
  discover({ peer, address }: PeerAddress): boolean {
    if (this.#configured.get(peer)?.some((known) => known.equals(address))) return false;
    const known = this.#discovered.get(peer) ?? new ForgetfulMap<string, Multiaddr>(DISCOVERED_ADDRESSES_MAX);
    this.#discovered.set(peer, known);
    const text = address.toString();
    const isNew = !known.has(text);
    known.set(text, address);
    return isNew;
  }

  /** Forgets what was discovered about a peer. */
  forget(peer: PeerId): void {
    this.#discovered.delete(peer);
  }

  /** Configured addresses first: what strangers announce on the local network must not stand before them. Of the others
   *  the newest first: a restarted process has a new port and has just said so. */
  of(peer: PeerId): readonly Multiaddr[] {
    const discovered = [...(this.#discovered.get(peer)?.values() ?? [])].reverse();
    return [...(this.#configured.get(peer) ?? []), ...discovered];
  }
}
