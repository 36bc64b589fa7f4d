import { describe, expect, it } from 'vitest';
import { height } from '../../../src/base/brand.ts';
import { InvariantViolation } from '../../../src/base/invariant.ts';
import { fromHex, toHex } from '../../../src/codec/hex.ts';
import { EMPTY_TREE_ROOT } from '../../../src/ledger/tree/hashing.ts';
import { lookUp } from '../../../src/ledger/tree/lookup.ts';
import { nodeKeyText, parseNodeKey } from '../../../src/ledger/tree/path.ts';
import { type TreeUpdate, updateTree } from '../../../src/ledger/tree/update.ts';
import { beginning, change, definition, GrowingTree, MemoryNodes } from './kit.ts';

const VALUE = 'ab'.repeat(32);
const OTHER_VALUE = 'cd'.repeat(32);
const puts = (...keys: readonly string[]) => keys.map((key) => change(beginning(key), VALUE));
const deletes = (...keys: readonly string[]) => keys.map((key) => change(beginning(key), null));
const rootOf = (...keys: readonly string[]) => definition(new Map(keys.map((key) => [beginning(key), VALUE])));
const pathsOf = (update: TreeUpdate) => update.nodes.map(({ key }) => key.path);

describe('an update', () => {
  it('keeps few leaves in the slots of the root, and gives a subtree of more a node of its own', () => {
    const tree = new GrowingTree();
    expect(pathsOf(tree.update(puts('a1', 'a2', 'b')))).toEqual(['']);
    expect(pathsOf(tree.update(puts('a3')))).toEqual(['a', '']);
    expect(pathsOf(tree.update(puts('a31', 'a32')))).toEqual(['a3', 'a', '']);
  });

  it('gives the node up when few leaves are left, at whatever depth, and names all that it replaced', () => {
    const tree = new GrowingTree();
    tree.update(puts('5550', '5551', '5552', '5553', '1'));
    const update = tree.update(deletes('5550', '5552'));
    expect(pathsOf(update)).toEqual(['']);
    expect(update.stale.map(({ path }) => path).sort()).toEqual(['', '5', '55', '555']);
    expect(update.root).toBe(rootOf('5551', '5553', '1'));
  });

  it('after which nothing is left has the root of the empty tree', () => {
    const tree = new GrowingTree();
    tree.update(puts('11', '12', '13', '9'));
    expect(tree.update(deletes('11', '12', '13', '9')).root).toBe(EMPTY_TREE_ROOT);
    expect(tree.update([]).root).toBe(EMPTY_TREE_ROOT);
    expect(tree.update(puts('4')).root).toBe(rootOf('4'));
  });

  it('reaches the last nibble of keys that differ only there', () => {
    const keys = ['0', '1', '7', 'f'].map((last) => '3'.repeat(63) + last);
    const tree = new GrowingTree();
    expect(tree.update(puts(...keys)).root).toBe(rootOf(...keys));
    expect(tree.update(deletes(...keys.slice(1))).root).toBe(rootOf('3'.repeat(63)));
  });

  it('that overwrites, adds and deletes in one slot does all three', () => {
    const tree = new GrowingTree();
    tree.update(puts('c1', 'c5'));
    const update = tree.update([...deletes('c5'), change(beginning('c1'), OTHER_VALUE), ...puts('c0', 'cf')]);
    const leaves = ['c0', 'c1', 'cf'].map((key) => [beginning(key), key === 'c1' ? OTHER_VALUE : VALUE] as const);
    expect(update.root).toBe(definition(new Map(leaves)));
  });

  it.each([
    { name: 'no change at all', changes: [] },
    { name: 'values that are there already', changes: puts('a1', 'a2', 'b') },
    { name: 'deletes of absent keys', changes: deletes('a4', 'a11', 'c', 'b1') },
  ])('of $name makes a root node and nothing else', ({ changes }) => {
    const tree = new GrowingTree();
    const before = tree.update(puts('a1', 'a2', 'a3', 'b'));
    const update = tree.update(changes);
    expect(update.root).toBe(before.root);
    expect(update.nodes.map(({ key }) => key)).toEqual([{ version: 1, path: '' }]);
    expect(update.stale).toEqual([{ version: 0, path: '' }]);
  });

  it('sorts keys that begin alike, as somebody may look for such', () => {
    const keys = ['00000000ff', '0000000001', '00000000fe', '0000000100', '00000000fe01'];
    expect(new GrowingTree().update(puts(...keys)).root).toBe(rootOf(...keys));
  });

  it.each([
    { name: 'one key twice', changes: [...puts('a'), ...deletes('a')] },
    { name: 'a key that is not hashed', changes: [{ key: fromHex('aa'), value: undefined }] },
    { name: 'a value that is not hashed', changes: [{ key: fromHex(beginning('a')), value: fromHex('aa') }] },
  ])('of $name is our own bug', ({ changes }) => {
    expect(() => new GrowingTree().update(changes)).toThrow(InvariantViolation);
  });

  it('without the nodes that it needs, or to an older version, is our own bug', () => {
    const tree = new GrowingTree();
    tree.update(puts('a'));
    expect(() => updateTree(new MemoryNodes(), { from: height(0), to: height(1) }, puts('b'))).toThrow('is missing');
    expect(() => updateTree(tree.source, { from: height(0), to: height(0) }, puts('b'))).toThrow(InvariantViolation);
  });

  it('leaves all earlier versions as they were', () => {
    const tree = new GrowingTree();
    tree.update(puts('a1', 'a2', 'a3'));
    const before = new Map([...tree.source.nodes].map(([key, node]) => [key, toHex(node)]));
    tree.update([...deletes('a1'), change(beginning('a2'), OTHER_VALUE), ...puts('a4', 'a5')]);
    for (const [key, node] of before) expect(toHex(tree.source.nodes.get(key) ?? new Uint8Array(0))).toBe(node);
    const old = lookUp(tree.source, height(0), fromHex(beginning('a2')));
    expect(old.ok && old.value && toHex(old.value)).toBe(VALUE);
  });
});

describe('a lookup', () => {
  it('in a version that is not there names the node that it misses', () => {
    const answer = lookUp(new MemoryNodes(), height(9), fromHex(beginning('a')));
    expect(answer).toMatchObject({ ok: false, error: { code: 'NODE_MISSING', key: { version: 9, path: '' } } });
  });
});

describe('the key of a node', () => {
  it('puts versions in their order, and is read back', () => {
    const keys = [
      { version: height(0), path: '' },
      { version: height(9), path: 'f0' },
      { version: height(10), path: '' },
      { version: height(2 ** 48 - 1), path: '0'.repeat(63) },
    ];
    const texts = keys.map(nodeKeyText);
    expect(texts.toSorted()).toEqual(texts);
    expect(texts.map(parseNodeKey)).toEqual(keys.map((value) => ({ ok: true, value })));
  });

  it.each(['', '00000000001', '00000000000G', '00000000000A', `000000000001${'0'.repeat(64)}`, '000000000001 '])(
    "is not '%s'",
    (text) => expect(parseNodeKey(text)).toMatchObject({ ok: false, error: { code: 'MALFORMED' } }),
  );

  it('of a place that cannot be is our own bug', () => {
    expect(() => nodeKeyText({ version: height(2 ** 48), path: '' })).toThrow(InvariantViolation);
    expect(() => nodeKeyText({ version: height(1), path: '0'.repeat(64) })).toThrow(InvariantViolation);
  });
});
