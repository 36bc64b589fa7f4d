import { EventEmitter } from 'node:events';
import type { Socket } from 'node:net';
import { multiaddr } from '@multiformats/multiaddr';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { Door } from '../../src/network/door.ts';
import {
  GREETING_LIMITS,
  KNOWN_HANDSHAKES_PER_SECOND,
  LOOK_AGAIN_MS,
  OUTSIDE_LIMITS,
} from '../../src/network/limits.ts';

/** As much of a socket as the door looks at. */
class FakeSocket extends EventEmitter {
  static #ports = 1;
  readonly remotePort = FakeSocket.#ports++;
  readonly remoteAddress: string;
  readableLength = 0;
  open = true;
  entered = false;

  constructor(host: string) {
    super();
    this.remoteAddress = host;
  }

  setTimeout(): void {}

  destroy(): void {
    if (!this.open) return;
    this.open = false;
    this.emit('close');
  }

  speak(): void {
    this.readableLength = 40;
    this.emit('readable');
  }
}

const KNOWN = '192.0.2.1';
const STRANGER = '198.51.100.7';

describe('the door', () => {
  let door: Door;
  beforeEach(() => {
    vi.useFakeTimers({ now: 0 });
    door = new Door((host) => host === KNOWN);
  });
  afterEach(() => {
    door.close();
    vi.useRealTimers();
  });

  function knock(host: string): FakeSocket {
    const socket = new FakeSocket(host);
    door.knock(socket as unknown as Socket, () => (socket.entered = true));
    return socket;
  }
  function greet(host: string): FakeSocket {
    const socket = knock(host);
    socket.speak();
    return socket;
  }
  const stranger = (i: number): string => `203.0.113.${i % 250}`;

  test('lets in who speaks, and not before', () => {
    const socket = knock(STRANGER);
    expect(socket.entered).toBe(false);
    socket.speak();
    expect(socket.entered).toBe(true);
  });

  test('closes a socket that ends without a word', () => {
    const socket = knock(STRANGER);
    socket.emit('readable');
    expect([socket.open, socket.entered]).toEqual([false, false]);
  });

  test('keeps a few silent sockets of one stranger, the newest', () => {
    const sockets = Array.from({ length: 100 }, () => knock(STRANGER));
    expect(sockets.map(({ open }) => open)).toEqual(sockets.map((_, i) => i >= 100 - OUTSIDE_LIMITS.hostMax));
  });

  test('keeps room for silent sockets of known hosts, however many strangers there are', () => {
    for (let i = 0; i < 1_000; i++) knock(stranger(i));
    const known = Array.from({ length: OUTSIDE_LIMITS.max - OUTSIDE_LIMITS.strangersMax }, () => knock(KNOWN));
    for (let i = 0; i < 1_000; i++) knock(stranger(i));
    expect(known.every(({ open }) => open)).toBe(true);
  });

  test('lets a known host in at once while strangers fill what they may of the handshakes', () => {
    const strangers = Array.from({ length: 400 }, (_, i) => greet(stranger(i)));
    const inside = strangers.filter(({ entered, open }) => entered && open);
    expect(inside.length).toBeLessThanOrEqual(GREETING_LIMITS.strangersMax);
    expect(greet(KNOWN).entered).toBe(true);
  });

  test('lets one in by its turn where all are from its host', async () => {
    const crowd = Array.from({ length: 200 }, () => greet(KNOWN));
    const late = greet(KNOWN);
    expect([crowd.filter(({ entered }) => entered).length, late.entered]).toEqual([GREETING_LIMITS.max, false]);
    const rounds = Math.ceil(crowd.length / GREETING_LIMITS.max);
    await vi.advanceTimersByTimeAsync(rounds * (GREETING_LIMITS.graceMs + LOOK_AGAIN_MS) + 500);
    expect([late.entered, late.open]).toEqual([true, true]);
  });

  test('gives the place of one that has proved who it is to the next', async () => {
    const crowd = Array.from({ length: GREETING_LIMITS.max }, () => greet(KNOWN));
    const next = greet(KNOWN);
    expect(next.entered).toBe(false);
    door.identified(multiaddr(`/ip4/${KNOWN}/tcp/${crowd[3]?.remotePort}`));
    await vi.advanceTimersByTimeAsync(LOOK_AGAIN_MS);
    expect(next.entered).toBe(true);
    expect(crowd.every(({ open }) => open)).toBe(true);
  });

  test('lets so many handshakes begin in a second', async () => {
    let entered = 0;
    for (let i = 0; i < 2_000; i++) {
      const socket = greet(KNOWN);
      await vi.advanceTimersByTimeAsync(1);
      if (socket.entered) entered++;
      socket.destroy();
    }
    expect(entered).toBeLessThanOrEqual(2.5 * KNOWN_HANDSHAKES_PER_SECOND);
    expect(entered).toBeGreaterThan(1.5 * KNOWN_HANDSHAKES_PER_SECOND);
  });

  test('is closed with the node', () => {
    const silent = knock(KNOWN);
    for (let i = 0; i < 100; i++) greet(KNOWN);
    door.close();
    expect([silent.open, greet(KNOWN).open]).toEqual([false, false]);
    expect(vi.getTimerCount()).toBe(0);
  });
});
