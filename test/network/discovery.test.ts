import { createSocket } from 'node:dgram';
import { describe, expect, test } from 'vitest';
import { hash } from '../../src/base/brand.ts';
import { connectedPeers, eventually, startHost } from './hosts.ts';

/** Whether a packet to a multicast group comes back on this machine. */
async function multicastWorks(): Promise<boolean> {
  const socket = createSocket({ type: 'udp4', reuseAddr: true });
  try {
    return await new Promise<boolean>((resolve) => {
      const timer = setTimeout(() => resolve(false), 1_000);
      const answer = (works: boolean) => {
        clearTimeout(timer);
        resolve(works);
      };
      socket.once('error', () => answer(false));
      socket.once('message', () => answer(true));
      socket.bind(0, () => {
        socket.addMembership('224.0.0.251');
        socket.send('trefoil?', socket.address().port, '224.0.0.251', (error) => error && answer(false));
      });
    });
  } catch {
    return false;
  } finally {
    socket.close();
  }
}

describe.skipIf(!(await multicastWorks()))('mDNS (skipped where multicast does not work)', () => {
  // A chain of its own: another run on this machine must not be found.
  const chainId = hash(Array.from({ length: 64 }, () => Math.floor(Math.random() * 16).toString(16)).join(''));

  test('lets peers find each other without any address, and again after a restart on a new port', async () => {
    const a = await startHost(1, { mdns: true, chainId });
    const b = await startHost(2, { mdns: true, chainId });
    await eventually(() => expect([connectedPeers(a), connectedPeers(b)]).toEqual([[b.peer], [a.peer]]));
    await b.stop();
    await eventually(() => expect(connectedPeers(a)).toEqual([]));
    const again = await startHost(2, { mdns: true, chainId });
    await eventually(() => expect([connectedPeers(a), connectedPeers(again)]).toEqual([[again.peer], [a.peer]]));
  });

  test('keeps two testnets apart', async () => {
    const other = hash(`f${chainId.slice(1)}` === chainId ? `0${chainId.slice(1)}` : `f${chainId.slice(1)}`);
    const a = await startHost(1, { mdns: true, chainId });
    const c = await startHost(3, { mdns: true, chainId: other });
    const b = await startHost(2, { mdns: true, chainId });
    await eventually(() => expect(connectedPeers(a)).toEqual([b.peer]));
    expect([...c.links, ...c.events.filter(({ code }) => code !== 'LISTENING')]).toEqual([]);
  });
});
