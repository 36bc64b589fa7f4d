import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Random } from '../../../src/base/random.ts';
import { EntryMap } from '../../../src/ledger/state/entry-map.ts';
import { COUNTS, NaiveState, someKeys, someValue, valuesOf, WORDS } from './kit.ts';

describe('a map of entries', () => {
  test('keeps entries of two kinds apart, though their keys have one text', () => {
    const map = new EntryMap<string>();
    map.set(WORDS.key(1), 'word');
    expect(map.get(COUNTS.key(1))).toBeUndefined();
    map.set(COUNTS.key(1), 'count');
    map.delete(WORDS.key(1));
    expect([map.get(WORDS.key(1)), map.get(COUNTS.key(1)), map.size]).toEqual([undefined, 'count', 1]);
  });

  test('gives its entries by kind, and within a kind in the order in which the keys came', () => {
    const map = new EntryMap<string>();
    for (const key of [WORDS.key(2), COUNTS.key(1), WORDS.key(1), COUNTS.key(0), WORDS.key(2)]) map.set(key, key.text);
    const order = [WORDS.key(2), WORDS.key(1), COUNTS.key(1), COUNTS.key(0)];
    expect([...map]).toEqual(order.map((key) => [key, key.text]));
  });

  test('is a map: it has what was set last and not deleted since', () => {
    fc.assert(
      fc.property(fc.integer(), (seed) => {
        const random = new Random(seed);
        const map = new EntryMap<unknown>();
        const model = new NaiveState();
        for (let i = 0; i < 60; i++) {
          const key = random.pick(someKeys(6));
          const value = someValue(random, key, 0.4);
          if (value === undefined) map.delete(key);
          else map.set(key, value);
          model.set(key, value);
          expect(map.get(key)).toBe(model.get(key));
          expect(map.size).toBe(model.values().size);
        }
        expect(valuesOf(map)).toEqual(model.values());
      }),
    );
  });
});
