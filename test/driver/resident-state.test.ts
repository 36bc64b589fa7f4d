import { describe, expect, test } from 'vitest';
import type { Height } from '../../src/base/brand.ts';
import { InvariantViolation } from '../../src/base/invariant.ts';
import { installNodeSha256 } from '../../src/crypto/node-sha256.ts';
import { STATE_CACHE } from '../../src/driver/state/limits.ts';
import { KEYS } from '../../src/driver/stored/records.ts';
import { ACCOUNTS } from '../../src/ledger/account.ts';
import { account, StateOnStore, worth } from './state-store.ts';

installNodeSha256();

const make = (count: number) =>
  new StateOnStore(
    Array.from({ length: count }, (_, number) => [number, 1000] as const),
    STATE_CACHE,
  );

describe('an entry', () => {
  test('that is not here is a bug to ask for', () => {
    const { resident } = make(3);
    expect(resident.has(account(1))).toBe(false);
    expect(() => resident.get(account(1))).toThrow(InvariantViolation);
    expect(() => resident.treeKey(account(1))).toThrow(InvariantViolation);
  });

  test('that is here is newer than any that is read', () => {
    const state = make(3);
    state.fetch([account(1)]);
    state.execute([[1, 5]]);
    state.resident.fillEntry(account(1), ACCOUNTS.codec.encode(worth(1000)));
    expect(state.resident.get(account(1))).toEqual(worth(5));
  });

  test('that a block deletes is known to be nowhere', () => {
    const state = make(3);
    state.fetch([account(1)]);
    state.execute([[1, undefined]]);
    expect([state.resident.has(account(1)), state.resident.get(account(1))]).toEqual([true, undefined]);
  });
});

test('nodes that a block replaced are gone at once, be there a later one or none', () => {
  const state = make(3);
  const keys = Array.from({ length: 40 }, (_, number) => account(number));
  state.fetch(keys);
  state.execute(keys.map((_, number) => [number, 7] as const));
  const grown = [...state.records.keys()].filter((key) => key.startsWith('node/000000000001'));
  expect(grown.length).toBeGreaterThan(3);
  const bytes = state.resident.bytes;
  state.execute(keys.slice(1).map((_, number) => [number + 1, undefined] as const));
  for (const key of grown) {
    const path = key.slice('node/000000000001'.length);
    expect(state.resident.nodes.get({ version: 1 as Height, path })).toBe(undefined);
  }
  // One leaf is left, and one node.
  expect(state.resident.bytes).toBeLessThan(bytes - grown.length * 200);
});

test('of the nodes on the way to a key, those are missing that a lookup comes to next', () => {
  const state = make(100);
  const first = state.resident.missing([account(1)]);
  expect(first.entries).toEqual([account(1)]);
  expect(first.nodes.map(({ key }) => KEYS.node(key))).toEqual([KEYS.node({ version: 0 as Height, path: '' })]);
  state.fetch([account(1)]);
  expect(state.resident.missing([account(1)])).toEqual({ entries: [], nodes: [] });
});
