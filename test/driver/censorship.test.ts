/** A primary may not push others out with what costs it nothing; and an honest one is not left for what it cannot order. */
import { describe, expect, test } from 'vitest';
import type { Height } from '../../src/base/brand.ts';
import { present } from '../../src/base/invariant.ts';
import {
  transactionId,
  signedTransactionCodec,
  transactionSigningBytes,
  type Transaction,
} from '../../src/ledger/transaction.ts';
import { standInSignature } from '../consensus/stand-in.ts';
import { decodePeerMessage, kindOfBytes } from '../../src/driver/wire/wire.ts';
import { Cluster, proposal } from './cluster.ts';
import { storedAccount } from './stored-account.ts';
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

describe('an honest primary is not left for what was handed to some backups alone', () => {
  const BASE_TIMEOUT_MS = 2000;
  const LIAR = 3;
  const HONEST = [0, 1, 2];

  /** The liar's copies go to the targets, and it keeps to itself what it would pass on. */
  function make(weightPrice: string): Cluster {
    const cluster = new Cluster(4, (genesis) => {
      genesis.ledger['weightPrice'] = weightPrice;
    });
    const { baseTimeoutTicks, tickMs } = cluster.genesis.consensus;
    expect(baseTimeoutTicks * tickMs).toBe(BASE_TIMEOUT_MS);
    cluster.startAll();
    expect(cluster.until(() => cluster.heights().every((height) => height === 1), 2000)).toBe(true);
    return cluster;
  }

  const whisper = (cluster: Cluster, targets: readonly number[], transactions: readonly Uint8Array[]): void => {
    for (const to of targets) cluster.inject(LIAR, to, { kind: 'transactions', transactions });
  };

  /** One transaction of the second account after another, for this many base timeouts. */
  function load(cluster: Cluster, timeouts: number, nonce = 0): number {
    for (let i = 0; i < timeouts * 10; i++) {
      cluster.submit(i % 3, cluster.transfer(1, 2, nonce + i));
      cluster.run(BASE_TIMEOUT_MS / 10);
    }
    return nonce + timeouts * 10;
  }

  const areCommitted = (cluster: Cluster, ...transactions: readonly Uint8Array[]): boolean =>
    HONEST.every((index) => {
      const receipts = cluster.node(index).blocks.flatMap(({ record }) => record.receipts);
      const committed = new Set(receipts.map((receipt) => receipt.transactionId));
      return transactions.every((bytes) => committed.has(transactionId(bytes)));
    });

  function expectNobodyBlamed(cluster: Cluster): void {
    for (const index of HONEST) {
      const { view, active, mempool } = cluster.driver(index).status();
      expect({ index, view, active, size: mempool.size }).toEqual({ index, view: 0, active: true, size: 0 });
      expect(cluster.node(index).notes.filter(({ kind }) => kind === 'suspected')).toEqual([]);
    }
  }

  describe.each([
    ['one backup', [2]],
    ['two backups', [1, 2]],
  ])('to %s', (_, targets) => {
    test.each([
      ['idle', 0],
      ['under load', 6],
    ])('what its sender can no longer pay, %s', (_name, timeouts) => {
      const cluster = make('1');
      const fee = 2n;
      const { balance } = storedAccount(cluster.node(0).disk, present(cluster.accounts[0], 'account').address);
      const unpayable = cluster.transfer(0, 1, 1);
      whisper(cluster, targets, [unpayable]);
      cluster.run(500);
      expect(targets.map((index) => cluster.driver(index).isPending(transactionId(unpayable)))).toEqual(
        targets.map(() => true),
      );
      cluster.submit(0, cluster.transfer(0, 1, 0, balance - 2n * fee + 1n));
      load(cluster, timeouts);
      cluster.run(6 * BASE_TIMEOUT_MS);
      expectNobodyBlamed(cluster);
      for (const index of targets)
        expect(cluster.node(index).rejected).toEqual([{ id: transactionId(unpayable), code: 'INSUFFICIENT_BALANCE' }]);
    });

    test('more than they can tell it in good time', () => {
      const cluster = make('0');
      const many = Array.from({ length: 700 }, (_each, sender) => strangerTransaction(cluster, sender, 0));
      whisper(cluster, targets, many);
      load(cluster, 12);
      cluster.run(BASE_TIMEOUT_MS);
      expect(areCommitted(cluster, ...many)).toBe(true);
      expectNobodyBlamed(cluster);
    });

    test('what had to wait for another that came much later', () => {
      const cluster = make('0');
      const second = cluster.transfer(0, 1, 1);
      whisper(cluster, targets, [second]);
      const next = load(cluster, 4);
      cluster.submit(0, cluster.transfer(0, 1, 0));
      load(cluster, 4, next);
      cluster.run(BASE_TIMEOUT_MS);
      expect(areCommitted(cluster, second)).toBe(true);
      expectNobodyBlamed(cluster);
    });

    test('the twin of what the primary holds', () => {
      const cluster = make('0');
      const twin = cluster.transfer(0, 1, 1, 7n);
      whisper(cluster, targets, [twin]);
      whisper(cluster, [0], [cluster.transfer(0, 1, 1, 8n)]);
      const next = load(cluster, 4);
      cluster.submit(0, cluster.transfer(0, 1, 0));
      load(cluster, 4, next);
      cluster.run(BASE_TIMEOUT_MS);
      expectNobodyBlamed(cluster);
      for (const index of targets)
        expect(cluster.node(index).rejected).toEqual([{ id: transactionId(twin), code: 'NONCE_TOO_LOW' }]);
    });
  });

  test('nor by a backup that executes late what was made before', () => {
    const cluster = make('0');
    const late = 2;
    const isContent = (message: Uint8Array): boolean =>
      ['transactions', 'body', 'blocks'].includes(kindOfBytes(message) ?? '');
    cluster.link = (_from, to, message) => to !== late || !isContent(message);
    cluster.submit(0, cluster.transfer(1, 2, 0));
    // So that what is submitted at once is taken in at once, wherever it is.
    const sender = present(cluster.accounts[0], 'account').address;
    for (const { index } of cluster.nodes) cluster.driver(index).fetchAccount(sender, () => {});
    cluster.run(100);
    const own = cluster.transfer(0, 1, 0);
    cluster.submit(late, own);
    cluster.submit(1, cluster.transfer(1, 2, 1));
    for (let nonce = 2; nonce < 9; nonce++) {
      cluster.run(BASE_TIMEOUT_MS / 2);
      cluster.submit(0, cluster.transfer(1, 2, nonce));
    }
    expect(cluster.driver(late).status()).toMatchObject({ view: 0, executedHeight: 1, mempool: { size: 1 } });
    const [together] = cluster.node(0).blocks.filter(({ record }) => record.receipts.length > 1);
    expect(together?.record.receipts.map((receipt) => receipt.transactionId)).toContain(transactionId(own));
    // Of all that it lacks the oldest body comes first.
    cluster.link = (_from, to, message) => {
      if (to !== late || !isContent(message)) return true;
      const decoded = decodePeerMessage(message);
      return decoded.ok && decoded.value.kind === 'body' && decoded.value.height === 2;
    };
    expect(cluster.until(() => cluster.driver(late).status().executedHeight === 2, BASE_TIMEOUT_MS)).toBe(true);
    cluster.link = () => true;
    cluster.run(2 * BASE_TIMEOUT_MS);
    expect(areCommitted(cluster, own)).toBe(true);
    expectNobodyBlamed(cluster);
  });

  test('but a primary that leaves out what it was told of is left, whoever holds it', () => {
    const cluster = make('0');
    const wanted = cluster.transfer(0, 1, 0);
    // As if it ignored that one.
    cluster.link = (_from, to, message) => to !== 0 || !Buffer.from(message).includes(Buffer.from(wanted));
    cluster.submit(1, wanted);
    load(cluster, 6);
    cluster.link = () => true;
    expect(cluster.until(() => areCommitted(cluster, wanted), 3 * BASE_TIMEOUT_MS)).toBe(true);
    expect(cluster.driver(1).status().view).toBeGreaterThan(0);
  });
});

/** Nobody ever pays for it. */
function junkOf(cluster: Cluster, count: number, nonce: number, salt: number): Uint8Array[] {
  return Array.from({ length: count }, (_, position) => strangerTransaction(cluster, position, nonce, salt, 16));
}

/** Validly signed by somebody who has nothing. */
function strangerTransaction(cluster: Cluster, person: number, nonce: number, salt = 0, operations = 1): Uint8Array {
  const key = new Uint8Array(32).fill(7);
  key.set([person & 255, person >> 8, salt & 255]);
  const sender = toAddress(key);
  const transaction: Transaction = {
    chainId: cluster.genesis.chainId,
    sender,
    nonce,
    expiresAt: 0 as Height,
    maxFee: 0n,
    operations: Array.from({ length: operations }, () => ({ kind: 'transfer', to: sender, amount: 1n })),
    memo: new Uint8Array(),
  };
  return signedTransactionCodec.encode({
    transaction,
    signature: standInSignature(key, transactionSigningBytes(transaction)),
  });
}
