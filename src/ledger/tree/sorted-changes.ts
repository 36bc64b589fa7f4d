/** The changes of a block in the order of the tree, in one buffer: an array for each key and value would cost more than the walk. */
import { invariant, present } from '../../base/invariant.ts';
import { HASH_BYTES, LEAF_BYTES } from './hashing.ts';
import { compare32 } from './path.ts';

export interface LeafChange {
  /** SHA-256 of the key. */
  readonly key: Uint8Array;
  /** SHA-256 of its new value; undefined where the key is deleted. */
  readonly value: Uint8Array | undefined;
}

export class SortedChanges {
  readonly count: number;
  /** As leaves, by key. Where a key is deleted its value is zeros. */
  readonly leaves: Uint8Array;
  /** 1 for each change that deletes. */
  readonly isDeleted: Uint8Array;

  constructor(changes: readonly LeafChange[]) {
    this.count = changes.length;
    this.leaves = new Uint8Array(changes.length * LEAF_BYTES);
    this.isDeleted = new Uint8Array(changes.length);
    for (const { key, value } of changes)
      invariant(
        key.length === HASH_BYTES && (value?.length ?? HASH_BYTES) === HASH_BYTES,
        'keys and values are hashed',
      );
    const order = inOrder(changes.map(({ key }) => key));
    for (let i = 0, at = 0; i < order.length; i++, at += LEAF_BYTES) {
      const { key, value } = present(changes[order[i] as number], 'change');
      this.leaves.set(key, at);
      if (value === undefined) this.isDeleted[i] = 1;
      else this.leaves.set(value, at + HASH_BYTES);
      const isNew = i === 0 || compare32(this.leaves, at - LEAF_BYTES, this.leaves, at) < 0;
      invariant(isNew, 'a block changes each key once');
    }
  }
}

/** Positions of the keys in their order. The first bytes of a key and its position are one number, so that
 *  the runtime sorts numbers. Few keys begin alike, unless someone looks for such: they are put in order after that. */
export function inOrder(keys: readonly Uint8Array[]): Float64Array {
  invariant(keys.length <= PLACES, 'a block touches only so many keys', { keys: keys.length });
  const order = new Float64Array(keys.length);
  for (let i = 0; i < keys.length; i++) order[i] = firstWord(keys[i] as Uint8Array) * PLACES + i;
  order.sort();
  const keyOf = (place: number): Uint8Array => keys[place % PLACES] as Uint8Array;
  for (let first = 0; first < order.length; ) {
    const word = Math.floor((order[first] as number) / PLACES);
    let end = first + 1;
    while (end < order.length && Math.floor((order[end] as number) / PLACES) === word) end++;
    if (end - first > 1) order.subarray(first, end).sort((a, b) => compare32(keyOf(a), 0, keyOf(b), 0));
    first = end;
  }
  for (let i = 0; i < order.length; i++) order[i] = (order[i] as number) % PLACES;
  return order;
}

/** More keys than this cannot be told apart beside four bytes of a key, in a number that is exact. */
const PLACES = 2 ** 21;

const firstWord = (key: Uint8Array): number =>
  (key[0] as number) * 2 ** 24 + (((key[1] as number) << 16) | ((key[2] as number) << 8) | (key[3] as number));
