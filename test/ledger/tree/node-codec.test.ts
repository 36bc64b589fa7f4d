import { describe, expect, it } from 'vitest';
import { height } from '../../../src/base/brand.ts';
import { present } from '../../../src/base/invariant.ts';
import { Random } from '../../../src/base/random.ts';
import type { Result } from '../../../src/base/result.ts';
import { fromHex, toHex } from '../../../src/codec/hex.ts';
import { sha256 } from '../../../src/crypto/sha256.ts';
import { CHILD, kindOf, NODE_BYTES_MAX, slotAt, type TreeNode } from '../../../src/ledger/tree/node.ts';
import { checkNodeHash, parseNode } from '../../../src/ledger/tree/node-codec.ts';
import { beginning, change, GrowingTree } from './kit.ts';

const codeOf = (result: Result<unknown>): string => (result.ok ? 'OK' : result.error.code);
const HASH = '11'.repeat(32);
const VERSION = '000000000005';
const leaf = (digits: string): string => beginning(digits) + 'ee'.repeat(32);
/** A node in hexadecimal: kinds by slot, and all that follows. */
const node = (kinds: Readonly<Record<number, number>>, ...rest: readonly string[]): Uint8Array =>
  fromHex(Array.from({ length: 16 }, (_, slot) => (kinds[slot] ?? 0).toString(16)).join('') + rest.join(''));
const child = (version = VERSION): string => version + HASH;

describe('a node', () => {
  it.each([
    { name: 'an empty root', path: '', bytes: node({}) },
    { name: 'a root of one leaf', path: '', bytes: node({ 5: 1 }, HASH, leaf('5')) },
    { name: 'a root of one child', path: '', bytes: node({ 15: CHILD }, HASH, child()) },
    { name: 'two leaves in one slot', path: '', bytes: node({ 5: 2 }, HASH, HASH, leaf('51'), leaf('52')) },
    {
      name: 'three leaves',
      path: 'a',
      bytes: node({ 0: 2, 15: 1 }, HASH, HASH, HASH, leaf('a01'), leaf('a02'), leaf('af')),
    },
    { name: 'one child', path: '0b', bytes: node({ 7: CHILD }, HASH, child()) },
  ])('of $name is read', ({ path, bytes }) => {
    expect(parseNode({ version: height(5), path }, bytes)).toEqual({ ok: true, value: bytes });
  });

  const deepest = '3'.repeat(63);
  it.each([
    { name: 'nothing', path: '', bytes: new Uint8Array(0), code: 'MALFORMED' },
    { name: 'seven bytes', path: '', bytes: new Uint8Array(7), code: 'MALFORMED' },
    { name: 'too many bytes', path: '', bytes: new Uint8Array(NODE_BYTES_MAX + 1), code: 'TOO_LARGE' },
    {
      name: 'three leaves in a slot',
      path: '',
      bytes: node({ 5: 3 }, HASH, HASH, leaf('51'), leaf('52'), leaf('53')),
      code: 'MALFORMED',
    },
    { name: 'kind 14', path: '', bytes: node({ 5: 14 }, HASH, child()), code: 'MALFORMED' },
    { name: 'less than it announces', path: '', bytes: node({ 5: 1 }, HASH, leaf('5').slice(2)), code: 'MALFORMED' },
    { name: 'no hash of a quarter', path: '', bytes: node({ 5: 1 }, leaf('5')), code: 'MALFORMED' },
    { name: 'more than it announces', path: '', bytes: node({ 5: 1 }, HASH, leaf('5'), '00'), code: 'MALFORMED' },
    { name: 'a leaf of another slot', path: '', bytes: node({ 5: 1 }, HASH, leaf('6')), code: 'MALFORMED' },
    {
      name: 'a leaf of another node',
      path: 'a',
      bytes: node({ 5: CHILD, 6: 1 }, HASH, child(), leaf('b6')),
      code: 'MALFORMED',
    },
    {
      name: 'leaves in the wrong order',
      path: '',
      bytes: node({ 5: 2 }, HASH, HASH, leaf('52'), leaf('51')),
      code: 'MALFORMED',
    },
    { name: 'a leaf twice', path: '', bytes: node({ 5: 2 }, HASH, HASH, leaf('51'), leaf('51')), code: 'MALFORMED' },
    {
      name: 'a child of a later version',
      path: '',
      bytes: node({ 5: CHILD }, HASH, child('000000000006')),
      code: 'MALFORMED',
    },
    {
      name: 'a child below the last nibble',
      path: deepest,
      bytes: node({ 5: CHILD }, HASH, child()),
      code: 'MALFORMED',
    },
    { name: 'a place that is too deep', path: `${deepest}3`, bytes: node({}), code: 'MALFORMED' },
    {
      name: 'leaves that its parent would hold',
      path: '5',
      bytes: node({ 1: 1, 2: 1 }, HASH, leaf('51'), leaf('52')),
      code: 'NON_CANONICAL',
    },
    { name: 'no leaves, below the root', path: '5', bytes: node({}), code: 'NON_CANONICAL' },
  ])('of $name is refused: $code', ({ path, bytes, code }) => {
    expect(codeOf(parseNode({ version: height(5), path }, bytes))).toBe(code);
  });

  it('with any bit changed is refused, by its form or its hash; but the versions of its children are not hashed', () => {
    const tree = new GrowingTree();
    const random = new Random(1);
    const changes = Array.from({ length: 24 }, (_, i) => {
      const key = toHex(sha256(Uint8Array.of(i)));
      return change(random.chance(0.5) ? `00${key.slice(2)}` : key, key);
    });
    const { root } = tree.update(changes);
    let [refused, versions] = [0, 0];
    for (const { key, node, hash } of tree.source.nodesOf(height(0), root)) {
      expect(codeOf(checkNodeHash(node, key.path.length, hash))).toBe('OK');
      for (let bit = 0; bit < 8 * node.length; bit++) {
        const spoilt = node.with(bit >>> 3, present(node[bit >>> 3], 'byte') ^ (1 << (bit & 7)));
        const parsed = parseNode({ ...key, version: height(2 ** 48 - 1) }, spoilt);
        const isRight = parsed.ok && checkNodeHash(parsed.value, key.path.length, hash).ok;
        if (isVersion(node, bit >>> 3)) versions += 1;
        else refused += 1;
        expect(isRight).toBe(isVersion(node, bit >>> 3));
      }
    }
    expect([refused > 10_000, versions > 0]).toEqual([true, true]);
  });
});

function isVersion(node: TreeNode, at: number): boolean {
  for (let slot = 0; slot < 16; slot++) {
    const from = slotAt(node, slot);
    if (kindOf(node, slot) === CHILD && at >= from && at < from + 6) return true;
  }
  return false;
}
