import { describe, expect, test } from 'vitest';
import { hash } from '../../src/base/brand.ts';
import { present } from '../../src/base/invariant.ts';
import { FRAME_BYTES_TARGET, LANE_LIMITS, MESSAGE_BYTES_MAX } from '../../src/network/limits.ts';
import { connectedPeers, ELECTOR_FIRST, eventually, freePort, peer, peers, startHost, type TestHost } from './hosts.ts';

const address = (host: TestHost): string => present(host.network.addresses()[0], 'an address');
const codes = (host: TestHost): (string | undefined)[] => host.events.flatMap(({ code, reason }) => [code, reason]);

async function meet(...hosts: readonly TestHost[]): Promise<void> {
  await eventually(() => {
    for (const host of hosts) {
      expect(connectedPeers(host)).toEqual(
        hosts
          .filter((other) => other !== host)
          .map((other) => other.peer)
          .sort(),
      );
    }
  });
}

describe('peers', () => {
  test.each([
    ['the smaller id dials', ELECTOR_FIRST[1], ELECTOR_FIRST[0]],
    ['the larger id dials', ELECTOR_FIRST[0], ELECTOR_FIRST[1]],
  ])('meet by a bootstrap address and talk both ways (%s)', async (_, listening, dialling) => {
    const a = await startHost(listening);
    const b = await startHost(dialling, { bootstrap: [address(a)] });
    await meet(a, b);
    a.network.transport.send(b.peer, 'consensus', Uint8Array.of(1));
    b.network.transport.send(a.peer, 'transactions', Uint8Array.of(2));
    await eventually(() => {
      expect(a.received).toEqual([{ from: b.peer, message: Uint8Array.of(2) }]);
      expect(b.received).toEqual([{ from: a.peer, message: Uint8Array.of(1) }]);
    });
    expect([a.links, b.links]).toEqual([[`+${b.peer}`], [`+${a.peer}`]]);
  });

  test('that dial each other at once end up with one connection, whichever it is', async () => {
    const ports = await Promise.all([freePort(), freePort(), freePort(), freePort()]);
    const bootstrap = ports.map((port, i) => `/ip4/127.0.0.1/tcp/${port}/p2p/${peer(i + 1)}`);
    const hosts = await Promise.all(
      ports.map((port, i) => startHost(i + 1, { bootstrap, listen: { host: '127.0.0.1', port } })),
    );
    await meet(...hosts);
    for (const host of hosts) {
      for (const other of hosts) {
        if (other !== host) host.network.transport.send(other.peer, 'consensus', new TextEncoder().encode(host.peer));
      }
    }
    await eventually(() => {
      for (const host of hosts) {
        expect(host.received.map(({ from }) => from).sort()).toEqual(
          hosts
            .filter((other) => other !== host)
            .map((other) => other.peer)
            .sort(),
        );
      }
    });
    await meet(...hosts);
  });

  test('meet although most bootstrap entries are wrong', async () => {
    const a = await startHost(1);
    const nobody = await freePort();
    const port = present(address(a).split('/')[4], 'a port');
    const b = await startHost(2, {
      bootstrap: [
        'nonsense',
        `/ip4/127.0.0.1/tcp/${port}`,
        `/ip4/127.0.0.1/tcp/${nobody}/p2p/${peer(1)}`,
        `/ip4/127.0.0.1/tcp/${port}/p2p/${peer(3)}`,
        `/ip4/127.0.0.1/tcp/${port}/p2p/${peer(2)}`,
        `/ip4/127.0.0.1/tcp/${port}/p2p/${peer(9)}`,
        address(a),
      ],
    });
    await meet(a, b);
    expect(b.events.filter(({ code }) => code === 'ADDRESS_IGNORED')).toHaveLength(2);
  });

  test('that are not admitted are refused and counted, from either side', async () => {
    const a = await startHost(1);
    const stranger = await startHost(9, { admitted: peers(1), bootstrap: [address(a)] });
    await eventually(() => expect(a.network.counts().refused.NOT_ADMITTED).toBeGreaterThan(1));
    expect(a.events.filter(({ reason }) => reason === 'NOT_ADMITTED')).toHaveLength(1);
    expect([...a.links, ...stranger.links]).toEqual([]);
  });

  test('of another chain are refused, and both operators read why', async () => {
    const [elector, other] = ELECTOR_FIRST;
    const a = await startHost(other);
    const b = await startHost(elector, { chainId: hash('cd'.repeat(32)), bootstrap: [address(a)] });
    await eventually(() => {
      expect(codes(a)).toContain('WRONG_CHAIN');
      expect(codes(b)).toContain('WRONG_CHAIN');
    });
    expect([...a.links, ...b.links]).toEqual([]);
    const c = await startHost(3, { bootstrap: [address(a)] });
    await meet(a, c);
  });

  test('come and go with the set of the admitted', async () => {
    const a = await startHost(1, { admitted: peers(2) });
    const b = await startHost(2, { admitted: peers(1), bootstrap: [address(a)] });
    const c = await startHost(3, { admitted: peers(1), bootstrap: [address(a)] });
    await meet(a, b);
    a.network.transport.admit?.(peers(3));
    expect(a.links).toEqual([`+${b.peer}`, `-${b.peer}`]);
    await meet(a, c);
    await eventually(() => expect(b.links.at(-1)).toBe(`-${a.peer}`));
    a.network.transport.admit?.(peers(2, 3));
    await eventually(() => expect(connectedPeers(a)).toEqual([b.peer, c.peer].sort()));
  });
});

describe('a connection that is lost', () => {
  test.each([
    ['on its old port, with the bootstrap address on our side', true, false],
    ['on a new port, with a bootstrap address of ours', false, true],
  ])('comes back when the peer does: %s', async (_, oldPort, dials) => {
    const port = await freePort();
    const back = { listen: { host: '127.0.0.1', port } };
    let b = await startHost(2, back);
    const a = await startHost(1, { bootstrap: [address(b)] });
    await meet(a, b);
    for (let round = 1; round <= 3; round++) {
      await b.stop();
      await eventually(() => expect(a.links.at(-1)).toBe(`-${b.peer}`));
      b = await startHost(2, { ...(oldPort && back), ...(dials && { bootstrap: [address(a)] }) });
      await meet(a, b);
      b.network.transport.send(a.peer, 'consensus', Uint8Array.of(round));
      await eventually(() => expect(a.received.at(-1)?.message).toEqual(Uint8Array.of(round)));
    }
  });

  test('does not stop the node, nor keep it from stopping', async () => {
    const a = await startHost(1, { bootstrap: [`/ip4/127.0.0.1/tcp/${await freePort()}/p2p/${peer(2)}`] });
    await a.stop();
    expect(a.network.peers()).toEqual([]);
    a.network.transport.send(peer(2), 'consensus', Uint8Array.of(1));
    a.network.transport.punish(peer(2), 'LATE', 'after the end');
  });
});

describe('the transport', () => {
  test('coalesces what one turn queues', async () => {
    const a = await startHost(1);
    const b = await startHost(2, { bootstrap: [address(a)] });
    await meet(a, b);
    const messages = Array.from({ length: 2000 }, (_, i) => new Uint8Array(300).fill(i));
    for (const message of messages) a.network.transport.send(b.peer, 'consensus', message);
    await eventually(() => expect(b.received.length).toBe(messages.length));
    expect(b.received.map(({ message }) => message)).toEqual(messages);
    const sent = present(a.network.peers()[0], 'the peer').sent;
    const frames = Math.ceil((messages.length * 304) / FRAME_BYTES_TARGET);
    expect(sent.messages).toBe(messages.length + 1);
    // HELLO, the frames, and a heartbeat or two on a slow machine.
    expect(sent.frames).toBeLessThanOrEqual(1 + frames + 2);
  });

  test('carries the largest message in both directions at once', async () => {
    const a = await startHost(1);
    const b = await startHost(2, { bootstrap: [address(a)] });
    await meet(a, b);
    const large = new Uint8Array(MESSAGE_BYTES_MAX).map((_, i) => i >> 8);
    a.network.transport.send(b.peer, 'sync', large);
    b.network.transport.send(a.peer, 'consensus', large);
    await eventually(() => expect([a.received.length, b.received.length]).toEqual([1, 1]));
    for (const host of [a, b]) expect(Buffer.compare(large, present(host.received[0], 'it').message)).toBe(0);
  });

  test('lets a vote overtake what waits in the other lanes', async () => {
    const a = await startHost(1);
    const b = await startHost(2, { bootstrap: [address(a)] });
    await meet(a, b);
    const block = new Uint8Array(1024 * 1024).fill(9);
    for (let i = 0; i < 20; i++) a.network.transport.send(b.peer, 'sync', block);
    a.network.transport.send(b.peer, 'transactions', Uint8Array.of(2));
    a.network.transport.send(b.peer, 'consensus', Uint8Array.of(1));
    await eventually(() => expect(b.received.length).toBe(22));
    expect(b.received.slice(0, 2).map(({ message }) => message)).toEqual([Uint8Array.of(1), Uint8Array.of(2)]);
  });

  test('drops the oldest of a full lane and says how many', async () => {
    const a = await startHost(1);
    const b = await startHost(2, { bootstrap: [address(a)] });
    await meet(a, b);
    const { messagesMax } = LANE_LIMITS.sync;
    for (let i = 0; i < messagesMax + 10; i++)
      a.network.transport.send(b.peer, 'sync', new Uint8Array(2).fill(i % 250));
    expect(a.network.peers()[0]?.queued.sync).toEqual({ messages: messagesMax, bytes: 2 * messagesMax, dropped: 10 });
    await eventually(() => expect(b.received.length).toBe(messagesMax));
    expect(b.received[0]?.message).toEqual(Uint8Array.of(10, 10));
  });

  test('keeps a punished peer away, on both sides of the dial, and the others connected', async () => {
    const a = await startHost(1);
    const b = await startHost(2, { bootstrap: [address(a)] });
    const c = await startHost(3, { bootstrap: [address(a)] });
    await eventually(() => expect(connectedPeers(a)).toEqual([b.peer, c.peer].sort()));
    a.network.transport.punish(b.peer, 'BAD_SIGNATURE', 'a vote with a wrong signature');
    expect(connectedPeers(a)).toEqual([c.peer]);
    expect(a.events.at(-1)).toMatchObject({ code: 'PEER_DISCONNECTED', reason: 'BAD_SIGNATURE', peer: b.peer });
    await eventually(() => expect(a.network.counts().refused.AWAY).toBeGreaterThan(1));
    expect(connectedPeers(a)).toEqual([c.peer]);
  });
});
