/** A libp2p node that is nobody's friend: it can do everything up to HELLO, and after that what it likes. */
import { noise } from '@chainsafe/libp2p-noise';
import type { Connection, Stream } from '@libp2p/interface';
import { tcp } from '@libp2p/tcp';
import { yamux } from '@libp2p/yamux';
import { multiaddr } from '@multiformats/multiaddr';
import { createLibp2p } from 'libp2p';
import type { Hash } from '../../src/base/brand.ts';
import { present } from '../../src/base/invariant.ts';
import { readNetwork } from '../../src/cli/testnet/layout.ts';
import { encodeFrame } from '../../src/network/frames.ts';
import { helloCodec, PROTOCOL_VERSION } from '../../src/network/hello.ts';
import { STREAM_PROTOCOL } from '../../src/network/host.ts';
import { nodeIdentity } from '../../src/network/identity.ts';

export interface HostilePeer {
  readonly connection: Connection;
  readonly stream: Stream;
  /** Resolves when the connection has ended. */
  readonly ended: Promise<void>;
  /** Sends as fast as the far side takes it, until the time is over or the connection. Returns how many bytes. */
  flood(bytes: Uint8Array, ms: number): Promise<number>;
  close(): Promise<void>;
}

/** Connects with this node key and says HELLO. Rejects when the far side refuses. */
export async function connectHostile(
  dir: string,
  index: number,
  nodeSecret: Uint8Array,
  chainId: Hash,
): Promise<HostilePeer> {
  const { p2pPort, peerId } = present(readNetwork(dir).nodes[index], 'the node');
  const node = await createLibp2p({
    privateKey: nodeIdentity(nodeSecret).privateKey,
    transports: [tcp()],
    connectionEncrypters: [noise()],
    streamMuxers: [yamux()],
    connectionMonitor: { enabled: false },
  });
  try {
    const signal = AbortSignal.timeout(5_000);
    const connection = await node.dial(multiaddr(`/ip4/127.0.0.1/tcp/${p2pPort}/p2p/${peerId}`), { signal });
    const ended = new Promise<void>((resolve) => connection.addEventListener('close', () => resolve()));
    const stream = await connection.newStream(STREAM_PROTOCOL, { signal });
    const greeted = new Promise<void>((resolve) => stream.addEventListener('message', () => resolve()));
    const incarnation = crypto.getRandomValues(new Uint8Array(16));
    stream.send(encodeFrame([helloCodec.encode({ version: PROTOCOL_VERSION, chainId, incarnation })]));
    await Promise.race([greeted, ended.then(() => Promise.reject(new Error('refused')))]);
    return { connection, stream, ended, flood: flooding(stream, ended), close: async () => node.stop() };
  } catch (error) {
    await node.stop();
    throw error;
  }
}

function flooding(stream: Stream, ended: Promise<void>): HostilePeer['flood'] {
  return async (bytes, ms) => {
    let over = false;
    void ended.then(() => (over = true));
    let sent = 0;
    for (const deadline = performance.now() + ms; !over && performance.now() < deadline; ) {
      const goesOn = stream.send(bytes);
      sent += bytes.length;
      const next = new Promise<void>((resolve) => {
        if (goesOn) setImmediate(resolve);
        else stream.addEventListener('drain', () => resolve(), { once: true });
      });
      await Promise.race([next, ended, new Promise((resolve) => setTimeout(resolve, 1_000))]);
    }
    return sent;
  };
}
