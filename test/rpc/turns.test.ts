import { Socket } from 'node:net';
import { setImmediate as turn } from 'node:timers/promises';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { type Client, clientOf, FairQueue } from '../../src/rpc/fair-queue.ts';
import { DEFAULT_LIMITS, READ_MICROS, readTurns, type ServerLimits } from '../../src/rpc/limits.ts';
import { Places } from '../../src/rpc/places.ts';
import { Turns } from '../../src/rpc/turns.ts';

describe('a fair queue', () => {
  const drain = (queue: FairQueue<string>): string[] => {
    const items: string[] = [];
    for (let item = queue.shift(); item !== undefined; item = queue.shift()) items.push(item);
    return items;
  };

  test('gives one turn to each client after the other, and keeps the order of each', () => {
    const queue = new FairQueue<string>(10);
    for (const item of ['a1', 'a2', 'a3', 'b1', 'c1', 'b2']) queue.push(item.charAt(0), item);
    expect(queue.size).toBe(6);
    expect(drain(queue)).toEqual(['a1', 'b1', 'c1', 'a2', 'b2', 'a3']);
    expect(queue.size).toBe(0);
  });

  test('that is full drops the newest of who has most', () => {
    const queue = new FairQueue<string>(4);
    for (const item of ['a1', 'a2', 'a3', 'b1']) expect(queue.push(item.charAt(0), item)).toEqual([]);
    expect(queue.push('a', 'a4')).toEqual(['a4']);
    expect(queue.push('c', 'c1')).toEqual(['a3']);
    expect(queue.push('d', 'd1')).toEqual(['a2']);
    expect(queue.push('e', 'e1')).toEqual(['e1']);
    expect(drain(queue)).toEqual(['a1', 'b1', 'c1', 'd1']);
  });
});

describe('a fair queue of things of several sizes', () => {
  test('drops of who has most as many as make room, and refuses what would have most', () => {
    const queue = new FairQueue<string>(10);
    for (const [item, size] of [
      ['a1', 2],
      ['a2', 3],
      ['a3', 3],
      ['b1', 2],
    ] as const)
      queue.push(item.charAt(0), item, size);
    // The client would then have most, so nobody else has to go.
    expect(queue.push('b', 'b2', 4)).toEqual(['b2']);
    expect(queue.push('b', 'b3', 3)).toEqual(['a3']);
    expect(queue.size).toBe(10);
    expect(queue.push('c', 'c1', 4)).toEqual(['a2', 'b3']);
    expect(queue.push('d', 'd1', 9)).toEqual(['d1']);
    expect([1, 2, 3].map(() => queue.shift())).toEqual(['a1', 'b1', 'c1']);
    expect([queue.push('d', 'd2', 99), queue.size]).toEqual([[], 99]);
  });
});

describe('a client', () => {
  const socketFrom = (remoteAddress: string): Socket =>
    Object.defineProperty(new Socket(), 'remoteAddress', { value: remoteAddress });

  test.each(['127.0.0.1', '127.0.0.9', '::1', '::ffff:127.0.0.1'])('at %s is a connection', (address) => {
    const socket = socketFrom(address);
    expect(clientOf(socket)).toBe(socket);
  });

  test.each([
    ['192.0.2.7', '192.0.2.7'],
    ['::ffff:192.0.2.7', '192.0.2.7'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2'],
  ])('at %s is %s', (address, client) => {
    expect(clientOf(socketFrom(address))).toBe(client);
  });
});

describe('places', () => {
  test('are given to as much as there is room for, then to one of each client in turn', async () => {
    const places = new Places(10, 10);
    const entered: string[] = [];
    const enter = async (client: string, weight: number): Promise<void> => {
      const leave = await places.enter(client, weight);
      entered.push(client);
      await turn();
      leave?.();
    };
    await Promise.all([enter('a', 8), enter('a', 8), enter('a', 8), enter('b', 8), enter('c', 8)]);
    expect(entered).toEqual(['a', 'a', 'b', 'c', 'a']);
  });

  test('are given to one that is heavier than all of them, alone', async () => {
    const places = new Places(10, 10);
    const leave = await places.enter('a', 25);
    let entered = false;
    const second = places.enter('b', 1).then((next) => {
      entered = true;
      return next;
    });
    await turn();
    expect(entered).toBe(false);
    leave?.();
    leave?.();
    expect(await second).toBeTypeOf('function');
  });

  test('are refused where too many wait', async () => {
    const places = new Places(1, 1);
    await places.enter('a', 1);
    void places.enter('a', 1);
    expect(await places.enter('a', 1)).toBe(undefined);
  });
});

describe('turns', () => {
  afterEach(() => void vi.useRealTimers());

  const turnsOf = (over: Partial<ServerLimits>, readMicros: () => number = () => 0): Turns =>
    new Turns(readTurns({ ...DEFAULT_LIMITS, ...over }), readMicros);

  /** How many of the turns that are asked for are granted in so many milliseconds. */
  async function grantedIn(turns: Turns, ms: number, clients: readonly Client[]): Promise<Client[]> {
    const granted: Client[] = [];
    for (const client of clients) void turns.next(client).then((isGranted) => isGranted && granted.push(client));
    await vi.advanceTimersByTimeAsync(ms);
    return granted;
  }

  test('take their share of the time, whatever is asked for', async () => {
    vi.useFakeTimers();
    const turns = turnsOf({ readMicrosPerSecond: 100 * READ_MICROS, readMicrosBurst: READ_MICROS });
    const granted = await grantedIn(
      turns,
      1_000,
      Array.from({ length: 1_000 }, () => 'a'),
    );
    expect(granted.length).toBeGreaterThan(95);
    expect(granted.length).toBeLessThan(105);
    turns.close();
  });

  test('pay for what was done in them, and for what was read', async () => {
    vi.useFakeTimers();
    let read = 0;
    const turns = turnsOf({ readMicrosPerSecond: 100_000, readMicrosBurst: 1_000 }, () => read);
    turns.spend(51_000);
    read = 50_000;
    expect(await grantedIn(turns, 980, ['a'])).toEqual([]);
    await vi.advanceTimersByTimeAsync(100);
    expect(await grantedIn(turns, 1, [])).toEqual([]);
    turns.close();
  });

  test('come to each client after the other', async () => {
    vi.useFakeTimers();
    const turns = turnsOf({ readMicrosPerSecond: 100 * READ_MICROS, readMicrosBurst: 1 });
    turns.spend(READ_MICROS);
    const granted = await grantedIn(turns, 60, ['a', 'a', 'a', 'a', 'a', 'b', 'c']);
    expect(granted.slice(0, 3)).toEqual(['a', 'b', 'c']);
    turns.close();
  });

  test('are had at once by who waits when something is given back', async () => {
    vi.useFakeTimers();
    const turns = turnsOf({ readMicrosPerSecond: 1_000, readMicrosBurst: 1_000 });
    turns.spend(51_000);
    const waiting: Client[] = [];
    for (const client of ['a', 'b']) void turns.next(client).then(() => waiting.push(client));
    await vi.advanceTimersByTimeAsync(1_000);
    expect(waiting).toEqual([]);
    // Of 49 milliseconds that are missing: after one more second there is something, not after as many as before.
    turns.giveBack(48_000);
    await vi.advanceTimersByTimeAsync(900);
    expect(waiting).toEqual([]);
    await vi.advanceTimersByTimeAsync(200);
    expect(waiting).toEqual(['a']);
    turns.giveBack(READ_MICROS);
    await vi.advanceTimersByTimeAsync(0);
    expect(waiting).toEqual(['a', 'b']);
    turns.close();
  });

  test('of one turn of the event loop are few', async () => {
    const turns = turnsOf({ readMicrosPerTurn: 3 * READ_MICROS });
    let granted = 0;
    for (let i = 0; i < 10; i++) void turns.next('a').then(() => granted++);
    await Promise.resolve();
    expect(granted).toBe(3);
    await vi.waitFor(() => expect(granted).toBe(10));
    turns.close();
  });

  test('are refused where too many wait, and late, so that asking again at once does not help', async () => {
    vi.useFakeTimers();
    const turns = turnsOf({ readMicrosPerSecond: 1, readMicrosBurst: 1, readsWaitingMax: 1, refusalMs: 1_000 });
    const answers: boolean[] = [];
    for (let i = 0; i < 3; i++) void turns.next('a').then((granted) => answers.push(granted));
    await vi.advanceTimersByTimeAsync(900);
    expect(answers).toEqual([true]);
    await vi.advanceTimersByTimeAsync(200);
    expect(answers).toEqual([true, false]);
    turns.close();
    await vi.advanceTimersByTimeAsync(0);
    expect(answers).toEqual([true, false, true]);
    expect(vi.getTimerCount()).toBe(0);
  });
});
