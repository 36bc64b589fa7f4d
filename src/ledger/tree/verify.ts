/** Checks a proof, on a machine that trusts no node: a client's, a browser's. It needs the root alone, from a header that is final. */
import type { Hash } from '../../base/brand.ts';
import { type Coded, fail, ok, type Result } from '../../base/result.ts';
import { toHash } from '../../codec/hex.ts';
import { sha256 } from '../../crypto/sha256.ts';
import { PROOF_SIBLINGS_MAX } from '../limits.ts';
import { EMPTY_SUBTREE, HASH_BYTES, LEAF_BYTES, writeInnerHash, writeLeafHash } from './hashing.ts';
import { bitAt, compare32 } from './path.ts';
import type { TreeProof } from './proof.ts';

export interface TreeClaim {
  readonly root: Hash;
  /** As it is in the state, not hashed. */
  readonly key: Uint8Array;
  /** As it is in the state, not hashed; undefined where the key is claimed to be absent. */
  readonly value: Uint8Array | undefined;
}

export type TreeProofError = Coded<'MALFORMED_PROOF' | 'PROVES_OTHERWISE' | 'ROOT_MISMATCH'>;

/**
 * Ok if the proof shows that the claim holds in the tree with this root.
 * Errors: MALFORMED_PROOF (longer than a key, or of a tree that cannot be), PROVES_OTHERWISE (presence where absence is claimed, or
 * the other way round), ROOT_MISMATCH (of another tree, key or value).
 */
export function verifyTreeProof({ root, key, value }: TreeClaim, proof: TreeProof): Result<void, TreeProofError> {
  const { siblings, end } = proof;
  if (siblings.length > PROOF_SIBLINGS_MAX) return fail('MALFORMED_PROOF', 'a proof goes deeper than any key');
  if (siblings.some(({ length }) => length !== HASH_BYTES)) return fail('MALFORMED_PROOF', 'a sibling is a hash');
  const last = siblings.at(-1);
  // The way goes on where there are several leaves: then one of them, or more, is on the other side.
  if (last !== undefined && compare32(last, 0, EMPTY_SUBTREE, 0) === 0) {
    return fail('MALFORMED_PROOF', 'the last sibling has no leaf');
  }
  if ((end.kind === 'key') !== (value !== undefined)) {
    return fail('PROVES_OTHERWISE', `the proof shows that the key is ${end.kind === 'key' ? 'present' : 'absent'}`);
  }
  const keyHash = sha256(key);
  const node = new Uint8Array(LEAF_BYTES);
  if (end.kind === 'other') {
    if (end.key.length !== HASH_BYTES || end.value.length !== HASH_BYTES) {
      return fail('MALFORMED_PROOF', 'a leaf is two hashes');
    }
    if (!isOnTheWay(end.key, keyHash, siblings.length)) {
      return fail('MALFORMED_PROOF', 'the other leaf is not where the key would be');
    }
    node.set(end.key);
    node.set(end.value, HASH_BYTES);
  } else if (value !== undefined) {
    node.set(keyHash);
    node.set(sha256(value), HASH_BYTES);
  }
  if (end.kind === 'none') node.set(EMPTY_SUBTREE);
  else writeLeafHash(node, 0, node, 0);
  for (const [bit, sibling] of [...siblings.entries()].reverse()) {
    const isRight = bitAt(keyHash, 0, bit) === 1;
    if (isRight) node.copyWithin(HASH_BYTES, 0, HASH_BYTES);
    node.set(sibling, isRight ? 0 : HASH_BYTES);
    writeInnerHash(node, 0, node, 0);
  }
  return toHash(node.subarray(0, HASH_BYTES)) === root
    ? ok(undefined)
    : fail('ROOT_MISMATCH', 'the proof leads to another root');
}

/** Whether it is another key, whose first `bits` bits are the same. */
function isOnTheWay(other: Uint8Array, keyHash: Uint8Array, bits: number): boolean {
  for (let bit = 0; bit < bits; bit++) if (bitAt(other, 0, bit) !== bitAt(keyHash, 0, bit)) return false;
  return compare32(other, 0, keyHash, 0) !== 0;
}
