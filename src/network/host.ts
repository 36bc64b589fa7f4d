/** The libp2p node: TCP, noise, yamux, one stream protocol, and nothing that libp2p does by itself beyond that. */
import { isIPv6 } from 'node:net';
import { noise } from '@chainsafe/libp2p-noise';
import type { Connection, ConnectionGater, Libp2p, Stream } from '@libp2p/interface';
import { tcp } from '@libp2p/tcp';
import { createLibp2p } from 'libp2p';
import type { Hash } from '../base/brand.ts';
import type { PeerId } from '../driver/ports.ts';
import type { PeerAddress } from './addresses.ts';
import { boundedYamux } from './bounded-yamux.ts';
import { mdnsDiscovery } from './discovery.ts';
import type { NodeIdentity } from './identity.ts';
import {
  CONNECTIONS_MAX,
  DIAL_MS_MAX,
  HANDSHAKE_TICKS_MAX,
  INBOUND_PER_SECOND_MAX,
  PENDING_INBOUND_MAX,
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
  /** Asked when a connection is encrypted and the peer's identity therefore known. */
  admits(peer: PeerId): boolean;
  connected(connection: Connection): void;
  /** A stream that the far side opened. */
  streamed(connection: Connection, stream: Stream): void;
  discovered(peer: PeerAddress): void;
}

/** A host that listens once it is started. */
export async function createHost(options: HostOptions, ports: HostPorts): Promise<Libp2p> {
  const { host, port } = options.listen;
  const node = await createLibp2p({
    start: false,
    privateKey: options.identity.privateKey,
    addresses: { listen: [`/${isIPv6(host) ? 'ip6' : 'ip4'}/${host}/tcp/${port}`] },
    transports: [tcp()],
    connectionEncrypters: [noise()],
    streamMuxers: [boundedYamux()],
    connectionGater: gater(ports),
    connectionManager: {
      maxConnections: CONNECTIONS_MAX,
      maxIncomingPendingConnections: PENDING_INBOUND_MAX,
      inboundConnectionThreshold: INBOUND_PER_SECOND_MAX,
      inboundUpgradeTimeout: UPGRADE_MS_MAX,
      inboundStreamProtocolNegotiationTimeout: HANDSHAKE_TICKS_MAX * TICK_MS,
      outboundStreamProtocolNegotiationTimeout: HANDSHAKE_TICKS_MAX * TICK_MS,
      dialTimeout: DIAL_MS_MAX,
    },
    // Sessions have heartbeats of their own.
    connectionMonitor: { enabled: false },
    ...(options.mdns && { services: { mdns: mdnsDiscovery(options.chainId, (found) => ports.discovered(found)) } }),
  });
  node.addEventListener('connection:open', ({ detail }) => ports.connected(detail));
  await node.handle(STREAM_PROTOCOL, (stream, connection) => ports.streamed(connection, stream), {
    maxInboundStreams: 1,
    maxOutboundStreams: 1,
  });
  return node;
}

function gater(ports: HostPorts): ConnectionGater {
  const denies = (peer: { toString(): string }): boolean => !ports.admits(peer.toString());
  return { denyInboundEncryptedConnection: denies, denyOutboundEncryptedConnection: denies };
}
