import { createSocket } from 'node:dgram';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { hash } from '../../src/base/brand.ts';
import { present } from '../../src/base/invariant.ts';
import { parseAddress } from '../../src/network/addresses.ts';
import { announcedIn } from '../../src/network/discovery.ts';
import { Finder } from '../../src/network/finder.ts';
import {
  ANNOUNCED_ADDRESSES_MAX,
  PEER_ANNOUNCEMENTS_BURST,
  PEER_ANNOUNCEMENTS_PER_SECOND,
  REDIAL_MS_MAX,
} from '../../src/network/limits.ts';
import { connectedPeers, eventually, peer, startHost } from './hosts.ts';

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

const at = (port: number, name = 2): string => `/ip4/10.0.0.1/tcp/${port}/p2p/${peer(name)}`;

/** A finder of peers 2 and 3, of which 2 is configured at port 1, and what it dials. `isThere` decides how a dial ends. */
function finding(isThere: (address: string) => boolean | Promise<boolean>) {
  const dials: string[] = [];
  const finder = new Finder({
    wanted: () => true,
    dial: async (address) => {
      dials.push(address.toString());
      return isThere(address.toString());
    },
  });
  const parsed = parseAddress(at(1));
  finder.configure(present(parsed.ok ? parsed.value : undefined, 'an address'));
  for (const name of [2, 3]) finder.add(peer(name));
  return { finder, dials, dialsOf: (address: string) => dials.filter((dialled) => dialled === address).length };
}

describe('announcements, which anybody can make up', () => {
  beforeEach(() => void vi.useFakeTimers({ now: 0 }));
  afterEach(() => void vi.useRealTimers());

  test('do not keep the configured address from being tried as often as without them', async () => {
    const calm = finding(() => false);
    await vi.advanceTimersByTimeAsync(10_000);
    for (const name of [2, 3]) calm.finder.remove(peer(name));
    // A dial into the void takes its time.
    const { finder, dialsOf } = finding((address) => (address === at(1) ? false : new Promise(() => {})));
    for (let port = 2; port < 2_002; port++) {
      finder.announced(at(port));
      await vi.advanceTimersByTimeAsync(5);
    }
    expect(dialsOf(at(1))).toBeGreaterThanOrEqual(Math.floor((10_000 - 2_000) / REDIAL_MS_MAX));
    expect(dialsOf(at(1))).toBeGreaterThan(0.7 * calm.dialsOf(at(1)));
    for (const name of [2, 3]) finder.remove(peer(name));
  });

  test('cost one dial each at most, and not more than a few a second', async () => {
    const { finder, dials, dialsOf } = finding(() => false);
    for (let port = 2; port < 2_002; port++) {
      finder.announced(at(port));
      await vi.advanceTimersByTimeAsync(5);
    }
    for (let port = 2; port < 2_002; port++) expect(dialsOf(at(port))).toBeLessThanOrEqual(1);
    const madeUp = dials.length - dialsOf(at(1));
    expect(madeUp).toBeGreaterThan(0);
    expect(madeUp).toBeLessThanOrEqual(PEER_ANNOUNCEMENTS_BURST + 10 * PEER_ANNOUNCEMENTS_PER_SECOND);
    for (const name of [2, 3]) finder.remove(peer(name));
  });

  test('about one peer take nothing from the announcements of another', async () => {
    const { finder, dialsOf } = finding(() => false);
    for (let port = 2; port < 2_002; port++) finder.announced(at(port));
    finder.announced(at(7, 3));
    await vi.advanceTimersByTimeAsync(REDIAL_MS_MAX);
    expect(dialsOf(at(7, 3))).toBe(1);
    for (const name of [2, 3]) finder.remove(peer(name));
  });

  test('do not displace the address where the peer was reached', async () => {
    const { finder, dialsOf } = finding(() => false);
    const parsed = parseAddress(at(5));
    const { address } = present(parsed.ok ? parsed.value : undefined, 'an address');
    finder.met(peer(2), { direction: 'outbound', remoteAddr: address });
    for (let port = 10; port < 100; port++) {
      finder.announced(at(port));
      await vi.advanceTimersByTimeAsync(100);
    }
    expect(dialsOf(at(5))).toBeGreaterThan(3);
    for (const name of [2, 3]) finder.remove(peer(name));
  });

  test.each([
    ['a stranger', at(2, 9)],
    ['nobody', '/ip4/10.0.0.1/tcp/2'],
    ['something that is no address', `/p2p/${peer(2)}`],
    ['an endless one', `/${'ip4/10.0.0.1/'.repeat(100)}p2p/${peer(2)}`],
  ])('of %s are not dialled', async (_, text) => {
    const { finder, dialsOf } = finding(() => false);
    finder.announced(text);
    await vi.advanceTimersByTimeAsync(REDIAL_MS_MAX);
    expect(dialsOf(text)).toBe(0);
    for (const name of [2, 3]) finder.remove(peer(name));
  });
});

describe('an mDNS answer', () => {
  const tag = '_trefoil-abababa._udp.local';
  const pointer = { type: 'PTR', name: tag, data: `x.${tag}` };
  const text = (address: string) => ({ type: 'TXT', name: `x.${tag}`, data: [Buffer.from(`dnsaddr=${address}`)] });

  test('names addresses, among the answers or the additional records', () => {
    expect(announcedIn({ answers: [pointer, text('/a')], additionals: [text('/b')] }, tag)).toEqual(['/a', '/b']);
  });

  test.each([
    ['of another service', { answers: [{ ...pointer, name: 'other' }, text('/a')] }],
    ['without a pointer', { answers: [text('/a')] }],
    ['without an address', { answers: [pointer, { type: 'TXT', name: tag, data: 'else' }] }],
  ])('%s names none', (_, packet) => {
    expect(announcedIn(packet, tag)).toEqual([]);
  });

  test('of thousands of addresses is read to a bound', () => {
    const answers = [pointer, ...Array.from({ length: 5_000 }, (_, i) => text(`/${i}`))];
    expect(announcedIn({ answers }, tag).length).toBeLessThan(ANNOUNCED_ADDRESSES_MAX);
  });
});

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
