import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { height } from '../../../src/base/brand.ts';
import { InvariantViolation } from '../../../src/base/invariant.ts';
import { Random } from '../../../src/base/random.ts';
import { stateKeyText } from '../../../src/ledger/state/entry-kind.ts';
import { Overlay } from '../../../src/ledger/state/overlay.ts';
import { byText, COUNTS, NaiveState, someKeys, someValue, stateOf, valuesOf, WORDS } from './kit.ts';

const [ONE, TWO, THREE] = [WORDS.key(1), WORDS.key(2), WORDS.key(3)];

/** An overlay over a state in which ONE and TWO stand. */
const overlay = () =>
  new Overlay(
    stateOf(
      [
        [ONE, 'one'],
        [TWO, 'two'],
      ],
      height(0),
    ),
  );

const changesOf = (entries: Overlay) =>
  [...entries.changes()].map(({ key, before, after }) => [stateKeyText(key), before, after] as const).sort(byText);

/** How many entries there are since the mark that were not there then; without one, since the last `keep`. */
const createdIn = (entries: Overlay, mark = 0): number =>
  [...entries.changesSince(mark)].filter(({ before, after }) => before === undefined && after !== undefined).length;

describe('an overlay', () => {
  test('reads what lies below until something is set, and never again after that', () => {
    const entries = overlay();
    expect([entries.get(ONE), entries.get(THREE), entries.get(COUNTS.key(1))]).toEqual(['one', undefined, undefined]);
    entries.set(ONE, 'other');
    entries.set(TWO, undefined);
    entries.set(THREE, '');
    expect([entries.get(ONE), entries.get(TWO), entries.get(THREE)]).toEqual(['other', undefined, '']);
  });

  test('leaves what lies below as it is', () => {
    const below = stateOf([[ONE, 'one']], height(0));
    const entries = new Overlay(below);
    entries.set(ONE, undefined);
    entries.set(TWO, 'two');
    expect(valuesOf(below.entries())).toEqual(new Map([['word/1', 'one']]));
  });

  test('takes back what was set since it was told to keep, and nothing before that', () => {
    const entries = overlay();
    entries.set(ONE, 'kept');
    entries.set(THREE, 'kept');
    entries.keep();
    entries.set(ONE, undefined);
    entries.set(TWO, 'gone');
    entries.set(TWO, 'gone too');
    entries.set(THREE, undefined);
    entries.takeBack();
    expect([entries.get(ONE), entries.get(TWO), entries.get(THREE)]).toEqual(['kept', 'two', 'kept']);
    entries.takeBack();
    expect(changesOf(entries)).toEqual([
      ['word/1', 'one', 'kept'],
      ['word/3', undefined, 'kept'],
    ]);
  });

  test.each<[string, number, (entries: Overlay) => void]>([
    ['a new entry counts', 1, (entries) => entries.set(THREE, 'a')],
    [
      'a new entry that is set twice counts once',
      1,
      (entries) => {
        entries.set(THREE, 'a');
        entries.set(THREE, 'b');
      },
    ],
    ['an entry that was there does not', 0, (entries) => entries.set(ONE, 'a')],
    [
      'nor does one that was there and came back',
      0,
      (entries) => {
        entries.set(ONE, undefined);
        entries.set(ONE, 'a');
      },
    ],
    [
      'nor one that came and went',
      0,
      (entries) => {
        entries.set(THREE, 'a');
        entries.set(THREE, undefined);
      },
    ],
    [
      'an entry that goes makes no room for another',
      1,
      (entries) => {
        entries.set(ONE, undefined);
        entries.set(THREE, 'a');
      },
    ],
    [
      'one that was new before the last keep was there',
      0,
      (entries) => {
        entries.set(THREE, 'a');
        entries.keep();
        entries.set(THREE, 'b');
      },
    ],
    [
      'one that went before the last keep was not',
      1,
      (entries) => {
        entries.set(ONE, undefined);
        entries.keep();
        entries.set(ONE, 'a');
      },
    ],
    [
      'what was taken back does not count',
      0,
      (entries) => {
        entries.set(THREE, 'a');
        entries.takeBack();
      },
    ],
    [
      'entries of two kinds under one text are two',
      2,
      (entries) => {
        entries.set(WORDS.key(7), 'a');
        entries.set(COUNTS.key(7), 0);
      },
    ],
  ])('tells what was created: %s', (_, expected, change) => {
    const entries = overlay();
    change(entries);
    expect(createdIn(entries)).toBe(expected);
  });

  test('takes back what was set since a mark, and tells of no more', () => {
    const entries = overlay();
    entries.keep();
    entries.set(ONE, 'before the mark');
    entries.set(THREE, 'a');
    const mark = entries.mark();
    entries.set(ONE, 'after it');
    entries.set(THREE, undefined);
    entries.set(THREE, 'b');
    entries.set(COUNTS.key(1), 1);
    expect(createdIn(entries, mark)).toBe(1);
    expect([...entries.changesSince(mark)].map(({ key, before, after }) => [stateKeyText(key), before, after])).toEqual(
      [
        ['word/1', 'before the mark', 'after it'],
        ['word/3', 'a', 'b'],
        ['count/1', undefined, 1],
      ],
    );
    entries.takeBack(mark);
    expect([entries.get(ONE), entries.get(THREE), entries.get(COUNTS.key(1))]).toEqual([
      'before the mark',
      'a',
      undefined,
    ]);
    entries.takeBack();
    expect(changesOf(entries)).toEqual([]);
  });

  test('tells each change once, and only what is not as below', () => {
    const entries = overlay();
    entries.set(ONE, 'a');
    entries.set(ONE, 'one');
    entries.set(TWO, 'a');
    entries.set(TWO, undefined);
    entries.set(THREE, 'a');
    entries.keep();
    entries.set(THREE, undefined);
    entries.set(COUNTS.key(1), 0);
    expect(changesOf(entries)).toEqual([
      ['count/1', undefined, 0],
      ['word/2', 'two', undefined],
    ]);
  });

  test('is, after any sets, deletes, keeps and takings back, what a map is that is copied at each keep', () => {
    fc.assert(
      fc.property(fc.integer(), (seed) => {
        const random = new Random(seed);
        const keys = someKeys(5);
        const below = NaiveState.of(keys.map((key) => [key, someValue(random, key, 0.5)] as const));
        const entries = new Overlay(
          stateOf(
            keys.map((key) => [key, below.get(key)] as const),
            height(0),
          ),
        );
        let kept = below.copy();
        let now = below.copy();
        for (let i = 0; i < 80; i++) {
          const key = random.pick(keys);
          const turn = random.int(0, 9);
          if (turn === 0) {
            entries.keep();
            kept = now.copy();
          } else if (turn === 1) {
            entries.takeBack();
            now = kept.copy();
          } else {
            const value = someValue(random, key, 0.4);
            entries.set(key, value);
            now.set(key, value);
          }
          expect(valuesOf(keys.map((each) => [each, entries.get(each)] as const))).toEqual(
            valuesOf(keys.map((each) => [each, now.get(each)] as const)),
          );
          const before = kept.values();
          expect(createdIn(entries)).toBe([...now.values().keys()].filter((text) => !before.has(text)).length);
        }
        const differing = keys.filter((key) => below.get(key) !== now.get(key));
        expect(changesOf(entries)).toEqual(
          differing.map((key) => [stateKeyText(key), below.get(key), now.get(key)] as const).sort(byText),
        );
      }),
    );
  });
});

describe('entries under some keys', () => {
  test('are those of the overlay, to read and to change', () => {
    const entries = overlay();
    const some = entries.under([ONE, THREE]);
    expect(some.get(ONE)).toBe('one');
    some.set(ONE, undefined);
    some.set(WORDS.key(3), 'three');
    expect([entries.get(ONE), entries.get(THREE)]).toEqual([undefined, 'three']);
    entries.takeBack();
    expect([some.get(ONE), some.get(THREE)]).toEqual(['one', undefined]);
  });

  test.each([
    ['of another text', TWO],
    ['of another kind', COUNTS.key(1)],
  ])('are no others: one %s is neither read nor changed', (_, key) => {
    const entries = overlay();
    const some = entries.under([ONE]);
    const message = /^an operation touches only what it declared \(key=(?:word|count)\/[12]\)$/;
    expect(() => some.get<unknown>(key)).toThrow(InvariantViolation);
    expect(() => some.get<unknown>(key)).toThrow(message);
    expect(() => some.set<unknown>(key, undefined)).toThrow(message);
    expect(changesOf(entries)).toEqual([]);
  });
});
