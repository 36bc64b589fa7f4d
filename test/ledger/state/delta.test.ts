import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { height } from '../../../src/base/brand.ts';
import { Random } from '../../../src/base/random.ts';
import { toHex } from '../../../src/codec/hex.ts';
import { sha256 } from '../../../src/crypto/sha256.ts';
import { stateKeyText } from '../../../src/ledger/state/entry-kind.ts';
import { MemoryState } from '../../../src/ledger/state/memory-state.ts';
import type { StateDelta } from '../../../src/ledger/state/source.ts';
import { lookUp } from '../../../src/ledger/tree/lookup.ts';
import { ROOT_PATH } from '../../../src/ledger/tree/path.ts';
import { EMPTY_TREE_ROOT } from '../../../src/ledger/tree/hashing.ts';
import { byText, type Changes, COUNTS, deltaFor, NaiveState, someChanges, someKeys, stateOf, WORDS } from './kit.ts';

const [ONE, TWO] = [WORDS.key(1), WORDS.key(2)];
const FOUNDED: Changes = [
  [ONE, 'one'],
  [COUNTS.key(1), 0],
];
const [BEFORE, AFTER] = [height(4), height(5)];

const entriesOf = ({ entries }: StateDelta) =>
  entries.map(({ key, before, after, bytes }) => [stateKeyText(key), before, after, bytes && toHex(bytes)] as const);

describe('what a block does to the state', () => {
  test.each<[string, ReturnType<typeof entriesOf>, Changes]>([
    ['an entry that is new', [['word/2', undefined, 'two', '74776f']], [[TWO, 'two']]],
    ['an entry that is another now', [['word/1', 'one', 'b', '62']], [[ONE, 'b']]],
    ['an entry that is empty now', [['word/1', 'one', '', '']], [[ONE, '']]],
    ['an entry that is no more', [['count/1', 0, undefined, undefined]], [[COUNTS.key(1), undefined]]],
    [
      'an entry that changed twice, once',
      [['word/1', 'one', 'c', '63']],
      [
        [ONE, 'b'],
        [ONE, 'c'],
      ],
    ],
  ])('tells of %s', (_, expected, changes) => {
    const state = stateOf(FOUNDED, BEFORE);
    const delta = deltaFor(state, changes, BEFORE, AFTER);
    const model = NaiveState.of([...FOUNDED, ...changes]);
    expect(delta.height).toBe(AFTER);
    expect(entriesOf(delta)).toEqual(expected);
    expect(delta.tree.root).toBe(model.root());
  });

  test.each<[string, Changes]>([
    ['nothing was set', []],
    ['an entry is what it was', [[ONE, 'one']]],
    [
      'an entry became what it was',
      [
        [ONE, 'b'],
        [COUNTS.key(1), undefined],
        [COUNTS.key(1), 0],
        [ONE, 'one'],
      ],
    ],
    [
      'an entry came and went',
      [
        [TWO, 'two'],
        [TWO, undefined],
      ],
    ],
    ['an entry was deleted that was not there', [[TWO, undefined]]],
  ])('is a root of the new version and nothing else where %s', (_, changes) => {
    const state = stateOf(FOUNDED, BEFORE);
    const delta = deltaFor(state, changes, BEFORE, AFTER);
    expect(delta.entries).toEqual([]);
    expect(delta.tree.root).toBe(NaiveState.of(FOUNDED).root());
    expect(delta.tree.nodes.map(({ key }) => key)).toEqual([{ version: AFTER, path: ROOT_PATH }]);
    expect(delta.tree.stale).toEqual([{ version: BEFORE, path: ROOT_PATH }]);
  });

  test('leaves the state as it is', () => {
    const state = stateOf(FOUNDED, BEFORE);
    deltaFor(state, [[ONE, undefined]], BEFORE, AFTER);
    expect([...state.entries()]).toEqual(FOUNDED);
    expect(state.nodes.get({ version: AFTER, path: ROOT_PATH })).toBeUndefined();
  });

  test('is the empty tree where the last entry goes, as where there never was one', () => {
    const gone = FOUNDED.map(([key]) => [key, undefined] as const);
    expect(deltaFor(stateOf(FOUNDED, BEFORE), gone, BEFORE, AFTER).tree.root).toBe(EMPTY_TREE_ROOT);
    expect(deltaFor(new MemoryState(), [], undefined, BEFORE).tree.root).toBe(EMPTY_TREE_ROOT);
  });

  test('has the root of a tree that is made of all entries anew, in which each stands under its key', () => {
    fc.assert(
      fc.property(fc.integer(), (seed) => {
        const random = new Random(seed);
        const keys = someKeys(random.pick([2, 10, 60]));
        const state = new MemoryState();
        const model = new NaiveState();
        for (let at = 0; at < 8; at++) {
          const changes = someChanges(random, keys);
          const delta = deltaFor(state, changes, at === 0 ? undefined : height(at - 1), height(at));
          for (const [key, value] of changes) model.set(key, value);
          expect(delta.tree.root).toBe(model.root());
          state.apply(delta);
        }
        for (const key of random.shuffled(keys).slice(0, 10)) {
          const found = lookUp(state.nodes, height(7), state.treeKey(key));
          const value = model.get(key);
          const bytes = value === undefined ? undefined : key.kind.codec.encode(value);
          expect(found).toEqual({ ok: true, value: bytes && sha256(bytes) });
        }
      }),
      { numRuns: 40 },
    );
  });

  test('does not depend on the order in which entries were set', () => {
    fc.assert(
      fc.property(fc.integer(), (seed) => {
        const random = new Random(seed);
        const founded = stateOf(someChanges(random, someKeys(20)), BEFORE);
        const changes = [
          ...new Map(someChanges(random, someKeys(20)).map((change) => [stateKeyText(change[0]), change])).values(),
        ];
        const one = deltaFor(founded, changes, BEFORE, AFTER);
        const other = deltaFor(founded, random.shuffled(changes), BEFORE, AFTER);
        expect(other.tree).toEqual(one.tree);
        expect(entriesOf(other).sort(byText)).toEqual(entriesOf(one).sort(byText));
      }),
      { numRuns: 40 },
    );
  });
});
