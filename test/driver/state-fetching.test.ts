/** What is fetched of the state: once, in time, and only what the tree proves. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Height } from '../../src/base/brand.ts';
import { InvariantViolation } from '../../src/base/invariant.ts';
import { installNodeSha256 } from '../../src/crypto/node-sha256.ts';
import { STATE_CACHE } from '../../src/driver/state/limits.ts';
import { KEYS } from '../../src/driver/stored/records.ts';
import { ACCOUNTS } from '../../src/ledger/account.ts';
import type { StateKey } from '../../src/ledger/state/entry-kind.ts';
import { account, type Changes, StateOnStore, worth } from './state-store.ts';

installNodeSha256();

/** Less than what one account needs. */
const NOTHING = { entryBytes: 0, nodeBytes: 0 };
const people: Changes = Array.from({ length: 100 }, (_, number) => [number, 1000]);
const make = (cache = STATE_CACHE) => new StateOnStore(people, cache);

describe('a body', () => {
  test('is ready when all that it needs has come, and not asked for its keys before', () => {
    const state = make();
    let looks = 0;
    const isReady = (): boolean =>
      state.fetching.isReady(() => {
        looks += 1;
        return [account(1), account(2)];
      });
    state.turn(() => expect(isReady()).toBe(false));
    for (let turns = 0; turns < 5; turns++) state.turn(() => expect(isReady()).toBe(false));
    expect(looks).toBe(1);
    let ready = false;
    for (let rounds = 0; rounds < 10 && !ready; rounds++) {
      state.answerAll();
      state.turn(() => (ready = isReady()));
    }
    expect(ready).toBe(true);
    expect(state.resident.get(account(1))).toEqual(worth(1000));
    expect(
      state.execute([
        [1, 900],
        [2, 1100],
      ]),
    ).toEqual(Array(2).fill(expect.any(String)));
  });

  test('asks for nothing twice, nor for what is here', () => {
    const state = make();
    state.fetch([account(1), account(2), account(1)]);
    expect(new Set(state.asked).size).toBe(state.asked.length);
    const before = state.asked.length;
    expect(state.fetch([account(1)])).toBe(1);
    expect(state.asked).toHaveLength(before);
  });

  test('and another in the same turn share what is read', () => {
    const state = make();
    let ready: boolean[] = [];
    for (let rounds = 0; !ready.every(Boolean) || ready.length === 0; rounds++) {
      expect(rounds).toBeLessThan(20);
      state.turn(() => {
        const bodies = [[account(1)], [account(1), account(50)]];
        ready = bodies.map((keys) => state.fetching.isReady(() => keys));
      });
      state.answerAll();
    }
    expect(new Set(state.asked).size).toBe(state.asked.length);
  });

  test('waits for what a reader asked for already, and asks for the rest', () => {
    const state = make();
    state.turn(() => state.fetching.withEntry(account(1), () => {}));
    state.turn(() => expect(state.fetching.isReady(() => [account(1)])).toBe(false));
    expect(state.questions.map(({ keys }) => keys)).toEqual([
      [KEYS.entry(account(1))],
      [KEYS.node({ version: state.head, path: '' })],
    ]);
    state.answerAll();
    state.fetch([account(1)]);
    expect(new Set(state.asked).size).toBe(state.asked.length);
  });

  test.each([0, 1, 5])(
    'that needs more than there is room for becomes ready all the same, %s turns before each answer',
    (idle) => {
      const state = make(NOTHING);
      const keys = Array.from({ length: 120 }, (_, number) => account(number));
      for (let block = 0; block < 5; block++) {
        expect(state.fetch(keys, idle)).toBeLessThan(8);
        const [root, expected] = state.execute(keys.map((_, number) => [number, block + number]));
        expect(root).toBe(expected);
      }
    },
  );

  test('that waits becomes ready however many others are read meanwhile, and nothing is read twice', () => {
    const state = make(NOTHING);
    const keys = Array.from({ length: 40 }, (_, number) => account(number));
    let ready = false;
    let strangers = 1000;
    for (let rounds = 0; ; rounds++) {
      expect(rounds).toBeLessThan(8);
      state.turn(() => (ready = state.fetching.isReady(() => keys)));
      if (ready) break;
      for (let turns = 0; turns < 4; turns++) {
        state.turn(() => state.fetching.withEntry(account(strangers++), () => {}));
        state.questions.pop()?.answer();
      }
      state.answerAll();
    }
    const [root, expected] = state.execute(keys.map((_, number) => [number, 7]));
    expect(root).toBe(expected);
    expect(new Set(state.asked).size).toBe(state.asked.length);
  });

  test('after others that have filled the room leaves no more behind than was used last', () => {
    const state = make(NOTHING);
    for (let block = 0; block < 50; block++) {
      state.fetch([account(block), account(block + 200)]);
      state.execute([
        [block, 7],
        [block + 200, 7],
      ]);
      state.turn();
      expect(state.resident.bytes).toBeLessThan(10_000);
    }
  });
});

describe('who waits for an entry', () => {
  test('is run in a turn, once, with all who wait for the same', () => {
    const state = make();
    const ran: number[] = [];
    state.turn(() => {
      for (const who of [1, 2]) state.fetching.withEntry(account(1), () => ran.push(who));
    });
    state.turn(() => state.fetching.withEntry(account(1), () => ran.push(3)));
    expect([state.fetching.waiting, state.questions.length, ran]).toEqual([3, 1, []]);
    state.answerAll();
    expect(ran).toEqual([]);
    state.turn();
    state.turn();
    expect([state.fetching.waiting, ran]).toEqual([0, [1, 2, 3]]);
  });

  test('is run at once where it is here, also where nothing stands there', () => {
    const state = make();
    state.fetch([account(1), account(500)]);
    let ran = 0;
    for (const number of [1, 500]) state.fetching.withEntry(account(number), () => (ran += 1));
    expect([ran, state.resident.get(account(500))]).toEqual([2, undefined]);
  });

  test('reads with all others of the turn', () => {
    const state = make();
    state.turn(() => {
      for (let number = 0; number < 50; number++) state.fetching.withEntry(account(number), () => {});
    });
    expect(state.questions.map(({ keys }) => keys.length)).toEqual([50]);
  });

  test('finds what blocks have made of it, however late the answer comes', () => {
    const state = make();
    state.fetch([account(1), account(2)]);
    state.turn(() => state.fetching.withEntry(account(3), () => {}));
    state.execute([
      [1, 5],
      [2, 6],
    ]);
    state.turn();
    state.answerAll();
    state.turn();
    for (const number of [1, 2, 3])
      expect(state.resident.get(account(number))).toEqual(state.model.get(account(number)));
    state.fetch([account(3)]);
  });
});

test('a store that fails stops the turn', () => {
  const state = make();
  state.turn(() => state.fetching.withEntry(account(1), () => {}));
  state.questions[0]?.answer(new Error('unreadable'));
  expect(() => state.turn()).toThrow('unreadable');
});

describe('a disk with', () => {
  /** As they were, before a block that changed them. */
  const older = (): StateOnStore => {
    const state = make();
    state.fetch([account(1)]);
    state.execute([[1, 5]]);
    return new StateOnStore(people, STATE_CACHE);
  };
  const entry = (number: number): string => KEYS.entry(account(number));
  const encode = (balance: number): Uint8Array => ACCOUNTS.codec.encode(worth(balance));
  const ROOT = KEYS.node({ version: 0 as Height, path: '' });
  const nodes = (state: StateOnStore): string[] => [...state.records.keys()].filter((key) => key.startsWith('node/'));
  const swap = (state: StateOnStore): void => {
    const [, first = '', second = ''] = nodes(state);
    const kept = state.records.get(first) ?? new Uint8Array();
    state.records.set(first, state.records.get(second) ?? new Uint8Array());
    state.records.set(second, kept);
  };
  const flip = (state: StateOnStore, key: string, at: number): void => {
    const value = (state.records.get(key) ?? new Uint8Array()).slice();
    value[at] = (value[at] ?? 0) ^ 1;
    state.records.set(key, value);
  };

  test.each<[string, readonly number[], (state: StateOnStore) => void]>([
    ['another value', [1], (state) => state.records.set(entry(1), encode(999))],
    ['an old value', [1], (state) => state.records.set(entry(1), encode(5))],
    ['a value that is none', [1], (state) => state.records.set(entry(1), new Uint8Array(3))],
    ['an entry that is gone', [1], (state) => state.records.delete(entry(1))],
    ['an entry that came from nowhere', [700], (state) => state.records.set(entry(700), encode(1))],
    [
      'the values of two entries exchanged',
      [1],
      (state) => {
        state.records.set(entry(2), encode(3));
        state.records.set(entry(1), encode(3));
      },
    ],
    [
      'another state altogether',
      [1],
      (state) => {
        for (const [key, value] of new StateOnStore([[1, 7]], STATE_CACHE).records) state.records.set(key, value);
      },
    ],
    [
      'a node that is gone',
      people.map(([number]) => number),
      (state) => state.records.delete(nodes(state).at(-1) ?? ''),
    ],
    [
      'an entry and its leaf both another',
      [1],
      (state) => {
        const other = new StateOnStore([...people.filter(([number]) => number !== 1), [1, 999]], STATE_CACHE);
        for (const key of [entry(1), ...nodes(other).filter((each) => each !== ROOT)])
          state.records.set(key, other.records.get(key) ?? new Uint8Array());
      },
    ],
    ['a root that is gone', [1], (state) => state.records.delete(ROOT)],
    ['two nodes exchanged', people.map(([number]) => number), swap],
    ['a bit of a child’s hash flipped', people.map(([number]) => number), (state) => flip(state, ROOT, 200)],
    [
      'a bit of a leaf flipped',
      people.map(([number]) => number),
      (state) => {
        const last = nodes(state).at(-1) ?? '';
        flip(state, last, (state.records.get(last)?.length ?? 0) - 1);
      },
    ],
    [
      'a node that is cut off',
      people.map(([number]) => number),
      (state) => {
        const last = nodes(state).at(-1) ?? '';
        state.records.set(last, (state.records.get(last) ?? new Uint8Array()).slice(0, -1));
      },
    ],
  ])('%s is noticed before it is executed on', (_, touched, damage) => {
    const state = older();
    damage(state);
    expect(() => state.fetch(touched.map((number) => account(number)))).toThrow(InvariantViolation);
  });
});

test('whatever blocks change, readers ask, and whenever the store answers: memory has what there is, and the same roots', () => {
  const number = fc.nat(30);
  const step = fc.oneof(
    {
      weight: 4,
      arbitrary: fc.record({
        kind: fc.constant('block' as const),
        changes: fc.array(fc.tuple(number, fc.option(fc.nat(9), { nil: undefined })), { minLength: 1, maxLength: 6 }),
      }),
    },
    { weight: 3, arbitrary: fc.record({ kind: fc.constant('read' as const), number }) },
    { weight: 3, arbitrary: fc.record({ kind: fc.constant('answer' as const), which: fc.nat(5) }) },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant('turn' as const) }) },
  );
  const cache = fc.constantFrom(0, 500, 3_000, 1e9).map((bytes) => ({ entryBytes: bytes, nodeBytes: bytes }));
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), cache, (steps, limits) => {
      const state = new StateOnStore(people.slice(0, 25), limits);
      /** Bodies that are ordered, the oldest first. */
      const bodies: (readonly (readonly [number, number | undefined])[])[] = [];
      let [read, ran] = [0, 0];
      const settle = (): void => {
        for (;;) {
          const [body] = bodies;
          if (body === undefined) return;
          const keys: StateKey[] = body.map(([each]) => account(each));
          if (!state.fetching.isReady(() => keys)) return;
          bodies.shift();
          const [root, expected] = state.execute(body);
          expect(root).toBe(expected);
        }
      };
      const check = (each: number) => (): void => {
        ran += 1;
        expect(state.resident.get(account(each))).toEqual(state.model.get(account(each)));
      };
      for (const each of steps) {
        if (each.kind === 'answer') {
          state.questions.splice(each.which, 1)[0]?.answer();
          continue;
        }
        state.turn(() => {
          if (each.kind === 'block') bodies.push(each.changes);
          if (each.kind === 'read') {
            read += 1;
            state.fetching.withEntry(account(each.number), check(each.number));
          }
          settle();
        });
      }
      for (let turns = 0; turns < 400 && (bodies.length > 0 || state.fetching.waiting > 0); turns++) {
        state.answerAll();
        state.turn(settle);
      }
      expect([bodies.length, state.fetching.waiting, ran]).toEqual([0, 0, read]);
    }),
    { numRuns: 300 },
  );
});
