/** Many who make accounts for nothing keep nobody else waiting, and no primary is left because of them. */
import { expect, test } from 'vitest';
import { formatAddress } from '../../src/crypto/address.ts';
import { newInBlockMax } from '../../src/ledger/growth.ts';
import { OPERATIONS_MAX } from '../../src/ledger/limits.ts';
import { transactionId } from '../../src/ledger/transaction.ts';
import { stranger, transfer } from '../ledger/network.ts';
import { Cluster } from './cluster.ts';
import { addressOf, signedBy } from './people.ts';

const range = (count: number): number[] => Array.from({ length: count }, (_, i) => i);
const CROWD = 100;
/** Transactions of each of them: together as many as fill seventy blocks by what they make, and twenty by what they weigh. */
const EACH = 4;
/** Somebody who is not of the crowd. */
const HONEST = 1_000_000;
/** So that transactions of sixteen operations fill a block, and leave no room for a small one. */
const BLOCK_WEIGHT = 24 * 17;
const BASE_TIMEOUT_MS = 10;

/** Blocks are small, and views so short that the crowd's transactions wait for many of them. */
function town(): Cluster {
  const cluster = new Cluster(4, ({ ledger, consensus, accounts }) => {
    Object.assign(ledger, { blockWeightMax: BLOCK_WEIGHT, newEntriesMax: 256 });
    Object.assign(consensus, { tickMs: 5, baseTimeoutTicks: BASE_TIMEOUT_MS / 5 });
    for (const person of [...range(CROWD), HONEST])
      accounts.push({ address: formatAddress(addressOf(person), 'tre'), balance: '1000' });
  });
  cluster.startAll();
  expect(cluster.until(() => cluster.heights().every((height) => height === 1), 2000)).toBe(true);
  return cluster;
}

/** Of one of the crowd: it pays people whom nobody knows. */
const making = (cluster: Cluster, person: number, nonce: number): Uint8Array =>
  signedBy(person, cluster, {
    nonce,
    operations: range(OPERATIONS_MAX).map((i) =>
      transfer(stranger(1 + OPERATIONS_MAX * ((EACH + 1) * person + nonce) + i), 1n),
    ),
  });

/** All that the crowd sends, from this nonce on. */
const floodOf = (cluster: Cluster, from = 0): readonly Uint8Array[] =>
  range(EACH).flatMap((nonce) => range(CROWD).map((person) => making(cluster, person, from + nonce)));

const blocksOf = (cluster: Cluster, index = 0) => cluster.node(index).blocks.map(({ record }) => record);
const heightOf = (cluster: Cluster, bytes: Uint8Array): number | undefined =>
  blocksOf(cluster).find(({ receipts }) => receipts.some((each) => each.transactionId === transactionId(bytes)))?.header
    .height;

test('all that they make is made in the end, no more in a block than there may be, and no primary is blamed', () => {
  const cluster = town();
  const flood = floodOf(cluster);
  for (const bytes of flood) cluster.submit(1, bytes);
  const startMs = cluster.scheduler.nowMs;
  const receipts = () => blocksOf(cluster).flatMap((record) => record.receipts);
  expect(cluster.until(() => receipts().length === flood.length, 100 * BASE_TIMEOUT_MS)).toBe(true);
  // So long that waiting would be held against a primary that leaves out what has room.
  expect(cluster.scheduler.nowMs - startMs).toBeGreaterThan(4 * BASE_TIMEOUT_MS);
  expect(new Set(receipts().map(({ code }) => code))).toEqual(new Set(['OK']));
  const made = blocksOf(cluster).map((record) => OPERATIONS_MAX * record.receipts.length);
  expect(Math.max(...made)).toBeLessThanOrEqual(newInBlockMax(cluster.genesis.ledger));
  for (const { index, notes } of cluster.nodes) {
    expect(notes.filter(({ kind }) => kind === 'suspected')).toEqual([]);
    expect(cluster.driver(index).status()).toMatchObject({ view: 0, mempool: { size: 0 } });
  }
});

test('who did nothing lately is served at once, though it makes an account too', () => {
  const cluster = town();
  // Each of the crowd has done something by then.
  for (const person of range(CROWD)) cluster.submit(1, signedBy(person, cluster));
  cluster.run(5);
  expect(cluster.until(() => cluster.driver(0).status().mempool.size === 0, 1000)).toBe(true);
  for (const bytes of floodOf(cluster, 1)) cluster.submit(1, bytes);
  const before = cluster.driver(0).status().executedHeight;
  expect(cluster.until(() => cluster.driver(0).status().executedHeight > before, 1000)).toBe(true);
  const bytes = signedBy(HONEST, cluster, { operations: [transfer(stranger(7_000_000), 1n)] });
  const sent = cluster.driver(0).status().executedHeight;
  cluster.submit(2, bytes);
  expect(cluster.until(() => heightOf(cluster, bytes) !== undefined, 100 * BASE_TIMEOUT_MS)).toBe(true);
  // The crowd fills seventeen. Some are in flight already, or made before the primary hears of it.
  expect(heightOf(cluster, bytes)! - sent).toBeLessThanOrEqual(8);
});
