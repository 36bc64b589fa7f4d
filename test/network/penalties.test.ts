import { describe, expect, test } from 'vitest';
import { AWAY_MS_MAX, AWAY_MS_MIN, FORGIVE_MS } from '../../src/network/limits.ts';
import { Penalties } from '../../src/network/penalties.ts';

describe('penalties', () => {
  test('a peer is away for the time told, and then is not', () => {
    const penalties = new Penalties();
    expect(penalties.awayMs('a', 0)).toBe(0);
    expect(penalties.punish('a', 1_000)).toBe(AWAY_MS_MIN);
    expect(penalties.awayMs('a', 1_000)).toBe(AWAY_MS_MIN);
    expect(penalties.awayMs('a', 999 + AWAY_MS_MIN)).toBe(1);
    expect(penalties.awayMs('a', 1_000 + AWAY_MS_MIN)).toBe(0);
    expect(penalties.awayMs('b', 1_000)).toBe(0);
  });

  test('repeated offences double the time, up to a bound', () => {
    const penalties = new Penalties();
    const times = Array.from({ length: 8 }, (_, i) => penalties.punish('a', i));
    expect(times).toEqual([10_000, 20_000, 40_000, 80_000, 160_000, 300_000, 300_000, 300_000]);
    expect(AWAY_MS_MAX).toBe(300_000);
  });

  test('offences are forgiven with time, one by one', () => {
    const penalties = new Penalties();
    for (let i = 0; i < 3; i++) penalties.punish('a', 0);
    expect(penalties.punish('a', 2 * FORGIVE_MS)).toBe(20_000);
    expect(penalties.punish('a', 20 * FORGIVE_MS)).toBe(AWAY_MS_MIN);
  });
});
