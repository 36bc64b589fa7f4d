/** Hosts on loopback for the tests: honest networks that write down what happens to them, and a bare host that can lie. */
import { createServer } from 'node:net';
import { noise } from '@chainsafe/libp2p-noise';
import type { Connection, MessageStream, Stream } from '@libp2p/interface';
import { tcp } from '@libp2p/tcp';
import { yamux } from '@libp2p/yamux';
import { multiaddr } from '@multiformats/multiaddr';
import { createLibp2p } from 'libp2p';
import { onTestFinished, vi } from 'vitest';
import { hash } from '../../src/base/brand.ts';
import { present } from '../../src/base/invariant.ts';
import type { PeerId } from '../../src/driver/ports.ts';
import type { NetworkEvent } from '../../src/network/events.ts';
import { encodeFrame, FrameDecoder } from '../../src/network/frames.ts';
import { helloCodec, PROTOCOL_VERSION } from '../../src/network/hello.ts';
import { STREAM_PROTOCOL } from '../../src/network/host.ts';
import { nodeIdentity } from '../../src/network/identity.ts';
import { createNetwork, type Network, type NetworkOptions } from '../../src/network/network.ts';

const CHAIN = hash('ab'.repeat(32));
const key = (name: number): Uint8Array => new Uint8Array(32).fill(name);

/** Peer id of the host with this number. */
export const peer = (name: number): PeerId => nodeIdentity(key(name)).peerId;
export const peers = (...names: readonly number[]): ReadonlySet<PeerId> => new Set(names.map(peer));

/** Numbers of two hosts, the one that elects first. */
export const ELECTOR_FIRST = peer(1) < peer(2) ? ([1, 2] as const) : ([2, 1] as const);

export interface TestHost {
  readonly network: Network;
  readonly peer: PeerId;
  readonly events: NetworkEvent[];
  /** In order: `+` connected, `-` disconnected, with the peer. */
  readonly links: string[];
  readonly received: { readonly from: PeerId; readonly message: Uint8Array }[];
  stop(): Promise<void>;
}

/** Starts the host with this number; it is stopped with the test. */
export async function startHost(name: number, options: Partial<NetworkOptions> = {}): Promise<TestHost> {
  const events: NetworkEvent[] = [];
  const links: string[] = [];
  const received: TestHost['received'] = [];
  const network = createNetwork({
    nodeKey: key(name),
    chainId: CHAIN,
    admitted: peers(1, 2, 3, 4),
    configured: new Set(),
    listen: { host: '127.0.0.1', port: 0 },
    bootstrap: [],
    mdns: false,
    log: (event) => void events.push(event),
    ...options,
  });
  let stopping: Promise<void> | undefined;
  const stop = () => (stopping ??= network.stop());
  onTestFinished(stop);
  await network.start({
    connected: (other) => void links.push(`+${other}`),
    disconnected: (other) => void links.push(`-${other}`),
    received: (from, message) => void received.push({ from, message }),
  });
  return { network, peer: network.peerId, events, links, received, stop };
}

/** Waits until the assertion holds. */
export const eventually = <T>(assertion: () => T | Promise<T>): Promise<T> =>
  vi.waitFor(assertion, { timeout: 15_000, interval: 10 });

export const connectedPeers = (host: TestHost): PeerId[] =>
  host.network
    .peers()
    .map((state) => state.peer)
    .sort();

/** A port that was free a moment ago. */
export function freePort(): Promise<number> {
  const server = createServer();
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      const port = typeof address === 'object' ? present(address, 'the address').port : 0;
      server.close(() => resolve(port));
    });
  });
}

/** A peer that speaks raw bytes after libp2p's own handshakes. */
export interface RawPeer {
  readonly connection: Connection;
  readonly stream: Stream;
  /** What lies under yamux. */
  readonly encrypted: MessageStream;
  /** Messages that came, HELLO included. */
  readonly heard: Uint8Array[];
}

/** Connects to a host with the key of this number, without a HELLO. */
export async function connectRaw(name: number, to: TestHost): Promise<RawPeer> {
  let encrypted: MessageStream | undefined;
  const muxers = yamux()();
  const node = await createLibp2p({
    privateKey: nodeIdentity(key(name)).privateKey,
    transports: [tcp()],
    connectionEncrypters: [noise()],
    streamMuxers: [
      () => ({
        protocol: muxers.protocol,
        createStreamMuxer(connection) {
          encrypted = connection;
          return muxers.createStreamMuxer(connection);
        },
      }),
    ],
    connectionMonitor: { enabled: false },
  });
  onTestFinished(() => node.stop());
  const [address] = to.network.addresses();
  const connection = await node.dial(multiaddr(present(address, 'an address')));
  const stream = await connection.newStream(STREAM_PROTOCOL);
  const heard: Uint8Array[] = [];
  const decoder = new FrameDecoder(1 << 24);
  stream.addEventListener('message', ({ data }) => {
    decoder.feed(data.subarray());
    for (let frame = decoder.next(); frame.ok && frame.value !== undefined; frame = decoder.next()) {
      heard.push(...frame.value);
    }
  });
  return { connection, stream, encrypted: present(encrypted, 'the connection under yamux'), heard };
}

/** The frame with which a process of this number begins. */
export const helloFrame = (name: number, chainId = CHAIN): Uint8Array =>
  encodeFrame([helloCodec.encode({ version: PROTOCOL_VERSION, chainId, incarnation: new Uint8Array(16).fill(name) })]);
