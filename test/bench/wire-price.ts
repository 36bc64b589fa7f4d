/** What the network takes of the thread for what it carries: two nodes on loopback, each of which has half of the price. */
import { EventEmitter, once } from 'node:events';
import type { Hash } from '../../src/base/brand.ts';
import { nodeIdentity } from '../../src/network/identity.ts';
import { createNetwork, type Network } from '../../src/network/network.ts';
import { microsOf } from './stopwatch.ts';

const CHAIN = 'ab'.repeat(32) as Hash;
/** Messages that are sent in one turn. */
const BURST = 200;
const SMALL_BYTES = 150;
const LARGE_BYTES = 64 * 1024;

const key = (name: number): Uint8Array => new Uint8Array(32).fill(name);

export interface WirePrice {
  /** Microseconds of one side for a small message, alone and among many, and for a KiB of a large one. */
  readonly alone: number;
  readonly message: number;
  readonly kib: number;
}

export async function measureWire(): Promise<WirePrice> {
  const arrivals = new EventEmitter();
  const admitted = new Set([1, 2].map((name) => nodeIdentity(key(name)).peerId));
  const start = async (name: number, bootstrap: readonly string[]): Promise<Network> => {
    const listen = { host: '127.0.0.1', port: 0 };
    const network = createNetwork({
      nodeKey: key(name),
      chainId: CHAIN,
      admitted,
      configured: new Set(),
      listen,
      bootstrap,
      mdns: false,
      log: () => {},
    });
    await network.start({
      connected: () => arrivals.emit('connected'),
      disconnected: () => {},
      received: () => arrivals.emit('received'),
    });
    return network;
  };
  const first = await start(1, []);
  const connected = once(arrivals, 'connected');
  const second = await start(2, first.addresses());
  try {
    await connected;
    const send = async (count: number, bytes: number): Promise<void> => {
      const { promise, resolve } = Promise.withResolvers<void>();
      let missing = count;
      const arrived = (): void => {
        missing -= 1;
        if (missing === 0) resolve();
      };
      arrivals.on('received', arrived);
      const message = new Uint8Array(bytes);
      for (let i = 0; i < count; i++) second.transport.send(first.peerId, 'consensus', message);
      await promise;
      arrivals.off('received', arrived);
    };
    const alone = (await microsOf(() => send(1, SMALL_BYTES))) / 2;
    const message = (await microsOf(() => send(BURST, SMALL_BYTES))) / (2 * BURST);
    const kib = (await microsOf(() => send(BURST, LARGE_BYTES))) / (2 * BURST * (LARGE_BYTES / 1024));
    return { alone, message, kib };
  } finally {
    await Promise.all([first.stop(), second.stop()]);
  }
}
