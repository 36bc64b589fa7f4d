/** What goes of old heights, when, and how much at a time. */
import { describe, expect, test } from 'vitest';
import type { Height } from '../../src/base/brand.ts';
import { InvariantViolation } from '../../src/base/invariant.ts';
import { Pruning } from '../../src/driver/state/pruning.ts';
import { stateWrites } from '../../src/driver/state/state-writes.ts';
import { Batch } from '../../src/driver/stored/batch.ts';
import { heightCodec, KEYS } from '../../src/driver/stored/records.ts';
import { deltaOf } from '../../src/ledger/state/delta.ts';
import { MemoryState } from '../../src/ledger/state/memory-state.ts';
import { Overlay } from '../../src/ledger/state/overlay.ts';
import { encodeStale } from '../../src/ledger/tree/stale.ts';
import { account, worth } from './state-store.ts';

/** A store with so many blocks, each of which changed so many accounts. */
function chainOf(blocks: number, changes = 1, listsFrom = 1): Map<string, Uint8Array> {
  const records = new Map<string, Uint8Array>();
  const state = new MemoryState();
  for (let height = 0; height <= blocks; height++) {
    const overlay = new Overlay(state);
    for (let number = 0; number < Math.max(changes, height === 0 ? 20 : 0); number++)
      overlay.set(account(number), worth(height));
    const delta = deltaOf(state, overlay, {
      from: height === 0 ? undefined : ((height - 1) as Height),
      to: height as Height,
    });
    state.apply(delta);
    for (const operation of stateWrites(delta, height >= listsFrom))
      if (operation.kind === 'put') records.set(operation.key, operation.value);
  }
  return records;
}

/** A node that prunes these records; turns are taken by hand. `before`: how many heights were kept below `since`. */
function pruner(
  records: Map<string, Uint8Array>,
  head: number,
  historyHeights: number,
  before = historyHeights,
  since = 0,
) {
  const batch = new Batch();
  const inputs: (() => void)[] = [];
  const answers: (() => void)[] = [];
  const stored = records.get(KEYS.pruned);
  const decoded = stored === undefined ? undefined : heightCodec.decode(stored);
  const at = { head };
  const pruning = new Pruning({
    batch,
    historyHeights: (height) => (height < since ? before : historyHeights),
    input: (run) => void inputs.push(run),
    finalHeight: () => at.head as Height,
    recovered: { prunedTo: decoded?.ok === true ? decoded.value : (0 as Height) },
    store: { read: (keys, done) => void answers.push(() => done(keys.map((key) => records.get(key)))) },
  });
  return {
    pruning,
    at,
    /** What the turn wrote; `isWritten`: or would have, had the power not gone. */
    turn(isWritten = true): number {
      for (const answer of answers.splice(0)) answer();
      for (const input of inputs.splice(0)) input();
      const { operations } = batch.take();
      for (const operation of isWritten ? operations : []) {
        if (operation.kind === 'put') records.set(operation.key, operation.value);
        else records.delete(operation.key);
      }
      pruning.step();
      return operations.length;
    },
    reads: answers,
  };
}

const heightsUnder = (records: ReadonlyMap<string, Uint8Array>, prefix: string): number[] =>
  [...records.keys()].filter((key) => key.startsWith(prefix)).map((key) => Number(key.slice(prefix.length)));

describe('a node', () => {
  test('that keeps all reads no list', () => {
    const node = pruner(chainOf(10), 10, 0);
    for (let turns = 0; turns < 5; turns++) expect(node.turn()).toBe(0);
    expect([node.reads.length, node.pruning.oldest]).toEqual([0, 0]);
  });

  test('deletes the lists of heights that nobody can read any more, and what is on them', () => {
    const records = chainOf(10);
    const past = () =>
      [...records.keys()].filter((key) => key.startsWith('past/')).map((key) => Number(key.split(' ')[1]));
    const node = pruner(records, 10, 4);
    for (let turns = 0; turns < 20; turns++) node.turn();
    expect(node.pruning.oldest).toBe(7);
    for (const found of [heightsUnder(records, 'stale/'), heightsUnder(records, 'replaced/'), past()])
      expect(found).toEqual([8, 9, 10]);
    expect(records.get(KEYS.pruned)).toEqual(heightCodec.encode(7 as Height));
  });

  test('passes over heights that were executed where all was kept, and prunes those after them', () => {
    const records = chainOf(20, 1, 11);
    const node = pruner(records, 20, 4, 0, 11);
    for (let turns = 0; turns < 20; turns++) node.turn();
    expect(node.pruning.oldest).toBe(17);
    expect(heightsUnder(records, 'stale/')).toEqual([18, 19, 20]);
  });

  test('stops where a list is gone that its epoch had to leave', () => {
    const records = chainOf(20);
    records.delete(KEYS.stale(12 as Height));
    records.delete(KEYS.replaced(12 as Height));
    const node = pruner(records, 20, 4, 0, 11);
    expect(() => {
      for (let turns = 0; turns < 20; turns++) node.turn();
    }).toThrow(InvariantViolation);
  });

  test('reads a few lists at a time, one question after the other', () => {
    const records = chainOf(30);
    const node = pruner(records, 30, 1);
    const oldest: number[] = [];
    for (let turns = 0; turns < 12; turns++) {
      node.turn();
      expect(node.reads.length).toBeLessThanOrEqual(1);
      oldest.push(node.pruning.oldest);
    }
    expect(oldest.slice(0, 4)).toEqual([0, 4, 8, 12]);
    expect(oldest.at(-1)).toBe(30);
  });

  test('deals with one large list in a turn', () => {
    const records = chainOf(6, 6000);
    const node = pruner(records, 6, 1);
    const oldest = Array.from({ length: 7 }, () => {
      node.turn();
      return node.pruning.oldest;
    });
    expect(oldest).toEqual([0, 1, 2, 3, 4, 5, 6]);
  });

  test('that lost power in between does it again, and is done with all', () => {
    const whole = chainOf(20);
    const expected = new Map(whole);
    const sound = pruner(expected, 20, 5);
    for (let turns = 0; turns < 20; turns++) sound.turn();
    for (let crash = 0; crash < 6; crash++) {
      const records = new Map(whole);
      const before = pruner(records, 20, 5);
      for (let turns = 0; turns < crash; turns++) before.turn();
      before.turn(false);
      const after = pruner(records, 20, 5);
      for (let turns = 0; turns < 20; turns++) after.turn();
      expect(records).toEqual(expected);
    }
  });

  test('that is to keep less than before deletes more, and that is to keep more gets nothing back', () => {
    const records = chainOf(20);
    for (const [historyHeights, oldest] of [
      [15, 6],
      [5, 16],
      [10, 16],
      [1, 20],
    ] as const) {
      const node = pruner(records, 20, historyHeights);
      for (let turns = 0; turns < 20; turns++) node.turn();
      expect([historyHeights, node.pruning.oldest]).toEqual([historyHeights, oldest]);
      expect(heightsUnder(records, 'stale/')).toEqual(Array.from({ length: 20 - oldest }, (_, i) => oldest + 1 + i));
    }
  });

  test('goes on as blocks come', () => {
    const records = chainOf(20);
    const node = pruner(records, 5, 3);
    for (let head = 5; head <= 20; head++) {
      node.at.head = head;
      for (let turns = 0; turns < 3; turns++) node.turn();
      expect(node.pruning.oldest).toBe(head - 2);
    }
  });
});

describe('a list', () => {
  test.each<[string, (records: Map<string, Uint8Array>) => void]>([
    ['of nodes that is gone', (records) => records.delete(KEYS.stale(2 as Height))],
    ['of entries that is gone', (records) => records.delete(KEYS.replaced(2 as Height))],
    [
      'that is cut off',
      (records) =>
        records.set(KEYS.stale(2 as Height), (records.get(KEYS.stale(2 as Height)) ?? new Uint8Array()).slice(0, -1)),
    ],
    [
      'that names a node of a later height',
      (records) => records.set(KEYS.stale(2 as Height), encodeStale([{ version: 3 as Height, path: '' }])),
    ],
    [
      'with something that is no key',
      (records) => records.set(KEYS.replaced(2 as Height), new TextEncoder().encode('account/a\taccount/b')),
    ],
  ])('%s stops the node', (_, damage) => {
    const records = chainOf(10);
    damage(records);
    const node = pruner(records, 10, 2);
    expect(() => {
      for (let turns = 0; turns < 5; turns++) node.turn();
    }).toThrow(InvariantViolation);
    expect(node.pruning.oldest).toBe(1);
  });
});
