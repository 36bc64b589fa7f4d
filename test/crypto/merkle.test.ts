import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Hash, hash } from '../../src/base/brand.ts';
import { InvariantViolation } from '../../src/base/invariant.ts';
import { fromHex, toHash, toHex } from '../../src/codec/hex.ts';
import {
  type ConsistencyClaim,
  consistencyProof,
  EMPTY_ROOT,
  HistoryTree,
  type InclusionClaim,
  inclusionProof,
  merkleRoot,
  verifyConsistency,
  verifyInclusion,
} from '../../src/crypto/merkle.ts';
import { sha256, sha256Hash } from '../../src/crypto/sha256.ts';
import { concat } from './points.ts';
import { haveVectors, readVectors, vectorFiles } from './vectors.ts';

/** MTH as RFC 9162, 2.1.1 writes it down: slow, and independent of ours. */
function definition(leaves: readonly Uint8Array[]): Uint8Array {
  const [first] = leaves;
  if (first === undefined) return sha256(new Uint8Array(0));
  if (leaves.length === 1) return sha256(concat(Uint8Array.of(0), first));
  const split = 2 ** Math.floor(Math.log2(leaves.length - 1));
  return sha256(concat(Uint8Array.of(1), definition(leaves.slice(0, split)), definition(leaves.slice(split))));
}

const numbered = (size: number): Uint8Array[] => Array.from({ length: size }, (_, i) => Uint8Array.of(i >> 8, i));
const codeOf = (result: ReturnType<typeof verifyInclusion>): string => (result.ok ? 'OK' : result.error.code);

/** Certificate Transparency's example: eight leaves and the roots of the trees over the first n. */
const LEAVES = ['', '00', '10', '2021', '3031', '40414243', '5051525354555657', '606162636465666768696a6b6c6d6e6f'].map(
  fromHex,
);
const ROOTS = [
  'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
  '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
  'fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125',
  'aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77',
  'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
  '4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4',
  '76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef',
  'ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c',
  '5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328',
];

describe('roots', () => {
  it('are those of Certificate Transparency', () => {
    expect(ROOTS.map((_, size) => merkleRoot(LEAVES.slice(0, size)))).toEqual(ROOTS);
    expect(EMPTY_ROOT).toBe(ROOTS[0]);
  });

  it('are as RFC 9162 defines them, at every size up to 70', () => {
    const leaves = numbered(70);
    for (let size = 0; size <= 70; size++) {
      const part = leaves.slice(0, size);
      expect(merkleRoot(part)).toBe(toHash(definition(part)));
    }
  });

  it('a leaf with the bytes of an inner node is not that node', () => {
    const [left, right] = [definition(LEAVES.slice(0, 1)), definition(LEAVES.slice(1, 2))];
    expect(merkleRoot([concat(left, right)])).not.toBe(merkleRoot(LEAVES.slice(0, 2)));
  });
});

const tree = fc.integer({ min: 1, max: 130 });

describe('inclusion', () => {
  it('the proof of each leaf is accepted, at every size up to 40', () => {
    for (let size = 1; size <= 40; size++) {
      const leaves = numbered(size);
      const root = merkleRoot(leaves);
      for (const [index, leaf] of leaves.entries()) {
        expect(codeOf(verifyInclusion({ leaf, index, size, root }, inclusionProof(leaves, index)))).toBe('OK');
      }
    }
  });

  it('a claim that is wrong in anything is refused', () => {
    fc.assert(
      fc.property(tree, fc.nat(), fc.nat(), (size, at, other) => {
        const leaves = numbered(size);
        const index = at % size;
        const proof = inclusionProof(leaves, index);
        const claim: InclusionClaim = {
          leaf: leaves[index] ?? new Uint8Array(0),
          index,
          size,
          root: merkleRoot(leaves),
        };
        const refused = (part: Partial<InclusionClaim>, path: readonly string[] = proof): void =>
          expect(codeOf(verifyInclusion({ ...claim, ...part }, path))).not.toBe('OK');
        if (other % size !== index) refused({ index: other % size });
        refused({ leaf: Uint8Array.of(1, 2, 3) });
        refused({ root: sha256Hash(Uint8Array.of(1)) });
        refused({}, [...proof, sha256Hash(Uint8Array.of(2))]);
        refused({}, [sha256Hash(Uint8Array.of(3)), ...proof]);
        if (proof.length > 0) {
          refused({}, proof.slice(1));
          refused({}, proof.slice(0, -1));
          refused({}, proof.with(other % proof.length, sha256Hash(Uint8Array.of(4))));
        }
      }),
      { numRuns: 100 },
    );
  });

  const leaves = numbered(7);
  const claim: InclusionClaim = { leaf: Uint8Array.of(0, 2), index: 2, size: 7, root: merkleRoot(leaves) };
  const proof = inclusionProof(leaves, 2);

  it.each<[string, Partial<InclusionClaim>, readonly string[]]>([
    ['OUT_OF_RANGE', { index: 7 }, proof],
    ['OUT_OF_RANGE', { index: -1 }, proof],
    ['OUT_OF_RANGE', { index: 0.5 }, proof],
    ['OUT_OF_RANGE', { size: 2 ** 64 }, proof],
    ['OUT_OF_RANGE', { index: 0, size: 0 }, []],
    ['WRONG_PROOF_LENGTH', {}, []],
    ['WRONG_PROOF_LENGTH', {}, [...proof, proof[0] ?? '']],
    ['WRONG_PROOF_LENGTH', { size: 17 }, proof],
    ['MALFORMED_PROOF', {}, ['', ...proof.slice(1)]],
    ['MALFORMED_PROOF', {}, [`${proof[0]}00`, ...proof.slice(1)]],
    ['MALFORMED_PROOF', {}, [(proof[0] ?? '').toUpperCase(), ...proof.slice(1)]],
    ['ROOT_MISMATCH', { index: 3 }, proof],
    ['OK', {}, proof],
  ])('%s: %o', (code, part, path) => {
    expect(codeOf(verifyInclusion({ ...claim, ...part }, path))).toBe(code);
  });

  it.each([-1, 7, 0.5, Number.NaN])('asking for a proof of leaf %d of seven is our own bug', (index) => {
    expect(() => inclusionProof(leaves, index)).toThrow(InvariantViolation);
  });
});

describe('consistency', () => {
  it('each tree is shown to be a prefix of each later one, up to size 40', () => {
    const leaves = numbered(40);
    const roots = Array.from({ length: 41 }, (_, size) => merkleRoot(leaves.slice(0, size)));
    for (let secondSize = 1; secondSize <= 40; secondSize++) {
      for (let firstSize = 1; firstSize <= secondSize; firstSize++) {
        const claim = {
          firstSize,
          secondSize,
          firstRoot: hash(roots[firstSize] ?? ''),
          secondRoot: hash(roots[secondSize] ?? ''),
        };
        const proof = consistencyProof(leaves.slice(0, secondSize), firstSize);
        expect(codeOf(verifyConsistency(claim, proof))).toBe('OK');
      }
    }
  });

  it('a history that was rewritten is not a prefix, with any proof that either history gives', () => {
    fc.assert(
      fc.property(tree, fc.nat(), fc.nat(), (secondSize, first, at) => {
        const firstSize = 1 + (first % secondSize);
        const leaves = numbered(secondSize);
        const rewritten = leaves.with(at % firstSize, Uint8Array.of(9));
        const claim = {
          firstSize,
          secondSize,
          firstRoot: merkleRoot(leaves.slice(0, firstSize)),
          secondRoot: merkleRoot(rewritten),
        };
        expect(codeOf(verifyConsistency(claim, consistencyProof(rewritten, firstSize)))).toBe('ROOT_MISMATCH');
        expect(codeOf(verifyConsistency(claim, consistencyProof(leaves, firstSize)))).toBe('ROOT_MISMATCH');
      }),
      { numRuns: 100 },
    );
  });

  const leaves = numbered(7);
  const claim: ConsistencyClaim = {
    firstSize: 3,
    firstRoot: merkleRoot(leaves.slice(0, 3)),
    secondSize: 7,
    secondRoot: merkleRoot(leaves),
  };
  const proof = consistencyProof(leaves, 3);
  const other = sha256Hash(Uint8Array.of(1));

  it.each<[string, Partial<ConsistencyClaim>, readonly string[]]>([
    ['OUT_OF_RANGE', { firstSize: 0, firstRoot: EMPTY_ROOT }, []],
    ['OUT_OF_RANGE', { firstSize: 8 }, proof],
    ['OUT_OF_RANGE', { secondSize: 2 ** 53 }, proof],
    ['WRONG_PROOF_LENGTH', {}, []],
    ['WRONG_PROOF_LENGTH', {}, proof.slice(1)],
    ['WRONG_PROOF_LENGTH', {}, [...proof, other]],
    ['WRONG_PROOF_LENGTH', { firstSize: 7, firstRoot: claim.secondRoot }, proof],
    ['MALFORMED_PROOF', {}, [...proof.slice(0, -1), 'zz']],
    ['ROOT_MISMATCH', { firstSize: 7 }, []],
    ['ROOT_MISMATCH', { firstRoot: other }, proof],
    ['ROOT_MISMATCH', { secondRoot: other }, proof],
    ['OK', { firstSize: 7, firstRoot: claim.secondRoot }, []],
    ['OK', {}, proof],
  ])('%s: %o', (code, part, path) => {
    expect(codeOf(verifyConsistency({ ...claim, ...part }, path))).toBe(code);
  });

  it.each([0, 8, 1.5])('asking for a proof of a prefix of %d of seven leaves is our own bug', (firstSize) => {
    expect(() => consistencyProof(leaves, firstSize)).toThrow(InvariantViolation);
  });
});

describe('HistoryTree', () => {
  it('has the root of the whole tree at every size, also when it is stored and restored in between', () => {
    const leaves = numbered(70);
    let history = new HistoryTree();
    for (const [size, leaf] of leaves.entries()) {
      expect(history.size).toBe(size);
      expect(history.root()).toBe(merkleRoot(leaves.slice(0, size)));
      const restored = HistoryTree.restore(size, history.snapshot());
      if (!restored.ok) throw new Error(restored.error.message);
      history = restored.value;
      history.append(leaf);
    }
  });

  it('a copy grows on its own', () => {
    const history = new HistoryTree();
    for (const leaf of numbered(3)) history.append(leaf);
    const [before, copy] = [history.root(), history.copy()];
    copy.append(Uint8Array.of(1));
    expect(history.root()).toBe(before);
    expect(copy.size).toBe(4);
    expect(history.size).toBe(3);
  });

  it('sizes above 32 bits are exact', () => {
    const subtree = sha256Hash(Uint8Array.of(1));
    const size = 2 ** 40;
    const history = HistoryTree.restore(size, [subtree]);
    if (!history.ok) throw new Error(history.error.message);
    const leaf = Uint8Array.of(2);
    history.value.append(leaf);
    const root = history.value.root();
    expect(codeOf(verifyInclusion({ leaf, index: size, size: size + 1, root }, [subtree]))).toBe('OK');
    const claim = { firstSize: size, firstRoot: subtree, secondSize: size + 1, secondRoot: root };
    expect(codeOf(verifyConsistency(claim, [toHash(definition([leaf]))]))).toBe('OK');
  });

  it.each<[string, number, readonly string[]]>([
    ['OUT_OF_RANGE', -1, []],
    ['OUT_OF_RANGE', 1.5, []],
    ['OUT_OF_RANGE', 2 ** 53, []],
    ['WRONG_PROOF_LENGTH', 3, [EMPTY_ROOT]],
    ['WRONG_PROOF_LENGTH', 0, [EMPTY_ROOT]],
    ['MALFORMED_PROOF', 1, ['00']],
  ])('%s: a snapshot that does not fit its size is refused (%d)', (code, size, snapshot) => {
    expect(HistoryTree.restore(size, snapshot)).toMatchObject({ ok: false, error: { code } });
  });
});

interface ProofVector {
  readonly desc: string;
  readonly wantErr: boolean;
  readonly proof: readonly string[] | null;
}
interface InclusionVector extends ProofVector {
  readonly leafIdx: number;
  readonly treeSize: number;
  readonly root: string;
  readonly leafHash: string;
}
interface ConsistencyVector extends ProofVector {
  readonly size1: number;
  readonly size2: number;
  readonly root1: string;
  readonly root2: string;
}

describe.skipIf(!haveVectors)('published vectors (../shared/vectors/rfc6962)', () => {
  const filesOf = (folder: string): string[] => (haveVectors ? vectorFiles(`rfc6962/${folder}`) : []);
  const hexOf = (base64: string): string => Buffer.from(base64, 'base64').toString('hex');
  const proofOf = ({ proof }: ProofVector): string[] => (proof ?? []).map(hexOf);
  /** Some roots of the vectors are not hashes: then a hash of them, equal where they are equal. */
  const rootOf = (base64: string): Hash => {
    const bytes = new Uint8Array(Buffer.from(base64, 'base64'));
    return bytes.length === 32 ? toHash(bytes) : sha256Hash(bytes);
  };
  /** The vectors give hashes of leaves. Ours hashes the leaf itself, so take the leaf with that hash, or one that has another. */
  const leafOf = (leafHash: string): Uint8Array => {
    const known = LEAVES.find((leaf) => toHex(definition([leaf])) === hexOf(leafHash));
    return known ?? Uint8Array.from(Buffer.from(leafHash, 'base64'));
  };

  it('the reference roots', () => {
    const vectors = readVectors('rfc6962/ct_reference_roots.json') as {
      leaves_hex: string[];
      'roots_hex_n0..8': string[];
    };
    const leaves = vectors.leaves_hex.map(fromHex);
    const roots = vectors['roots_hex_n0..8'];
    expect(roots).toHaveLength(9);
    expect(roots.map((_, size) => merkleRoot(leaves.slice(0, size)))).toEqual(roots);
  });

  it('all inclusion proofs have the published verdict', () => {
    const verdicts = filesOf('inclusion').map((file) => {
      const vector = readVectors(file) as InclusionVector;
      const { leafIdx: index, treeSize: size } = vector;
      const leaf = leafOf(vector.leafHash);
      // A tree of one leaf nobody knows: its root is the hash of the leaf that stands for it here.
      const isItsLeaf = vector.root === vector.leafHash && vector.root !== '';
      const root = isItsLeaf ? toHash(definition([leaf])) : rootOf(vector.root);
      const claim = { leaf, index, size, root };
      return { file, refused: !verifyInclusion(claim, proofOf(vector)).ok, wantErr: vector.wantErr };
    });
    expect(verdicts.filter(({ refused, wantErr }) => refused !== wantErr)).toEqual([]);
    expect(verdicts).toHaveLength(98);
    expect(verdicts.filter(({ wantErr }) => !wantErr).length).toBeGreaterThan(3);
  });

  it('all consistency proofs have the published verdict', () => {
    const verdicts = filesOf('consistency').map((file) => {
      const vector = readVectors(file) as ConsistencyVector;
      const { size1: firstSize, size2: secondSize } = vector;
      const claim = { firstSize, secondSize, firstRoot: rootOf(vector.root1), secondRoot: rootOf(vector.root2) };
      return { file, refused: !verifyConsistency(claim, proofOf(vector)).ok, wantErr: vector.wantErr };
    });
    expect(verdicts.filter(({ refused, wantErr }) => refused !== wantErr)).toEqual([]);
    expect(verdicts).toHaveLength(98);
    expect(verdicts.filter(({ wantErr }) => !wantErr).length).toBeGreaterThan(3);
  });
});
