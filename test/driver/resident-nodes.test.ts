/** Nodes in memory keep no more of it than they say, whatever blocks change. */
import { describe, expect, test } from 'vitest';
import type { Height } from '../../src/base/brand.ts';
import { installNodeSha256 } from '../../src/crypto/node-sha256.ts';
import { NODE_WEIGHT, STATE_CACHE } from '../../src/driver/state/limits.ts';
import { CHILD, kindOf, readVersion, slotAt, SLOTS } from '../../src/ledger/tree/node.ts';
import { DIGITS, type NodeKey } from '../../src/ledger/tree/path.ts';
import { account, StateOnStore } from './state-store.ts';

installNodeSha256();

const PEOPLE = 3000;
const make = (cache = STATE_CACHE): StateOnStore => {
  const state = new StateOnStore(
    Array.from({ length: PEOPLE }, (_, number) => [number, 1000] as const),
    cache,
  );
  state.fetch(Array.from({ length: PEOPLE }, (_, number) => account(number)));
  return state;
};

/** Bytes of the nodes of the newest version that are here, and of all buffers in which they lie. */
function measure({ resident, head }: StateOnStore): { readonly live: number; readonly kept: number } {
  const buffers = new Set<ArrayBufferLike>();
  let live = 0;
  const visit = (key: NodeKey): void => {
    const node = resident.nodes.get(key);
    if (node === undefined) return;
    live += node.length;
    buffers.add(node.buffer);
    for (let slot = 0; slot < SLOTS; slot++)
      if (kindOf(node, slot) === CHILD)
        visit({ version: readVersion(node, slotAt(node, slot)) as Height, path: key.path + DIGITS.charAt(slot) });
  };
  visit({ version: head, path: '' });
  return { live, kept: [...buffers].reduce((sum, { byteLength }) => sum + byteLength, 0) };
}

describe.each<[string, (block: number) => readonly number[]]>([
  ['the same accounts', () => Array.from({ length: 60 }, (_, i) => i)],
  ['any accounts', (block) => Array.from({ length: 60 }, (_, i) => (block * 977 + i * 131) % PEOPLE)],
  [
    'sixty accounts in turns, and one that is never changed again',
    (block) => [...Array.from({ length: 60 }, (_, i) => 60 * (block % 3) + i), 200 + block],
  ],
])('blocks that change %s', (_, changed) => {
  test('leave little behind of which nothing is of use', () => {
    const state = make();
    for (let block = 0; block < 300; block++) {
      const [root, expected] = state.execute([...new Set(changed(block))].map((number) => [number, block] as const));
      expect(root).toBe(expected);
    }
    const { live, kept } = measure(state);
    expect(kept).toBeLessThan(2.5 * live);
    expect(kept).toBeLessThan(state.resident.bytes);
  });

  test('leave no more than there is room for, and what is fetched again is as it was', () => {
    const cache = { entryBytes: 1e9, nodeBytes: 300_000 };
    const state = make(cache);
    const entries = Array.from({ length: PEOPLE }, (_, number) => account(number));
    for (let block = 0; block < 100; block++) {
      const numbers = [...new Set(changed(block))];
      state.fetch(numbers.map((number) => account(number)));
      const [root, expected] = state.execute(numbers.map((number) => [number, block] as const));
      expect(root).toBe(expected);
      state.turn();
      // And what two blocks make.
      if (block > 3) expect(measure(state).kept).toBeLessThan(3 * cache.nodeBytes);
    }
    state.fetch(entries);
    for (const key of entries) expect(state.resident.get(key)).toEqual(state.model.get(key));
  });
});

/** Less than nothing: a turn comes even where nothing was used. */
const NO_ROOM = -1;

test('nodes that nobody uses are forgotten, and nothing is kept for them or for where they were', () => {
  const state = make();
  const { nodes } = state.resident;
  expect(nodes.bytes).toBeGreaterThan(100_000);
  for (let turns = 0; turns < 2; turns++) nodes.forget(NO_ROOM);
  expect(nodes.bytes).toBe(0);
  expect(nodes.get({ version: state.head, path: '' })).toBe(undefined);
});

test('what is used between any two turns stays, and nothing else', () => {
  const state = make();
  const { nodes } = state.resident;
  const root = { version: state.head, path: '' };
  for (let turns = 0; turns < 5; turns++) {
    nodes.forget(NO_ROOM);
    expect(nodes.get(root)).toBeDefined();
  }
  const { length } = nodes.get(root) ?? new Uint8Array();
  expect(nodes.bytes).toBe(length + NODE_WEIGHT);
});
