import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Epoch, type Hash, type Height, hash, type View } from '../../src/base/brand.ts';
import { present } from '../../src/base/invariant.ts';
import { toHex } from '../../src/codec/hex.ts';
import { readNetwork } from '../../src/cli/testnet/layout.ts';
import { selectEd25519 } from '../../src/crypto/select-ed25519.ts';
import { encodePeerMessage, type PeerMessage } from '../../src/driver/wire/wire.ts';
import { encodeFrame } from '../../src/network/frames.ts';
import { developmentNetwork } from '../../src/node/development.ts';
import { connectHostile, type HostilePeer } from './hostile-peer.ts';
import { readLog } from './log.ts';
import { residentMib } from './memory.ts';
import { eventually, RawConnection } from './raw-http.ts';
import { Traffic } from './traffic.ts';
import { TestnetFolder, type Up } from './trefoil.ts';

/** A million messages in a second or two leave a heap that V8 is slow to give back, half a gigabyte of it. */
const GROWTH_MIB_MAX = 1024;
/** More of them take no more, but for what the heap happens to be at: who kept the messages would take it all once more. */
const FURTHER_GROWTH_MIB_MAX = 192;
const FLOOD_MS = 1_500;
const HUGE = Number.MAX_SAFE_INTEGER;

const STATUS: PeerMessage = {
  kind: 'status',
  status: {
    epoch: 0 as Epoch,
    view: 0 as View,
    active: true,
    stableHeight: 0 as Height,
    executedHeight: 0 as Height,
    viewChanges: [],
    slots: [],
  },
};

/** What an admitted peer may say, much more often than it has reason to. */
const FLOODS: readonly (readonly [string, PeerMessage])[] = [
  ['STATUS of a newcomer', STATUS],
  [
    'STATUS from beyond all heights',
    {
      ...STATUS,
      status: { ...STATUS.status, stableHeight: HUGE as Height, executedHeight: HUGE as Height, view: HUGE as View },
    },
  ],
  ['FETCH of all blocks', { kind: 'fetch-blocks', from: 1 as Height, count: 0xffff }],
  ['FETCH of blocks beyond all heights', { kind: 'fetch-blocks', from: HUGE as Height, count: 0xffff }],
  ['FETCH of a body that is not', { kind: 'fetch-body', height: 1 as Height, hash: hash('ab'.repeat(32)) }],
  [
    'FETCH of transactions that are not',
    { kind: 'fetch-transactions', ids: Array.from({ length: 256 }, () => toHex(randomBytes(32)) as Hash) },
  ],
];

/** Validator 3 is stopped; its key, which everybody knows, is used against the three others, which pay on. */
describe('the libp2p port of a validator', () => {
  const folder = new TestnetFolder();
  const { nodeSecret } = present(developmentNetwork(4).validators[3], 'validator 3');
  let up: Up;
  let traffic: Traffic;
  let slowFrame: Promise<void>;
  let before: Memory;
  let afterFloods: Memory;
  const peers: HostilePeer[] = [];
  const memory = (): Memory => up.nodes.slice(0, 3).map(({ pid }) => residentMib(pid));
  const connect = async (index: number, secret: Uint8Array = nodeSecret): Promise<HostilePeer> => {
    const peer = await connectHostile(folder.dir, index, secret, hash(up.chainId));
    peers.push(peer);
    return peer;
  };
  const untilLogged = (index: number, code: string, reason: string): Promise<void> =>
    eventually(
      `${code} ${reason} in the log of node ${index}`,
      async () => readLog(folder.dir, index).some((line) => line.code === code && line.reason === reason),
      45_000,
    );

  beforeAll(async () => {
    up = await folder.json<Up>('testnet', 'up', '--detach');
    await folder.json('testnet', 'kill', '3');
    const urls = up.nodes.slice(0, 3).map(({ http }) => http);
    traffic = new Traffic({ chainId: hash(up.chainId), urls, ed25519: await selectEd25519() });
    await traffic.progress();
    before = memory();
    // Takes half a minute; the others go on meanwhile.
    const slow = await connect(2);
    slow.stream.send(Uint8Array.of(0, 1, 0, 0, 1));
    const drip = setInterval(() => slow.stream.send(Uint8Array.of(0)), 2_000);
    slowFrame = slow.ended.then(() => clearInterval(drip));
  });
  afterAll(async () => {
    await Promise.all(peers.map((peer) => peer.close()));
    await traffic?.stop();
    await folder[Symbol.asyncDispose]();
  });

  it('closes connections that speak no libp2p', async () => {
    const { p2pPort } = present(readNetwork(folder.dir).nodes[0], 'a node');
    const strangers = await Promise.all(
      Array.from({ length: 30 }, () => RawConnection.open(p2pPort, randomBytes(4096))),
    );
    const mute = await Promise.all(Array.from({ length: 30 }, () => RawConnection.open(p2pPort)));
    await Promise.all([...strangers, ...mute].map(({ closed }) => closed));
    await traffic.progress();
  });

  it('refuses a peer that is not in the genesis', async () => {
    await turnedAway(connect(0, randomBytes(32)));
    await untilLogged(0, 'CONNECTION_REFUSED', 'NOT_ADMITTED');
    await traffic.progress();
  });

  const flood = async (_what: string, message: PeerMessage): Promise<void> => {
    const peer = await connect(0);
    const bytes = encodePeerMessage(message);
    const frame = encodeFrame(Array.from({ length: Math.min(1000, Math.floor(60_000 / bytes.length)) }, () => bytes));
    const sent = await peer.flood(frame, FLOOD_MS);
    expect(sent).toBeGreaterThan(0);
    await peer.close();
    await traffic.progress();
    afterFloods = memory();
  };
  it.each(FLOODS)('stands a flood of %s', flood);

  it('keeps nothing of a flood: the same ones again take no more memory', async ({ annotate }) => {
    const first = afterFloods;
    for (const [what, message] of FLOODS) await flood(what, message);
    await annotate(`MiB before: ${tell(before)}; after the floods: ${tell(first)}; again: ${tell(afterFloods)}`);
    expect(growth(first, afterFloods)).toBeLessThan(FURTHER_GROWTH_MIB_MAX);
  });

  it('closes a connection with garbage after a good HELLO, and keeps the peer away', async () => {
    const peer = await connect(0);
    peer.stream.send(encodeFrame([randomBytes(1000).fill(0xff, 0, 1)]));
    await peer.ended;
    await untilLogged(0, 'PEER_PUNISHED', 'UNKNOWN_KIND');
    await turnedAway(connect(0));
    await untilLogged(0, 'CONNECTION_REFUSED', 'AWAY');
    const { caught } = await folder.status();
    expect(caught).toContainEqual(expect.objectContaining({ validator: 3, code: 'UNKNOWN_KIND', by: [0] }));
    await traffic.progress();
  });

  it('gives a peer one stream', async () => {
    const peer = await connect(1);
    const more = await Promise.allSettled(
      Array.from({ length: 50 }, () =>
        peer.connection.newStream('/trefoil/peer', {
          signal: AbortSignal.timeout(3_000),
          maxOutboundStreams: 1000,
          runOnLimitedConnection: true,
        }),
      ),
    );
    expect(more.filter(({ status }) => status === 'fulfilled').length).toBe(0);
    await peer.close();
    await traffic.progress();
  });

  it('closes a connection that declares a frame of 64 MB', async () => {
    const peer = await connect(1);
    peer.stream.send(Uint8Array.of(0, 0, 0, 4));
    await peer.ended;
    await untilLogged(1, 'PEER_PUNISHED', 'FRAME_TOO_LARGE');
    await traffic.progress();
  });

  it('closes a connection on which half a frame never becomes a whole', async () => {
    await slowFrame;
    await untilLogged(2, 'PEER_PUNISHED', 'FRAME_TIMEOUT');
    await traffic.progress();
  });

  it('needs no more memory for all that than an honest day takes', async ({ annotate }) => {
    const after = memory();
    await annotate(`MiB before: ${tell(before)}; after: ${tell(after)}`);
    expect(growth(before, after)).toBeLessThan(GROWTH_MIB_MAX);
  });
});

type Memory = readonly (number | undefined)[];

const tell = (memory: Memory): string => memory.map((each) => each?.toFixed(0)).join(', ');

/** Of the node that grew most, in MiB; 0 where the system does not tell. */
const growth = (before: Memory, after: Memory): number =>
  Math.max(...after.map((mib, index) => (mib ?? 0) - (before[index] ?? 0)));

/** A dial that the far side refuses may still succeed here, and end a moment later. */
async function turnedAway(connecting: ReturnType<typeof connectHostile>): Promise<void> {
  const peer = await connecting.catch(() => undefined);
  await peer?.ended;
  await peer?.close();
}
