/** Nodes that are stored as their difference from an earlier version of them. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Height, height } from '../../../src/base/brand.ts';
import { present } from '../../../src/base/invariant.ts';
import { Random } from '../../../src/base/random.ts';
import type { Result } from '../../../src/base/result.ts';
import { equalBytes } from '../../../src/codec/codec.ts';
import { fromHex, toHex } from '../../../src/codec/hex.ts';
import { DIFFERENCE_PART_MAX } from '../../../src/ledger/limits.ts';
import { baseOf, differenceFrom, encodeRecord, readNode } from '../../../src/ledger/tree/difference.ts';
import { type NodeKey, nodeKeyText } from '../../../src/ledger/tree/path.ts';
import { beginning, change, definition, GrowingTree } from './kit.ts';

const PATH = 'a';
const VALUES = ['ab', 'cd', 'ef'].map((byte) => byte.repeat(32));
const codeOf = (result: Result<unknown>): string => (result.ok ? 'OK' : result.error.code);

/** A tree with a node at PATH of two leaves a slot, and versions of it that each change a leaf of these slots. */
function treeWith(...slots: readonly number[]): GrowingTree {
  const tree = new GrowingTree();
  const keys = Array.from({ length: 32 }, (_, i) => beginning(PATH + (i >>> 1).toString(16) + (i & 1)));
  tree.update(keys.map((key) => change(key, present(VALUES[0], 'a value'))));
  for (const [i, slot] of slots.entries())
    tree.update([change(beginning(`${PATH}${slot.toString(16)}0`), present(VALUES[1 + (i % 2)], 'a value'))]);
  return tree;
}

const at = (version: number): NodeKey => ({ version: height(version), path: PATH });
const recordAt = ({ source }: GrowingTree, version: number): Uint8Array =>
  present(source.records.get(nodeKeyText(at(version))), 'a record');

/** What the parent says that the node at PATH is hashed to, the root's only child. */
function hashAt({ source }: GrowingTree, version: number): Uint8Array {
  const root = present(source.get({ version: height(version), path: '' }), 'the root');
  return root.slice(-32);
}

const records = (tree: GrowingTree, version: number) => ({ record: recordAt(tree, version), base: recordAt(tree, 0) });

describe('a node that changes a slot at a time', () => {
  it('is stored as all slots that have changed since it was whole, and then whole again', () => {
    const tree = treeWith(3, 3, 7, 0, 15, 9, 2, 12, 4, 5, 6);
    const stored = Array.from({ length: 12 }, (_, version) => tree.source.differenceOf(at(version)));
    const whole = stored.flatMap((difference, version) => (difference === undefined ? [version] : []));
    expect(whole.length).toBeGreaterThan(1);
    expect(whole[0]).toBe(0);
    expect(stored.slice(1, 4)).toEqual([
      { base: 0, slots: 1 << 3 },
      { base: 0, slots: 1 << 3 },
      { base: 0, slots: (1 << 3) | (1 << 7) },
    ]);
    for (const [version, difference] of stored.entries()) {
      const node = present(tree.source.get(at(version)), 'the node');
      const { length } = recordAt(tree, version);
      expect(length).toBeLessThanOrEqual(difference === undefined ? node.length : DIFFERENCE_PART_MAX * node.length);
      expect(tree.source.read(at(version), hashAt(tree, version))).toEqual({ node, difference });
    }
    // After the second whole one nothing is based on the first.
    for (const difference of stored.slice(present(whole[1], 'a whole one') + 1))
      expect(difference?.base ?? whole[1]).toBeGreaterThanOrEqual(present(whole[1], 'a whole one'));
  });

  it('takes its base with it when it is whole again, and not before', () => {
    const tree = new GrowingTree();
    const keys = Array.from({ length: 32 }, (_, i) => beginning(PATH + (i >>> 1).toString(16) + (i & 1)));
    tree.update(keys.map((key) => change(key, present(VALUES[0], 'a value'))));
    const stale = Array.from({ length: 12 }, (_, i) =>
      tree
        .update([change(present(keys[2 * i], 'a key'), present(VALUES[1], 'a value'))])
        .stale.filter(({ path }) => path === PATH)
        .map(({ version }) => version),
    );
    expect(stale[0]).toEqual([]);
    expect(stale[1]).toEqual([1]);
    const again = stale.findIndex((versions) => versions.length === 2);
    expect(stale[again]).toEqual([again, 0]);
    expect(tree.source.differenceOf(at(again + 1))).toBe(undefined);
    expect(stale[again + 1]).toEqual([]);
  });

  it('takes its base with it when it goes', () => {
    const tree = treeWith(3, 5);
    const keys = Array.from({ length: 32 }, (_, i) => beginning(PATH + (i >>> 1).toString(16) + (i & 1)));
    const { stale } = tree.update(keys.slice(1).map((key) => change(key, null)));
    expect(stale.filter(({ path }) => path === PATH)).toEqual([at(2), at(0)]);
  });

  it('is written whole where it is the root', () => {
    const before = { key: { version: height(1), path: '' }, difference: undefined };
    expect(differenceFrom(before, 1, present(treeWith().source.get(at(0)), 'a node'))).toBe(undefined);
  });
});

describe('a difference', () => {
  const tree = treeWith(3, 7);
  const expected = hashAt(tree, 2);
  /** Kind of a slot and leaves. */
  const slot = (number: number, value: string): string => {
    const first = PATH + number.toString(16);
    return `02${beginning(`${first}0`)}${value}${beginning(`${first}1`)}${VALUES[0]}`;
  };
  const [, second, third] = VALUES as [string, string, string];

  it('is the base, the slots, and what is in them but for hashes that follow', () => {
    // Slots 3 and 7: the first slot is in the highest bit.
    expect(toHex(recordAt(tree, 2))).toBe(`ee${'0'.repeat(12)}1100${slot(3, second)}${slot(7, third)}`);
  });

  it.each([
    { name: 'of the root', key: { version: height(2), path: '' }, bytes: `ee${'0'.repeat(12)}0000`, code: 'MALFORMED' },
    { name: 'without its slots', bytes: `ee${'0'.repeat(12)}00`, code: 'MALFORMED' },
    { name: 'from its own version', bytes: `ee0000000000021000${slot(3, second)}`, code: 'MALFORMED' },
    { name: 'from a later version', bytes: `ee0000000000031000${slot(3, second)}`, code: 'MALFORMED' },
    { name: 'that is cut off', bytes: `ee${'0'.repeat(12)}1000${slot(3, second).slice(2)}`, code: 'MALFORMED' },
    { name: 'that goes on', bytes: `ee${'0'.repeat(12)}1000${slot(3, second)}00`, code: 'MALFORMED' },
    { name: 'with a slot that nothing says', bytes: `ee${'0'.repeat(12)}1100${slot(3, second)}`, code: 'MALFORMED' },
    { name: 'with three leaves', bytes: `ee${'0'.repeat(12)}100003${slot(3, second)}`, code: 'MALFORMED' },
    { name: 'with kind 14', bytes: `ee${'0'.repeat(12)}10000e${slot(3, second)}`, code: 'MALFORMED' },
  ])('$name is refused: $code', ({ bytes, code, key = at(2) }) => {
    expect(codeOf(baseOf(key, fromHex(bytes)))).toBe(code);
    expect(codeOf(readNode(key, { record: fromHex(bytes), base: recordAt(tree, 0) }, expected))).toBe(code);
  });

  it.each([
    { name: 'leaves of another slot', bytes: `1000${slot(4, second)}`, code: 'MALFORMED' },
    {
      name: 'the same leaf twice',
      bytes: `100002${(beginning(`${PATH}30`) + second).repeat(2)}`,
      code: 'MALFORMED',
    },
    { name: 'a child of a later version', bytes: `10000f000000000003${'11'.repeat(32)}`, code: 'MALFORMED' },
    { name: 'another child', bytes: `10000f000000000001${'11'.repeat(32)}`, code: 'WRONG_HASH' },
    { name: 'another value', bytes: `1100${slot(3, third)}${slot(7, third)}`, code: 'WRONG_HASH' },
    { name: 'nothing', bytes: '0000', code: 'WRONG_HASH' },
  ])('that puts $name there is refused: $code', ({ bytes, code }) => {
    const record = fromHex(`ee${'0'.repeat(12)}${bytes}`);
    expect(codeOf(readNode(at(2), { record, base: recordAt(tree, 0) }, expected))).toBe(code);
  });

  it('without its base, or with another in its place, is refused', () => {
    const { record, base } = records(tree, 2);
    expect(codeOf(readNode(at(2), { record, base }, expected))).toBe('OK');
    expect(codeOf(readNode(at(2), { record, base: undefined }, expected))).toBe('MALFORMED');
    expect(codeOf(readNode(at(2), { record, base: recordAt(tree, 1) }, expected))).toBe('MALFORMED');
    expect(codeOf(readNode(at(2), { record, base: base.slice(1) }, expected))).toBe('MALFORMED');
    const other = new GrowingTree();
    other.update(
      Array.from({ length: 32 }, (_, i) => change(beginning(PATH + (i >>> 1).toString(16) + (i & 1)), third)),
    );
    expect(codeOf(readNode(at(2), { record, base: recordAt(other, 0) }, expected))).toBe('WRONG_HASH');
  });

  it('with any bit changed, of it or of its base, is refused or is the same node', () => {
    const { record, base } = records(tree, 2);
    const node = present(tree.source.get(at(2)), 'the node');
    const outcomes = new Set<string>();
    for (const part of ['record', 'base'] as const) {
      const { length } = part === 'record' ? record : base;
      for (let bit = 0; bit < 8 * length; bit += part === 'record' ? 1 : 5) {
        const spoilt = (part === 'record' ? record : base).slice();
        spoilt[bit >>> 3] = (spoilt[bit >>> 3] as number) ^ (128 >>> (bit & 7));
        const read = readNode(at(2), { record, base, [part]: spoilt }, expected);
        outcomes.add(codeOf(read));
        // Of the base, hashes do not count, and slots that were replaced; and whoever fetched this base took the record at its word.
        if (read.ok && !equalBytes(read.value.node, node)) outcomes.add(`another node, with bit ${bit} of the ${part}`);
      }
    }
    expect([...outcomes].sort()).toEqual(['MALFORMED', 'OK', 'WRONG_HASH']);
  });
});

it('nodes are what they were, whatever changes in whatever slots, and are found by two records each', () => {
  fc.assert(
    fc.property(fc.integer(), (seed) => {
      const random = new Random(seed);
      const digits = ['0', '1', '8', 'f'];
      const makeKey = () => beginning(Array.from({ length: 6 }, () => random.pick(digits)).join(''));
      const keys = [...new Set(Array.from({ length: random.pick([8, 60, 300]) }, makeKey))];
      const tree = new GrowingTree();
      let model = new Map<string, string>();
      let differences = 0;
      for (let version = 0; version < 12; version++) {
        const count = version === 0 ? keys.length : random.pick([0, 1, 2, 3, 20]);
        const changes = random
          .shuffled(keys)
          .slice(0, count)
          .map((key): [string, string | null] => [key, random.chance(0.3) ? null : random.pick(VALUES)]);
        model = new Map(model);
        for (const [key, value] of changes) {
          if (value === null) model.delete(key);
          else model.set(key, value);
        }
        tree.update(changes.map(([key, value]) => change(key, value)));
        for (const { key, node, hash } of tree.source.nodesOf(version as Height, definition(model))) {
          const read = tree.source.read(key, hash);
          expect(read.node).toEqual(node);
          if (read.difference === undefined) continue;
          differences += 1;
          expect(tree.source.differenceOf({ ...key, version: read.difference.base })).toBe(undefined);
          expect(encodeRecord(read.node, read.difference)).toEqual(tree.source.records.get(nodeKeyText(key)));
        }
      }
      return keys.length < 30 || differences > 0;
    }),
    { numRuns: 15 },
  );
});
