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

  test('is never put off by news, however often there is some', async () => {
    const { redialer, tries } = setup([A]);
    redialer.add('peer');
    for (let i = 0; i < 300; i++) {
      await vi.advanceTimersByTimeAsync(20);
      redialer.hurry('peer');
    }
    const waits = tries.map(({ atMs }, i) => atMs - (tries[i - 1]?.atMs ?? 0));
    expect(tries.length).toBeGreaterThan(5);
    expect(Math.max(...waits)).toBeLessThanOrEqual(REDIAL_MS_MAX);
    redialer.stop();
  });

  test('tries the first address in every round, whatever comes and goes behind it', async () => {
    const addresses = [A];
    const { redialer, tries } = setup(addresses);
    redialer.add('peer');
    for (let port = 3; port < 303; port++) {
      await vi.advanceTimersByTimeAsync(20);
      addresses.splice(1, addresses.length, multiaddr(`/ip4/127.0.0.1/tcp/${port}`), B);
      redialer.hurry('peer');
    }
    expect(tries.filter(({ address }) => address === A).length).toBeGreaterThanOrEqual(Math.floor(tries.length / 3));
    expect(tries.length).toBeGreaterThan(6);
    redialer.stop();
  });

  test('comes soon after news that came during a try', async () => {
    let finish: () => void = () => {};
    const atMs: number[] = [];
    const redialer = new Redialer({
      addresses: () => [A],
      wanted: () => true,
      dial: () => {
        atMs.push(Date.now());
        return new Promise((resolve) => (finish = resolve));
      },
      random: () => 1,
    });
    redialer.add('peer');
    for (let i = 0; i < 10; i++) {
      await vi.advanceTimersByTimeAsync(REDIAL_MS_MAX);
      finish();
    }
    await vi.advanceTimersByTimeAsync(REDIAL_MS_MAX);
    redialer.hurry('peer');
    finish();
    await vi.advanceTimersByTimeAsync(REDIAL_MS_MIN);
    expect(Date.now() - (atMs.at(-1) ?? 0)).toBeLessThanOrEqual(REDIAL_MS_MIN);
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
