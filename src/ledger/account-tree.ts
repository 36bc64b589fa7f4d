/**
 * The RFC 9162 tree over all accounts in the order of their addresses, with its inner nodes kept, so that a block pays
 * for what it touches: one leaf and one path for each changed account. A new account shifts what stands after it, and
 * that part is hashed again. Values are never changed: `with` gives another tree.
 */
import type { Address, Hash } from '../base/brand.ts';
import { present } from '../base/invariant.ts';
import { toHash } from '../codec/hex.ts';
import { EMPTY_ROOT, hashChildren, hashLeaf } from '../crypto/merkle.ts';
import { type Account, storedAccountCodec } from './account.ts';

type Level = readonly Uint8Array[];

export class AccountTree {
  static readonly EMPTY = new AccountTree([], []);

  /** Sorted. */
  readonly #addresses: readonly Address[];
  /** Leaf hashes first, the root last; none for the empty tree. A node without a right sibling stands in the next level
   *  as it is, which gives the RFC's shape: its left subtree is the largest complete one. */
  readonly #levels: readonly Level[];

  private constructor(addresses: readonly Address[], levels: readonly Level[]) {
    this.#addresses = addresses;
    this.#levels = levels;
  }

  get root(): Hash {
    const top = this.#levels.at(-1);
    return top === undefined ? EMPTY_ROOT : toHash(present(top[0], 'root'));
  }

  /** The tree after these accounts took these values. */
  with(changes: ReadonlyMap<Address, Account>): AccountTree {
    if (changes.size === 0) return this;
    const leaves = (this.#levels[0] ?? []).slice();
    const updated: number[] = [];
    const added: (readonly [Address, Uint8Array])[] = [];
    for (const [address, account] of changes) {
      const leaf = hashLeaf(storedAccountCodec.encode({ address, ...account }));
      const position = this.#positionFor(address);
      if (this.#addresses[position] === address) {
        leaves[position] = leaf;
        updated.push(position);
      } else {
        added.push([address, leaf]);
      }
    }
    const merged = this.#merge(leaves, added);
    const touched = updated.filter((position) => position < merged.shiftedFrom).sort((a, b) => a - b);
    return new AccountTree(merged.addresses, raise(merged.leaves, this.#levels, touched, merged.shiftedFrom));
  }

  /** Position of the first address that is not smaller. */
  #positionFor(address: Address): number {
    let [low, high] = [0, this.#addresses.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (present(this.#addresses[middle], 'address') < address) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** Puts new leaves into their places. From `shiftedFrom` on, positions are no longer what they were. */
  #merge(
    old: readonly Uint8Array[],
    added: readonly (readonly [Address, Uint8Array])[],
  ): { readonly addresses: readonly Address[]; readonly leaves: Level; readonly shiftedFrom: number } {
    const sorted = added.toSorted(([a], [b]) => (a < b ? -1 : 1));
    const [first] = sorted;
    if (first === undefined) return { addresses: this.#addresses, leaves: old, shiftedFrom: old.length };
    const shiftedFrom = this.#positionFor(first[0]);
    const addresses = this.#addresses.slice(0, shiftedFrom);
    const leaves = old.slice(0, shiftedFrom);
    let next = shiftedFrom;
    for (const [address, leaf] of sorted) {
      for (; next < old.length && present(this.#addresses[next], 'address') < address; next++) {
        addresses.push(present(this.#addresses[next], 'address'));
        leaves.push(present(old[next], 'leaf'));
      }
      addresses.push(address);
      leaves.push(leaf);
    }
    for (; next < old.length; next++) {
      addresses.push(present(this.#addresses[next], 'address'));
      leaves.push(present(old[next], 'leaf'));
    }
    return { addresses, leaves, shiftedFrom };
  }
}

/** All levels over the leaves. Nodes are taken from the old levels, but for those above the leaves at `touched` (sorted)
 *  and at `from` and after. */
function raise(leaves: Level, old: readonly Level[], touched: readonly number[], from: number): Level[] {
  const levels = [leaves];
  let below = leaves;
  for (let depth = 1; below.length > 1; depth++) {
    touched = parents(touched);
    from = Math.floor(from / 2);
    const level = (old[depth] ?? []).slice(0, from);
    for (const position of touched) if (position < from) level[position] = nodeOver(below, position);
    for (let position = from; position < Math.ceil(below.length / 2); position++) level.push(nodeOver(below, position));
    levels.push(level);
    below = level;
  }
  return levels;
}

function nodeOver(below: Level, position: number): Uint8Array {
  const left = present(below[2 * position], 'left child');
  const right = below[2 * position + 1];
  return right === undefined ? left : hashChildren(left, right);
}

/** Positions one level up, sorted and unique as those given. */
function parents(positions: readonly number[]): number[] {
  const up: number[] = [];
  for (const position of positions) {
    const parent = Math.floor(position / 2);
    if (up.at(-1) !== parent) up.push(parent);
  }
  return up;
}
