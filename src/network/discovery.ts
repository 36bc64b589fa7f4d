/** Peers on the local network, by mDNS (RFC 6762). */
import { start, stop } from '@libp2p/interface';
import { type MulticastDNSComponents, mdns } from '@libp2p/mdns';
import type { Hash } from '../base/brand.ts';
import type { PeerAddress } from './addresses.ts';
import { parseAddress } from './addresses.ts';
import { MDNS_INTERVAL_MS } from './limits.ts';

export interface Discovery {
  start(): Promise<void>;
  stop(): Promise<void>;
}

/** A service name has at most 15 characters (RFC 6763, 7.2): seven digits of the chain id keep testnets apart, and HELLO
 *  compares the rest. */
const serviceTag = (chainId: Hash): string => `_trefoil-${chainId.slice(0, 7)}._udp.local`;

/**
 * Announces this node and reports whom it hears. Not one of libp2p's peer discoveries: those write every announced peer,
 * which anybody on the network can invent, to the peer store, and report a peer only the first time, so that a restarted one
 * on a new port would never be found again.
 */
export function mdnsDiscovery(
  chainId: Hash,
  found: (peer: PeerAddress) => void,
): (components: MulticastDNSComponents) => Discovery {
  return (components) => {
    const service = mdns({ serviceTag: serviceTag(chainId), interval: MDNS_INTERVAL_MS })(components);
    service.addEventListener('peer', ({ detail: { id, multiaddrs } }) => {
      for (const address of multiaddrs) {
        const parsed = parseAddress(`${address.toString()}/p2p/${id.toString()}`);
        if (parsed.ok) found(parsed.value);
      }
    });
    return { start: () => start(service), stop: () => stop(service) };
  };
}
