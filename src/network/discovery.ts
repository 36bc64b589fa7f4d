/** Peers on the local network, by mDNS (RFC 6762). */
import { start, stop } from '@libp2p/interface';
import { type MulticastDNSComponents, mdns } from '@libp2p/mdns';
import type { Hash } from '../base/brand.ts';
import { Allowance } from '../base/allowance.ts';
import { invariant } from '../base/invariant.ts';
import { ANNOUNCED_ADDRESSES_MAX, MDNS_INTERVAL_MS, QUESTIONS_BURST, QUESTIONS_PER_SECOND } from './limits.ts';

export interface Discovery {
  start(): Promise<void>;
  stop(): Promise<void>;
}

/** A service name has at most 15 characters (RFC 6763, 7.2): seven digits of the chain id keep testnets apart, and HELLO
 *  compares the rest. */
const serviceTag = (chainId: Hash): string => `_trefoil-${chainId.slice(0, 7)}._udp.local`;

/** A packet of mDNS, as far as it is looked at. */
export interface Packet {
  readonly answers?: readonly DnsRecord[];
  readonly additionals?: readonly DnsRecord[];
}
interface DnsRecord {
  readonly type: string;
  readonly name: string;
  readonly data?: unknown;
}

/** What the library calls with each packet, before it has looked into it. Its own names: nothing else lets us in there. */
const ON_QUERY = '_onMdnsQuery';
const ON_RESPONSE = '_onMdnsResponse';
interface Service {
  [ON_QUERY]: (packet: unknown) => void;
  [ON_RESPONSE]: (packet: Packet) => void;
}

/**
 * Announces this node and reports the addresses that it hears, as text. Not one of libp2p's peer discoveries: those write every
 * announced peer, which anybody on the network can invent, to the peer store, and report a peer only the first time, so that a
 * restarted one on a new port would never be found again. Nor do we let the library read the answers: it parses all the
 * addresses in them, and whoever listens has to say first whether that is worth its while.
 */
export function mdnsDiscovery(
  chainId: Hash,
  heard: (address: string) => void,
): (components: MulticastDNSComponents) => Discovery {
  return (components) => {
    const tag = serviceTag(chainId);
    const service = mdns({ serviceTag: tag, interval: MDNS_INTERVAL_MS })(components);
    invariant(isService(service), 'the mDNS library has the hooks that it had');
    const questions = new Allowance(QUESTIONS_PER_SECOND, QUESTIONS_BURST);
    const answer = service[ON_QUERY];
    service[ON_QUERY] = (packet) => {
      if (questions.take(1, performance.now())) answer(packet);
    };
    service[ON_RESPONSE] = (packet) => {
      for (const address of announcedIn(packet, tag)) heard(address);
    };
    return { start: () => start(service), stop: () => stop(service) };
  };
}

const isService = (service: object): service is Service =>
  ON_QUERY in service &&
  typeof service[ON_QUERY] === 'function' &&
  ON_RESPONSE in service &&
  typeof service[ON_RESPONSE] === 'function';

const ADDRESS_PREFIX = 'dnsaddr=';

/** The addresses in an answer of this service, as many as are looked at (github.com/libp2p/specs, discovery/mdns.md). */
export function announcedIn({ answers = [], additionals = [] }: Packet, tag: string): readonly string[] {
  if (!answers.some(({ type, name }) => type === 'PTR' && name === tag)) return [];
  // Go's libp2p puts them among the answers, others among the additional records.
  return [answers, additionals]
    .flatMap((records) => records.slice(0, ANNOUNCED_ADDRESSES_MAX))
    .flatMap(({ type, data }) => (type === 'TXT' ? (Array.isArray(data) ? data.slice(0, 1) : [data]) : []))
    .map(String)
    .filter((text) => text.startsWith(ADDRESS_PREFIX))
    .map((text) => text.slice(ADDRESS_PREFIX.length));
}
