/** Admitted peers that break the rules, over real connections: refused with a code, and the rest works. */
import { randomBytes } from 'node:crypto';
import { connect, type Socket } from 'node:net';
import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, onTestFinished, test } from 'vitest';
import { present } from '../../src/base/invariant.ts';
import { encodeFrame } from '../../src/network/frames.ts';
import { CONNECTIONS_PER_PEER_MAX, LANE_LIMITS } from '../../src/network/limits.ts';
import {
  connectedPeers,
  connectRaw,
  ELECTOR_FIRST,
  eventually,
  helloFrame,
  peer,
  peers,
  type RawPeer,
  startHost,
  type TestHost,
} from './hosts.ts';

const LIAR = 2;

/** Two honest hosts that are connected, and the liar, which has said HELLO to the first. */
async function setup() {
  const victim = await startHost(1);
  const honest = await startHost(3, { bootstrap: [present(victim.network.addresses()[0], 'an address')] });
  const liar = await connectRaw(LIAR, victim);
  liar.stream.send(helloFrame(LIAR));
  await eventually(() => expect(connectedPeers(victim)).toEqual([honest.peer, peer(LIAR)].sort()));
  return { victim, honest, liar };
}

/** Writes up to so many bytes, as fast as they are taken, until the connection is cut. Returns how many went. */
async function flood({ stream, connection }: RawPeer, bytesMax: number): Promise<number> {
  const chunk = new Uint8Array(65_536).fill(7);
  let sent = 0;
  while (connection.status === 'open' && sent < bytesMax) {
    if (stream.writableNeedsDrain) await stream.onDrain().catch(() => undefined);
    else if (stream.writeStatus === 'writable') {
      stream.send(chunk);
      sent += chunk.length;
    }
    await turn();
  }
  return sent;
}

async function expectHealthy(victim: TestHost, honest: TestHost): Promise<void> {
  victim.network.transport.send(honest.peer, 'consensus', Uint8Array.of(42));
  honest.network.transport.send(victim.peer, 'consensus', Uint8Array.of(43));
  await eventually(() => {
    expect(honest.received.at(-1)).toEqual({ from: victim.peer, message: Uint8Array.of(42) });
    expect(victim.received.at(-1)).toEqual({ from: honest.peer, message: Uint8Array.of(43) });
  });
  expect(victim.links.filter((link) => link === `-${honest.peer}`)).toEqual([]);
}

describe('noise', () => {
  test('on the socket, from anybody, is closed', async () => {
    const victim = await startHost(1);
    const honest = await startHost(3, { bootstrap: [present(victim.network.addresses()[0], 'an address')] });
    await eventually(() => expect(connectedPeers(victim)).toEqual([honest.peer]));
    const port = Number(victim.network.addresses()[0]?.split('/')[4]);
    const closed = Array.from({ length: 20 }, async (_, i) => {
      const socket = connect({ host: '127.0.0.1', port });
      socket.on('error', () => {});
      socket.resume();
      socket.write(i === 0 ? '\x13/multistream/1.0.0\n\x07/noise\n' : '');
      socket.write(randomBytes(20 * i + 1));
      await new Promise((resolve) => socket.once('close', resolve));
    });
    await Promise.all(closed);
    await expectHealthy(victim, honest);
  });

  test('of an admitted peer under yamux is closed', async () => {
    // Each with a key of its own, as some of it is punished.
    const liars = Array.from({ length: 20 }, (_, i) => 10 + i);
    const victim = await startHost(1, { admitted: peers(3, ...liars) });
    const honest = await startHost(3, { bootstrap: [present(victim.network.addresses()[0], 'an address')] });
    await eventually(() => expect(connectedPeers(victim)).toEqual([honest.peer]));
    for (const [i, name] of liars.entries()) {
      const liar = await connectRaw(name, victim);
      const bytes = randomBytes(24 * i + 13);
      // A valid version and type now and then, to come further.
      if (i % 2 === 0) bytes.set([0, i % 4, 0, i % 16]);
      liar.encrypted.send(bytes);
    }
    await eventually(() => {
      const ended = [...victim.network.counts().ended.values()].reduce((sum, count) => sum + count, 0);
      expect(ended).toBe(liars.length);
    });
    await expectHealthy(victim, honest);
  });
});

/** Keeps so many sockets open at a host that say this and nothing more; whichever is closed is opened again a moment later.
 *  Resolves when each was open once. */
async function crowd({ network }: TestHost, count: number, says: string): Promise<void> {
  const port = Number(network.addresses()[0]?.split('/')[4]);
  const sockets = new Set<Socket>();
  let over = false;
  let opened = 0;
  const open = (): void => {
    if (over) return;
    const socket = connect({ host: '127.0.0.1', port }, () => {
      opened++;
      socket.write(says);
    });
    sockets.add(socket);
    socket.on('error', () => {});
    socket.resume();
    socket.once('close', () => {
      sockets.delete(socket);
      setTimeout(open, 50);
    });
  };
  for (let i = 0; i < count; i++) open();
  onTestFinished(() => {
    over = true;
    for (const socket of sockets) socket.destroy();
  });
  await eventually(() => expect(opened).toBeGreaterThanOrEqual(count));
}

describe('a crowd of strangers', () => {
  test.for([
    ['say nothing', ''],
    ['begin a handshake and stop', '\x13/multistream/1.0.0\n\x07/noise\n'],
  ])('of 200 that %s does not keep a peer from coming back', async ([, says = ''], { annotate }) => {
    const victim = await startHost(1);
    const [address = ''] = victim.network.addresses();
    const before = await startHost(3, { bootstrap: [address] });
    await eventually(() => expect(connectedPeers(victim)).toEqual([before.peer]));
    await crowd(victim, 200, says);
    await before.stop();
    await eventually(() => expect(connectedPeers(victim)).toEqual([]));
    // The victim does not know the new port: only the peer can dial.
    const fromMs = performance.now();
    const after = await startHost(3, { bootstrap: [address] });
    await eventually(() => expect(connectedPeers(victim)).toEqual([after.peer]));
    await annotate(`connected after ${Math.round(performance.now() - fromMs)} ms`);
    after.network.transport.send(victim.peer, 'consensus', Uint8Array.of(44));
    await eventually(() => expect(victim.received.at(-1)?.message).toEqual(Uint8Array.of(44)));
  });

  test('does not touch the dials of the one it crowds', async () => {
    const target = await startHost(3);
    const crowded = await startHost(4, { bootstrap: target.network.addresses() });
    await eventually(() => expect(connectedPeers(crowded)).toEqual([target.peer]));
    await crowd(crowded, 200, '');
    const port = Number(target.network.addresses()[0]?.split('/')[4]);
    await target.stop();
    await eventually(() => expect(connectedPeers(crowded)).toEqual([]));
    const back = await startHost(3, { listen: { host: '127.0.0.1', port } });
    await eventually(() => expect(connectedPeers(crowded)).toEqual([back.peer]));
  });
});

describe('an admitted peer', () => {
  test.each([
    ['garbage after a valid handshake', new Uint8Array(40).fill(0xee), 'FRAME_TOO_LARGE'],
    ['a frame that is no batch', Uint8Array.of(6, 0, 0, 0, 0xff, 0, 0, 0, 1, 2), 'FRAME_MALFORMED'],
    ['a declared frame of 64 MB', Uint8Array.of(0, 0, 0, 4, 1, 2, 3), 'FRAME_TOO_LARGE'],
  ])('that sends %s is cut off and kept away', async (_, bytes, code) => {
    const { victim, honest, liar } = await setup();
    liar.stream.send(bytes);
    await eventually(() => expect(connectedPeers(victim)).toEqual([honest.peer]));
    expect(victim.events).toContainEqual(
      expect.objectContaining({ code: 'PEER_PUNISHED', reason: code, peer: peer(LIAR) }),
    );
    await eventually(() => expect(liar.connection.status).not.toBe('open'));
    await expect(connectRaw(LIAR, victim)).rejects.toBeInstanceOf(Error);
    expect(victim.network.counts().refused.AWAY).toBe(1);
    await expectHealthy(victim, honest);
  });

  test('that pours 64 MB behind a declared frame of 64 MB gets hardly any of it read', async () => {
    const { victim, honest, liar } = await setup();
    liar.stream.send(Uint8Array.of(0, 0, 0, 4));
    expect(await flood(liar, 64_000_000)).toBeLessThan(2_000_000);
    expect(victim.network.counts().ended.get('FRAME_TOO_LARGE')).toBe(1);
    await expectHealthy(victim, honest);
  });

  test('that hides the 64 MB in one yamux frame is cut off at its header', async () => {
    const { victim, honest, liar } = await setup();
    const header = new Uint8Array(12);
    new DataView(header.buffer).setUint32(4, 1);
    new DataView(header.buffer).setUint32(8, 64_000_000);
    liar.encrypted.send(header);
    await eventually(() => expect(victim.network.counts().ended.get('MUX_FRAME_TOO_LARGE')).toBe(1));
    expect(victim.network.counts().ended.get('CLOSED')).toBe(undefined);
    await expectHealthy(victim, honest);
  });

  test('that begins with anything but a HELLO is cut off and kept away', async () => {
    const victim = await startHost(1);
    const liar = await connectRaw(LIAR, victim);
    liar.stream.send(encodeFrame([Uint8Array.of(1, 0, 9, 9, 9)]));
    await eventually(() => expect(victim.network.counts().ended.get('HELLO_MALFORMED')).toBe(1));
    await expect(connectRaw(LIAR, victim)).rejects.toBeInstanceOf(Error);
    expect(victim.links).toEqual([]);
  });

  test('that says nothing at all is cut off in time', async () => {
    const victim = await startHost(1);
    const liar = await connectRaw(LIAR, victim);
    await eventually(() => expect(victim.network.counts().ended.get('HANDSHAKE_TIMEOUT')).toBe(1));
    await eventually(() => expect(liar.connection.status).not.toBe('open'));
  });

  test('that opens many connections gets few', async () => {
    const victim = await startHost(1);
    const tries = await Promise.allSettled(Array.from({ length: 10 }, () => connectRaw(LIAR, victim)));
    const open = tries.filter((one) => one.status === 'fulfilled' && one.value.connection.status === 'open');
    expect(open.length).toBeLessThanOrEqual(CONNECTIONS_PER_PEER_MAX);
    expect(victim.network.counts().refused.TOO_MANY).toBe(10 - open.length);
  });

  test('that opens more streams gets none', async () => {
    const { victim, honest, liar } = await setup();
    await expect(liar.connection.newStream('/trefoil/peer')).rejects.toBeInstanceOf(Error);
    expect(connectedPeers(victim)).toEqual([honest.peer, peer(LIAR)].sort());
    await expectHealthy(victim, honest);
  });

  test('that does not read costs a bounded queue, and nobody else anything', async () => {
    const { victim, honest, liar } = await setup();
    liar.stream.pause();
    const block = new Uint8Array(1024 * 1024);
    for (let i = 0; i < 100; i++) {
      victim.network.transport.send(peer(LIAR), 'sync', block);
      await turn();
    }
    const waiting = victim.network.peers().find((state) => state.peer === peer(LIAR))?.queued.sync;
    expect(waiting?.bytes).toBeLessThanOrEqual(LANE_LIMITS.sync.bytesMax);
    expect(waiting?.dropped).toBeGreaterThan(50);
    await expectHealthy(victim, honest);
  });

  test('that dials twice at once keeps the first connection, as the smaller id decides', async () => {
    const [elector, other] = ELECTOR_FIRST;
    const victim = await startHost(elector);
    const [first, second] = [await connectRaw(other, victim), await connectRaw(other, victim)];
    first.stream.send(helloFrame(other));
    await eventually(() => expect(victim.links).toEqual([`+${peer(other)}`]));
    second.stream.send(helloFrame(other));
    await eventually(() => expect(second.connection.status).not.toBe('open'));
    expect([victim.network.counts().ended.get('TWIN'), second.heard.length]).toEqual([1, 0]);
    expect([victim.links, first.heard.length]).toEqual([[`+${peer(other)}`], 1]);
  });

  test.each([
    ['smaller', ELECTOR_FIRST],
    ['larger', [...ELECTOR_FIRST].reverse()],
  ])('that came back as a new process replaces its old connection at once (ours the %s id)', async (_, names) => {
    const [ours = 0, theirs = 0] = names;
    const victim = await startHost(ours);
    const before = await connectRaw(theirs, victim);
    before.stream.send(helloFrame(theirs));
    await eventually(() => expect(victim.links).toEqual([`+${peer(theirs)}`]));
    const after = await connectRaw(theirs, victim);
    after.stream.send(helloFrame(99));
    await eventually(() => expect(victim.network.counts().ended.get('REPLACED')).toBe(1));
    expect(victim.links.slice(-2)).toEqual([`-${peer(theirs)}`, `+${peer(theirs)}`]);
    await eventually(() => expect(before.connection.status).not.toBe('open'));
    after.stream.send(encodeFrame([Uint8Array.of(5)]));
    await eventually(() => expect(victim.received.at(-1)?.message).toEqual(Uint8Array.of(5)));
  });
});
