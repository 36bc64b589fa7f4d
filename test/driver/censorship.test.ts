/** A primary may not push others out with what costs it nothing. */
import { describe, expect, test } from 'vitest';
import type { Height } from '../../src/base/brand.ts';
import {
  transactionId,
  signedTransactionCodec,
  transactionSigningBytes,
  type Transaction,
} from '../../src/ledger/transaction.ts';
import { standInSignature } from '../consensus/stand-in.ts';
import { Cluster, proposal } from './cluster.ts';
import { toAddress } from '../../src/codec/hex.ts';

describe.each([
  ['a body of skipped transactions', 5],
  ['a body of transactions that fail, and cost nothing', 0],
])('a primary that fills its bodies with junk: %s', (_, nonce) => {
  test.each([
    ['full', true],
    ['with room', false],
  ])('%s, is replaced', (_name, fill) => {
    const cluster = new Cluster(4);
    cluster.startAll();
    expect(cluster.until(() => cluster.heights().every((height) => height === 1), 2000)).toBe(true);
    const count = fill ? Math.floor(cluster.genesis.ledger.blockWeightMax / 17) : 1;
    // Of the liar only what is injected gets out.
    cluster.link = (from, to) => from !== 0 && to !== 0;
    const transfer = cluster.transfer(0, 1, 0);
    cluster.submit(1, transfer);
    const end = cluster.scheduler.nowMs + 30_000;
    const others = [1, 2, 3];
    const committed = (): boolean =>
      others.some((index) =>
        cluster
          .node(index)
          .blocks.some(({ record }) =>
            record.receipts.some((receipt) => receipt.transactionId === transactionId(transfer)),
          ),
      );
    for (let round = 0; !committed() && cluster.scheduler.nowMs < end; round++) {
      const height = Math.max(...others.map((index) => cluster.driver(index).status().executedHeight)) + 1;
      const junk = junkOf(cluster, count, nonce, nonce === 0 ? round : 0);
      const transactionIds = junk.map(transactionId);
      for (const to of others) {
        cluster.inject(0, to, { kind: 'transactions', transactions: junk });
        cluster.inject(0, to, proposal(cluster, 0, 0, height, { transactionIds }));
      }
      cluster.run(1500);
    }
    expect(committed()).toBe(true);
  });
});

/** Validly signed, and nobody ever pays for it. */
function junkOf(cluster: Cluster, count: number, nonce: number, salt: number): Uint8Array[] {
  return Array.from({ length: count }, (_, position) => {
    const key = new Uint8Array(32).fill(7);
    key.set([position & 255, position >> 8, salt & 255]);
    const sender = toAddress(key);
    const transaction: Transaction = {
      chainId: cluster.genesis.chainId,
      sender,
      nonce,
      expiresAt: 0 as Height,
      maxFee: 0n,
      operations: Array.from({ length: 16 }, () => ({ kind: 'transfer', to: sender, amount: 1n })),
      memo: new Uint8Array(),
    };
    return signedTransactionCodec.encode({
      transaction,
      signature: standInSignature(key, transactionSigningBytes(transaction)),
    });
  });
}
