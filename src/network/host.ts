/** The libp2p node: TCP, noise, yamux, one stream protocol, and nothing that libp2p does by itself beyond that. */
import { isIPv6 } from 'node:net';
import { noise } from '@chainsafe/libp2p-noise';
import type { Connection, ConnectionGater, Libp2p, Stream } from '@libp2p/interface';
import { createLibp2p } from 'libp2p';
import type { Hash } from '../base/brand.ts';
import type { PeerId } from '../driver/ports.ts';
import { boundedYamux } from './bounded-yamux.ts';
import { mdnsDiscovery } from './discovery.ts';
import { type Door, tcpBehind } from './door.ts';
import type { NodeIdentity } from './identity.ts';
import {
  CONNECTIONS_MAX,
  DIAL_MS_MAX,
  GREETING_LIMITS,
  HANDSHAKE_TICKS_MAX,
  KNOWN_HANDSHAKES_PER_SECOND,
  TICK_MS,
  UPGRADE_MS_MAX,
} from './limits.ts';

/** Name of the stream. Versions are compared in HELLO, where a mismatch can be named. */
export const STREAM_PROTOCOL = '/trefoil/peer';

export interface HostOptions {
  readonly identity: NodeIdentity;
  readonly chainId: Hash;
  readonly listen: ListenAddress;
  readonly mdns: boolean;
}

export interface ListenAddress {
  /** An IP address. */
  readonly host: string;
  /** 0: any free port. */
  readonly port: number;
}

export interface HostPorts {
  /** Stands in front of what listens. */
  readonly door: Door;
  /** Asked when a connection is encrypted and the peer's identity therefore known. */
  admits(peer: PeerId): boolean;
  connected(connection: Connection): void;
  /** A stream that the far side opened. */
  streamed(connection: Connection, stream: Stream): void;
  /** An address that somebody announced, as text. */
  announced(address: string): void;
}

/** A host that listens once it is started. */
export async function createHost(options: HostOptions, ports: HostPorts): Promise<Libp2p> {
  const { host, port } = options.listen;
  const node = await createLibp2p({
    start: false,
    privateKey: options.identity.privateKey,
    addresses: { listen: [`/${isIPv6(host) ? 'ip6' : 'ip4'}/${host}/tcp/${port}`] },
    transports: [tcpBehind(ports.door)],
    connectionEncrypters: [noise()],
    streamMuxers: [boundedYamux()],
    connectionGater: gater(ports),
    connectionManager: {
      maxConnections: CONNECTIONS_MAX,
      // The door lets no more in.
      maxIncomingPendingConnections: 2 * GREETING_LIMITS.max,
      inboundConnectionThreshold: 2 * KNOWN_HANDSHAKES_PER_SECOND,
      inboundUpgradeTimeout: UPGRADE_MS_MAX,
      inboundStreamProtocolNegotiationTimeout: HANDSHAKE_TICKS_MAX * TICK_MS,
      outboundStreamProtocolNegotiationTimeout: HANDSHAKE_TICKS_MAX * TICK_MS,
      dialTimeout: DIAL_MS_MAX,
    },
    // Sessions have heartbeats of their own.
    connectionMonitor: { enabled: false },
    ...(options.mdns && { services: { mdns: mdnsDiscovery(options.chainId, (address) => ports.announced(address)) } }),
  });
  node.addEventListener('connection:open', ({ detail }) => ports.connected(detail));
  await node.handle(STREAM_PROTOCOL, (stream, connection) => ports.streamed(connection, stream), {
    maxInboundStreams: 1,
    maxOutboundStreams: 1,
  });
  return node;
}

function gater(ports: HostPorts): ConnectionGater {
  return {
    denyInboundEncryptedConnection: (peer, { remoteAddr }) => {
      ports.door.identified(remoteAddr);
      return !ports.admits(peer.toString());
    },
    denyOutboundEncryptedConnection: (peer) => !ports.admits(peer.toString()),
  };
}
