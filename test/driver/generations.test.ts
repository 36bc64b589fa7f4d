import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Generations } from '../../src/driver/state/generations.ts';

const of = (weight: number) => ({ weight });

describe('what was put in', () => {
  test('is there until two turns went by without a use of it', () => {
    const map = new Generations();
    map.set('a', of(1));
    map.turn();
    expect(map.size).toBe(1);
    map.turn();
    expect([map.get('a'), map.size, map.weight]).toEqual([undefined, 0, 0]);
  });

  test('stays as long as it is used between any two turns', () => {
    const map = new Generations();
    map.set('a', of(1));
    for (let turns = 0; turns < 10; turns++) {
      map.turn();
      expect(map.get('a')).toEqual(of(1));
    }
  });

  test('is replaced by what is put in its place, be it young or old', () => {
    const map = new Generations();
    map.set('a', of(1));
    map.set('a', of(5));
    expect([map.size, map.weight, map.youngWeight]).toEqual([1, 5, 5]);
    map.turn();
    expect([map.weight, map.youngWeight]).toEqual([5, 0]);
    map.set('a', of(2));
    expect([map.size, map.weight, map.youngWeight]).toEqual([1, 2, 2]);
  });
});

test('whatever is put in, used, deleted and forgotten: it has what was used since the turn before the last, and its weight', () => {
  const step = fc.oneof(
    fc.record({
      kind: fc.constantFrom('set' as const, 'get' as const),
      key: fc.nat(7),
      weight: fc.nat(9),
    }),
    fc.record({ kind: fc.constant('turn' as const), key: fc.constant(0), weight: fc.constant(0) }),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const map = new Generations<{ weight: number }>();
      /** By key: its weight, and how many turns went by when it was used last. */
      const model = new Map<string, { weight: number; used: number }>();
      let turns = 0;
      for (const { kind, key: number, weight } of steps) {
        const key = `k${number}`;
        if (kind === 'turn') {
          map.turn();
          turns += 1;
          for (const [each, { used }] of model) if (used <= turns - 2) model.delete(each);
        } else if (kind === 'set') {
          map.set(key, of(weight));
          model.set(key, { weight, used: turns });
        } else {
          const known = model.get(key);
          expect(map.get(key)?.weight).toBe(known?.weight);
          if (known !== undefined) known.used = turns;
        }
        const weights = (counts: (used: number) => boolean) =>
          [...model.values()].reduce((sum, each) => sum + (counts(each.used) ? each.weight : 0), 0);
        expect([map.size, map.weight, map.youngWeight]).toEqual([
          model.size,
          weights(() => true),
          weights((used) => used === turns),
        ]);
      }
    }),
  );
});
