import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Hash, height } from '../../../src/base/brand.ts';
import { present } from '../../../src/base/invariant.ts';
import { Random } from '../../../src/base/random.ts';
import type { Result } from '../../../src/base/result.ts';
import { fromHex, toHex } from '../../../src/codec/hex.ts';
import { sha256 } from '../../../src/crypto/sha256.ts';
import { EMPTY_SUBTREE } from '../../../src/ledger/tree/hashing.ts';
import { proveKey, type TreeProof } from '../../../src/ledger/tree/proof.ts';
import { decodeTreeProof, encodeTreeProof, PROOF_BYTES_MAX } from '../../../src/ledger/tree/proof-codec.ts';
import { type TreeClaim, verifyTreeProof } from '../../../src/ledger/tree/verify.ts';
import { beginning, change, GrowingTree, MemoryNodes } from './kit.ts';

/** Proofs that are spoilt. The full number is `TREE_FLIPS=10000`. */
const FLIPS = Number(process.env.TREE_FLIPS ?? 1500);
const HEIGHTS = 40;

const codeOf = (result: Result<unknown>): string => (result.ok ? 'OK' : result.error.code);
const keyOf = (number: number): Uint8Array => Uint8Array.of(number >>> 8, number & 255);
const valueOf = (number: number): Uint8Array => Uint8Array.of(1, number >>> 8, number & 255);

/** A run of some heights over keys 0 to 399, and what was true at each of them. */
function history(random: Random) {
  const tree = new GrowingTree();
  const state = new Map<number, number>();
  const heights: { readonly root: Hash; readonly state: ReadonlyMap<number, number> }[] = [];
  for (let i = 0; i < HEIGHTS; i++) {
    const numbers = new Set(Array.from({ length: random.int(0, 30) }, () => random.int(0, 399)));
    const changes = [...numbers].map((number) => {
      const value = random.chance(0.3) ? undefined : random.int(0, 65535);
      if (value === undefined) state.delete(number);
      else state.set(number, value);
      return { key: sha256(keyOf(number)), value: value === undefined ? undefined : sha256(valueOf(value)) };
    });
    heights.push({ root: tree.update(changes).root, state: new Map(state) });
  }
  const prove = (number: number, at: number): { readonly claim: TreeClaim; readonly proof: Uint8Array } => {
    const { root, state } = present(heights[at], 'height');
    const value = state.get(number);
    const claim = { root, key: keyOf(number), value: value === undefined ? undefined : valueOf(value) };
    const proof = proveKey(tree.source, height(at), sha256(claim.key));
    if (!proof.ok) throw new Error(proof.error.message);
    return { claim, proof: encodeTreeProof(proof.value) };
  };
  return { heights, prove };
}

function check(claim: TreeClaim, proof: Uint8Array): string {
  const decoded = decodeTreeProof(proof);
  return decoded.ok ? codeOf(verifyTreeProof(claim, decoded.value)) : decoded.error.code;
}

describe('proofs of keys at heights', () => {
  it('of 1,000 random pairs are accepted, for what was there and for what was not', () => {
    fc.assert(
      fc.property(fc.integer(), (seed) => {
        const random = new Random(seed);
        const { prove } = history(random);
        const counts = { present: 0, absent: 0 };
        for (let i = 0; i < 1000; i++) {
          const { claim, proof } = prove(random.int(0, 399), random.int(0, HEIGHTS - 1));
          expect(check(claim, proof)).toBe('OK');
          counts[claim.value === undefined ? 'absent' : 'present'] += 1;
        }
        expect(Math.min(counts.present, counts.absent)).toBeGreaterThan(100);
      }),
      { numRuns: 1 },
    );
  });

  it(`none of ${FLIPS} with one bit changed is accepted`, () => {
    fc.assert(
      fc.property(fc.integer(), (seed) => {
        const random = new Random(seed);
        const { prove } = history(random);
        for (let i = 0; i < FLIPS; i++) {
          const { claim, proof } = prove(random.int(0, 399), random.int(0, HEIGHTS - 1));
          const bit = random.int(0, 8 * proof.length - 1);
          const spoilt = proof.with(bit >>> 3, (proof[bit >>> 3] ?? 0) ^ (1 << (bit & 7)));
          expect(check(claim, spoilt)).not.toBe('OK');
        }
      }),
      { numRuns: 1 },
    );
  });

  it('say nothing of another key, value, height, or of absence instead of presence', () => {
    fc.assert(
      fc.property(fc.integer(), (seed) => {
        const random = new Random(seed);
        const { heights, prove } = history(random);
        const at = HEIGHTS - 1;
        for (let i = 0; i < 100; i++) {
          const { claim, proof } = prove(random.int(0, 399), at);
          const other = { ...claim, key: Uint8Array.of(...claim.key, 0) };
          if (claim.value !== undefined) {
            expect(check(other, proof)).toBe('ROOT_MISMATCH');
            expect(check({ ...claim, value: valueOf(70_000) }, proof)).toBe('ROOT_MISMATCH');
            expect(check({ ...claim, value: undefined }, proof)).toBe('PROVES_OTHERWISE');
          } else {
            expect(check({ ...claim, value: valueOf(1) }, proof)).toBe('PROVES_OTHERWISE');
          }
          const past = present(heights[random.int(0, at)], 'height');
          if (past.root !== claim.root) expect(check({ ...claim, root: past.root }, proof)).toBe('ROOT_MISMATCH');
        }
      }),
      { numRuns: 3 },
    );
  });

  it('of a version that is not there name the node that they miss', () => {
    const answer = proveKey(new MemoryNodes(), height(3), sha256(keyOf(1)));
    expect(answer).toMatchObject({ ok: false, error: { code: 'NODE_MISSING', key: { version: 3, path: '' } } });
  });
});

describe('the shortest and the longest proof', () => {
  const value = 'ab'.repeat(32);
  const proofOf = (keys: readonly string[], key: string): TreeProof => {
    const tree = new GrowingTree();
    tree.update(keys.map((key) => change(beginning(key), value)));
    const proof = proveKey(tree.source, height(0), fromHex(beginning(key)));
    if (!proof.ok) throw new Error(proof.error.message);
    return proof.value;
  };

  it.each([
    { name: 'the empty tree', keys: [], key: '5', end: { kind: 'none' } },
    { name: 'one leaf, the key', keys: ['5'], key: '5', end: { kind: 'key' } },
    {
      name: 'one leaf, another',
      keys: ['6'],
      key: '5',
      end: { kind: 'other', key: fromHex(beginning('6')), value: fromHex(value) },
    },
  ])('$name: no siblings', ({ keys, key, end }) => expect(proofOf(keys, key)).toEqual({ siblings: [], end }));

  it('keys that differ in the last bit have 256 siblings, which fit', () => {
    const pair = [`${'0'.repeat(63)}0`, `${'0'.repeat(63)}1`];
    const proof = proofOf(pair, present(pair[1], 'key'));
    expect(proof.siblings.length).toBe(256);
    const full = { ...proof, siblings: proof.siblings.map(() => new Uint8Array(32)) };
    expect(encodeTreeProof(full).length).toBeLessThanOrEqual(PROOF_BYTES_MAX);
    expect(decodeTreeProof(encodeTreeProof(proof))).toEqual({ ok: true, value: proof });
  });

  it('among the leaves of one slot ends in each of the three ways', () => {
    const keys = ['50', '51'];
    expect(proofOf(keys, '51').end.kind).toBe('key');
    expect(proofOf(keys, '511').end.kind).toBe('other');
    expect(proofOf(keys, '58').end.kind).toBe('none');
    expect(proofOf(keys, '4').end.kind).toBe('none');
  });
});

describe('hostile proofs', () => {
  const key = Uint8Array.of(7);
  const keyHash = sha256(key);
  const claim: TreeClaim = { root: toHex(keyHash) as Hash, key, value: undefined };
  const hash = new Uint8Array(32).fill(9);
  const none = { kind: 'none' } as const;
  const opposite = keyHash.with(0, (keyHash[0] ?? 0) ^ 0x80);

  it.each<{ name: string; proof: TreeProof }>([
    { name: 'deeper than any key', proof: { siblings: Array.from({ length: 257 }, () => hash), end: none } },
    { name: 'with a sibling that is no hash', proof: { siblings: [new Uint8Array(31)], end: none } },
    { name: 'that go on beside an empty subtree', proof: { siblings: [hash, EMPTY_SUBTREE], end: none } },
    { name: 'whose other leaf is the key', proof: { siblings: [], end: { kind: 'other', key: keyHash, value: hash } } },
    {
      name: 'whose other leaf is elsewhere',
      proof: { siblings: [hash], end: { kind: 'other', key: opposite, value: hash } },
    },
    {
      name: 'whose other leaf is too short',
      proof: { siblings: [], end: { kind: 'other', key: opposite.slice(1), value: hash } },
    },
  ])('$name are refused', ({ proof }) => expect(codeOf(verifyTreeProof(claim, proof))).toBe('MALFORMED_PROOF'));

  const bytes = (...parts: readonly (readonly number[] | Uint8Array)[]): Uint8Array =>
    Uint8Array.from(parts.flatMap((part) => [...part]));

  it.each([
    { name: 'nothing', proof: bytes(), code: 'MALFORMED' },
    { name: 'half a head', proof: bytes([1, 0]), code: 'MALFORMED' },
    { name: 'an unknown end', proof: bytes([3, 0, 0]), code: 'MALFORMED' },
    { name: '257 siblings', proof: bytes([1, 1, 1], Array(33).fill(0)), code: 'MALFORMED' },
    { name: 'fewer hashes than bits', proof: bytes([1, 0, 2, 0xc0], hash), code: 'MALFORMED' },
    { name: 'half a hash', proof: bytes([1, 0, 1, 0x80], hash.slice(16)), code: 'MALFORMED' },
    { name: 'more hashes than bits', proof: bytes([1, 0, 2, 0x40], hash, hash), code: 'MALFORMED' },
    { name: 'no bits', proof: bytes([1, 0, 9]), code: 'MALFORMED' },
    { name: 'a leaf that is not announced', proof: bytes([0, 0, 0], hash, hash), code: 'MALFORMED' },
    { name: 'half a leaf', proof: bytes([2, 0, 0], hash), code: 'MALFORMED' },
    { name: 'a bit of no sibling', proof: bytes([1, 0, 2, 0x60], hash, hash), code: 'NON_CANONICAL' },
    { name: 'an empty subtree as hash', proof: bytes([1, 0, 1, 0x80], EMPTY_SUBTREE), code: 'NON_CANONICAL' },
    { name: 'far too much', proof: new Uint8Array(PROOF_BYTES_MAX + 1), code: 'TOO_LARGE' },
  ])('of $name are no proofs', ({ proof, code }) => expect(codeOf(decodeTreeProof(proof))).toBe(code));

  it('what is decoded encodes to the same bytes, whatever comes in', () => {
    const end = fc.constantFrom(0, 1, 2);
    const hostile = fc
      .tuple(end, fc.integer({ min: 0, max: 12 }), fc.uint8Array({ maxLength: 2 + 12 * 32 + 64 }))
      .map(([kind, count, rest]) => bytes([kind, 0, count], rest));
    const announced = fc
      .tuple(end, fc.integer({ min: 0, max: 12 }), fc.nat(0xffff), fc.uint8Array({ minLength: 450, maxLength: 450 }))
      .map(([kind, count, map, rest]) => {
        const bits = map & (0xffff << (16 - count)) & 0xffff;
        const ones = bits.toString(2).replaceAll('0', '').length;
        const bitmap = [bits >>> 8, bits & 255].slice(0, Math.ceil(count / 8));
        return bytes([kind, 0, count], bitmap, rest.subarray(0, ones * 32 + (kind === 2 ? 64 : 0)));
      });
    fc.assert(
      fc.property(fc.oneof(hostile, announced), (proof) => {
        const decoded = decodeTreeProof(proof);
        if (decoded.ok) expect(toHex(encodeTreeProof(decoded.value))).toBe(toHex(proof));
      }),
    );
    fc.assert(
      fc.property(announced, (proof) => {
        expect(codeOf(decodeTreeProof(proof))).toBe('OK');
      }),
    );
  });
});
