import { type Multiaddr, multiaddr } from '@multiformats/multiaddr';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { REDIAL_MS_MAX, REDIAL_MS_MIN } from '../../src/network/limits.ts';
import { Redialer } from '../../src/network/redial.ts';

const A = multiaddr('/ip4/127.0.0.1/tcp/1');
const B = multiaddr('/ip4/127.0.0.1/tcp/2');

/** A redialer whose dials fail at once, and what it dialled when. */
function setup(addresses: Multiaddr[], wanted: () => boolean = () => true) {
  const tries: { atMs: number; address: Multiaddr }[] = [];
  const redialer = new Redialer({
    addresses: () => addresses,
    wanted,
    dial: async (address) => void tries.push({ atMs: Date.now(), address }),
    random: () => 1,
  });
  return { redialer, tries };
}

describe('the redialer', () => {
  beforeEach(() => void vi.useFakeTimers({ now: 0 }));
  afterEach(() => void vi.useRealTimers());

  test('tries at once, then with growing waits up to the bound, for ever', async () => {
    const { redialer, tries } = setup([A]);
    redialer.add('peer');
    await vi.advanceTimersByTimeAsync(3_600_000);
    const waits = tries.map(({ atMs }, i) => atMs - (tries[i - 1]?.atMs ?? 0));
    expect(waits.slice(0, 6)).toEqual([0, 200, 400, 800, REDIAL_MS_MAX, REDIAL_MS_MAX]);
    expect(tries.length).toBeGreaterThan(3_500);
    redialer.stop();
  });

  test('takes the addresses in turn, and waits longer only after each round', async () => {
    const { redialer, tries } = setup([A, B]);
    redialer.add('peer');
    await vi.advanceTimersByTimeAsync(500);
    expect(tries.map(({ address }) => address)).toEqual([A, B, A, B]);
    expect(tries.map(({ atMs }) => atMs)).toEqual([0, 100, 300, 500]);
    redialer.stop();
  });

  test('leaves a peer alone while it is not wanted', async () => {
    let wanted = false;
    const { redialer, tries } = setup([A], () => wanted);
    redialer.add('peer');
    await vi.advanceTimersByTimeAsync(10_000);
    expect(tries).toEqual([]);
    wanted = true;
    await vi.advanceTimersByTimeAsync(REDIAL_MS_MAX);
    expect(tries.length).toBeGreaterThan(0);
    redialer.stop();
  });

  test('starts anew, and soon, when there is news of the peer', async () => {
    const { redialer, tries } = setup([A]);
    redialer.add('peer');
    await vi.advanceTimersByTimeAsync(60_000);
    const before = tries.length;
    redialer.hurry('peer');
    await vi.advanceTimersByTimeAsync(REDIAL_MS_MIN);
    expect(tries).toHaveLength(before + 1);
    redialer.stop();
  });

  test('leaves no timer behind when it stops, or when a peer is removed during a try', async () => {
    let finish: () => void = () => {};
    const redialer = new Redialer({
      addresses: () => [A],
      wanted: () => true,
      dial: () => new Promise((resolve) => (finish = resolve)),
      random: Math.random,
    });
    redialer.add('trying');
    await vi.advanceTimersByTimeAsync(0);
    redialer.add('waiting');
    redialer.remove('trying');
    finish();
    redialer.stop();
    await vi.advanceTimersByTimeAsync(0);
    expect(vi.getTimerCount()).toBe(0);
  });
});
