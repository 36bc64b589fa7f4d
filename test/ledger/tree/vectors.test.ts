import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { height } from '../../../src/base/brand.ts';
import { fromHex, toHex } from '../../../src/codec/hex.ts';
import { sha256 } from '../../../src/crypto/sha256.ts';
import { lookUp } from '../../../src/ledger/tree/lookup.ts';
import { proveKey } from '../../../src/ledger/tree/proof.ts';
import { verifyTreeProof } from '../../../src/ledger/tree/verify.ts';
import { haveVectors, readVectors } from '../../crypto/vectors.ts';
import { change, definition, GrowingTree } from './kit.ts';

const hashOf = (hex: string): string => toHex(sha256(fromHex(hex)));

/** Always run: the three published ones, and that a deleted key leaves no trace. */
const TABLE = [
  { data: [], root: '5350415253455f4d45524b4c455f504c414345484f4c4445525f484153485f5f' },
  {
    data: [['68656c6c6f', '776f726c64']],
    root: '6b97115f56e533f2fd443f7e76e4d1ff94d34e6b2e233f2dbdf5cfd1ec39a30c',
  },
  {
    data: [
      ['68656c6c6f', '776f726c64'],
      ['676f6f64627965', '776f726c64'],
    ],
    root: 'e1e1e220d4b4a9611a9a09dbcee964b4a6c3a40f6f4dee265ad45cf64568790b',
  },
] as const;

describe('the root', () => {
  it.each(TABLE)('of $data.length entries is the published one', ({ data, root }) => {
    const tree = new GrowingTree();
    expect(tree.update(data.map(([key, value]) => change(hashOf(key), hashOf(value)))).root).toBe(root);
    expect(definition(new Map(data.map(([key, value]) => [hashOf(key), hashOf(value)])))).toBe(root);
  });
});

const Published = z.object({
  vectors: z.array(
    z.object({ expected_root: z.string(), data: z.array(z.object({ key: z.string(), value: z.string() })) }),
  ),
});
const Successive = z.object({
  versions: z.array(
    z.object({
      version: z.number(),
      put: z.array(z.tuple([z.string(), z.string()])),
      delete: z.array(z.string()),
      root: z.string(),
      size: z.number(),
    }),
  ),
});

describe.skipIf(!haveVectors)('published vectors (../shared/vectors/jmt)', () => {
  it('the roots of the jmt crate', () => {
    const { vectors } = Published.parse(readVectors('jmt/published.json'));
    expect(vectors.length).toBe(3);
    for (const { data, expected_root } of vectors) {
      const tree = new GrowingTree();
      const changes = data.map(({ key, value }) => change(hashOf(key), hashOf(value)));
      expect(tree.update(changes).root).toBe(expected_root);
    }
  });

  it('150 successive versions, each readable and provable after all of them', () => {
    const { versions } = Successive.parse(readVectors('jmt/versions.json'));
    expect(versions.length).toBe(150);
    const tree = new GrowingTree();
    tree.update([]);
    const state = new Map<string, string>();
    const history: (readonly [string, ReadonlyMap<string, string>])[] = [];
    for (const { put, delete: deleted, root } of versions) {
      for (const [key, value] of put) state.set(key, value);
      for (const key of deleted) state.delete(key);
      const puts = put.map(([key, value]) => change(hashOf(key), hashOf(value)));
      const deletes = deleted.map((key) => change(hashOf(key), null));
      expect(tree.update([...puts, ...deletes]).root).toBe(root);
      history.push([root, new Map(state)]);
    }
    const keys = [...new Set(versions.flatMap(({ put }) => put.map(([key]) => key)))];
    for (const [i, [root, entries]] of history.entries()) {
      expect(entries.size).toBe(versions[i]?.size);
      for (const key of keys.filter((_, at) => at % 10 === i % 10)) {
        const value = entries.get(key);
        const found = lookUp(tree.source, height(i + 1), fromHex(hashOf(key)));
        expect(found.ok && found.value && toHex(found.value)).toBe(value === undefined ? undefined : hashOf(value));
        const proof = proveKey(tree.source, height(i + 1), fromHex(hashOf(key)));
        const claim = { root: root as never, key: fromHex(key), value: value === undefined ? value : fromHex(value) };
        expect(proof.ok && verifyTreeProof(claim, proof.value)).toEqual({ ok: true, value: undefined });
      }
    }
  });
});
