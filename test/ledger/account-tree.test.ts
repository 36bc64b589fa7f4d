import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Address } from '../../src/base/brand.ts';
import { EMPTY_ROOT, merkleRoot } from '../../src/crypto/merkle.ts';
import { type Account, storedAccountCodec } from '../../src/ledger/account.ts';
import { AccountTree } from '../../src/ledger/account-tree.ts';
import { stranger } from './network.ts';

/** The root as the definition says it. */
const rootOf = (accounts: ReadonlyMap<Address, Account>) =>
  merkleRoot(
    [...accounts]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([address, account]) => storedAccountCodec.encode({ address, ...account })),
  );

const changesArbitrary = fc.array(
  fc.tuple(
    fc.integer({ min: 0, max: 60 }).map(stranger),
    fc.record({ balance: fc.bigInt({ min: 0n, max: 9n }), nonce: fc.nat(3) }),
  ),
  { maxLength: 25 },
);

test('without accounts the root is that of the empty tree', () => {
  expect(AccountTree.EMPTY.root).toBe(EMPTY_ROOT);
});

test('after any blocks the root is that of the tree over all accounts in the order of their addresses', () => {
  fc.assert(
    fc.property(fc.array(changesArbitrary, { maxLength: 8 }), (blocks) => {
      const accounts = new Map<Address, Account>();
      let tree = AccountTree.EMPTY;
      for (const block of blocks) {
        const before = tree.root;
        const changes = new Map(block);
        const next = tree.with(changes);
        expect(tree.root).toBe(before);
        for (const [address, account] of changes) accounts.set(address, account);
        tree = next;
        expect(tree.root).toBe(rootOf(accounts));
      }
    }),
  );
});
