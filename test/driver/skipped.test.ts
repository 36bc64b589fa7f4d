/** What execution skipped paid nothing: its bytes are forgotten when its block is final, and whoever follows needs none. */
import { describe, expect, test } from 'vitest';
import type { Height } from '../../src/base/brand.ts';
import { proveRange } from '../../src/driver/sync/proof.ts';
import { KEYS } from '../../src/driver/stored/records.ts';
import { kindOfBytes, type SyncBlock } from '../../src/driver/wire/wire.ts';
import { type FullBody, fullBodyCodec, hasAllTransactions, SKIPPED_BYTES } from '../../src/ledger/block.ts';
import { transactionId } from '../../src/ledger/transaction.ts';
import { authorityOf } from '../consensus/kit.ts';
import { Cluster, proposal } from './cluster.ts';

const PRIMARY = 0;

/** A chain whose second block has one transaction that was executed, and two that were skipped. Only the nodes of `told` get the
 *  transactions, and nothing comes from the primary but what is injected. */
function withSkipped(told: readonly number[], change: (cluster: Cluster) => void = () => {}) {
  const cluster = new Cluster(4);
  cluster.startAll();
  expect(cluster.until(() => cluster.heights().every((height) => height === 1), 2000)).toBe(true);
  change(cluster);
  const some = [cluster.transfer(0, 1, 7), cluster.transfer(0, 1, 0), cluster.transfer(0, 1, 9)];
  const message = proposal(cluster, PRIMARY, 0, 2, { transactionIds: some.map((bytes) => transactionId(bytes)) });
  for (const to of [0, 1, 2, 3]) cluster.inject(to === PRIMARY ? 1 : PRIMARY, to, message);
  for (const to of told) cluster.inject(to === PRIMARY ? 1 : PRIMARY, to, { kind: 'transactions', transactions: some });
  return { cluster, some };
}

/** What the node stored as the body of its second block. */
function stored(cluster: Cluster, index: number): { readonly bytes: Uint8Array; readonly fullBody: FullBody } {
  const { header } = cluster.node(index).blocks[1]!.record;
  let found: Uint8Array | undefined;
  cluster.node(index).disk.read([KEYS.body(header.height, header.bodyHash)], ([bytes]) => {
    found = bytes;
  });
  cluster.run(1);
  const decoded = fullBodyCodec.decode(found!);
  if (!decoded.ok) throw new Error(decoded.error.message);
  return { bytes: found!, fullBody: decoded.value };
}

const faults = (cluster: Cluster) =>
  cluster.nodes.flatMap(({ punished, halted }) => [...punished.map(({ code }) => code), ...halted.map(String)]);
const isEverywhere = (cluster: Cluster, height: number) => () =>
  cluster.heights().every((each) => (each ?? 0) >= height);

test('a final block is stored with what was executed, and without what was skipped', () => {
  const { cluster, some } = withSkipped([1, 2, 3]);
  expect(cluster.until(isEverywhere(cluster, 2), 2000)).toBe(true);
  cluster.run(50);
  for (const index of [1, 2, 3]) {
    const { fullBody, bytes } = stored(cluster, index);
    expect(fullBody.transactions).toEqual([SKIPPED_BYTES, some[1], SKIPPED_BYTES]);
    expect(hasAllTransactions(bytes)).toBe(false);
  }
});

test('a node that was away follows without what was skipped, and helps the next one', () => {
  const { cluster } = withSkipped([1, 2, 3], (each) => {
    each.link = (from, to) => from !== 0 && to !== 0;
  });
  expect(cluster.until(() => [1, 2, 3].every((i) => cluster.driver(i).status().finalHeight >= 2), 2000)).toBe(true);
  cluster.run(50);
  cluster.crash(0);
  cluster.crash(3);
  cluster.crash(1);
  cluster.start(0);
  cluster.start(1);
  cluster.link = () => true;
  expect(cluster.until(() => [0, 1, 2].every((i) => (cluster.heights()[i] ?? 0) >= 2), 4000)).toBe(true);
  cluster.run(50);
  expect(hasAllTransactions(stored(cluster, 0).bytes)).toBe(false);
  cluster.start(3);
  for (let nonce = 1; nonce < 4; nonce++) {
    cluster.submit(0, cluster.transfer(0, 1, nonce));
    cluster.run(200);
  }
  expect(cluster.until(isEverywhere(cluster, 4), 4000)).toBe(true);
  expect(faults(cluster)).toEqual([]);
});

test.each([
  ['', () => true],
  // A liar's, without which there is no quorum.
  [', though a CHECKPOINT never comes', (message: Uint8Array) => message[0] !== 0 || message[1] !== 3],
])('a node that ordered the block and never got its transactions fetches the block%s', (_, mayCome) => {
  const isTransactions = (message: Uint8Array): boolean => message[0] === 5;
  const { cluster } = withSkipped([0, 1, 2], (each) => {
    each.link = (from, to, message) => to !== 3 || (!isTransactions(message) && (from !== 2 || mayCome(message)));
  });
  expect(cluster.until(() => [0, 1, 2].some((i) => (cluster.heights()[i] ?? 0) >= 2), 2000)).toBe(true);
  expect(cluster.heights()[3]).toBe(1);
  expect(cluster.until(() => (cluster.heights()[3] ?? 0) >= 2, 2000)).toBe(true);
  expect(faults(cluster)).toEqual([]);
});

test('nodes that have the certificate of such a block and lack the block do not ask each other for it', () => {
  const [lacking, n] = [[5, 6], 7];
  const cluster = new Cluster(n);
  cluster.startAll();
  expect(cluster.until(isEverywhere(cluster, 1), 4000)).toBe(true);
  let isCut = false;
  let questions = 0;
  cluster.link = (from, to, message) => {
    const [fromLacking, toLacking] = [lacking.includes(from), lacking.includes(to)];
    const kind = kindOfBytes(message);
    if (toLacking && kind === 'transactions') return false;
    if (fromLacking && toLacking && kind === 'fetch-blocks') questions += 1;
    return !isCut || fromLacking === toLacking;
  };
  const some = [cluster.transfer(0, 1, 7), cluster.transfer(0, 1, 0)];
  const message = proposal(cluster, PRIMARY, 0, 2, { transactionIds: some.map((bytes) => transactionId(bytes)) });
  for (let to = 0; to < n; to++) {
    cluster.inject(to === PRIMARY ? 1 : PRIMARY, to, message);
    if (!lacking.includes(to))
      cluster.inject(to === PRIMARY ? 1 : PRIMARY, to, { kind: 'transactions', transactions: some });
  }
  cluster.run(50);
  isCut = true;
  cluster.run(5000);
  expect(lacking.map((i) => cluster.driver(i).status().finalHeight)).toEqual([1, 1]);
  expect(questions).toBe(0);
  isCut = false;
  expect(cluster.until(isEverywhere(cluster, 2), 10_000)).toBe(true);
  expect(faults(cluster)).toEqual([]);
});

describe('blocks of a peer that left out', () => {
  const { cluster } = withSkipped([1, 2, 3]);
  cluster.until(isEverywhere(cluster, 2), 2000);
  cluster.run(50);
  const blocks = cluster
    .node(1)
    .blocks.slice(0, 2)
    .map(({ record: { header }, body, certificate }): SyncBlock => ({ header, fullBody: body, certificate }));
  const { genesis } = cluster;
  const authority = authorityOf({
    chainId: genesis.chainId,
    epoch: 0 as never,
    validators: genesis.validators,
    self: null,
    firstHeight: 1 as Height,
    lastHeight: 1000 as Height,
    window: 16,
    baseTimeoutTicks: 1,
    timeoutCapTicks: 1,
    sign: () => new Uint8Array(64),
  });

  test.each([
    ['nothing', [], 'ok'],
    ['what was skipped', [0, 2], 'ok'],
    ['some of what was skipped', [0], 'SYNC_BODY'],
    ['what was executed', [1], 'SYNC_BODY'],
    ['everything', [0, 1, 2], 'SYNC_BODY'],
  ])('%s: %j is %s', (_, positions, code) => {
    const [first, second] = blocks as [SyncBlock, SyncBlock];
    const transactions = second.fullBody.transactions.map((bytes, i) =>
      positions.includes(i) ? SKIPPED_BYTES : bytes,
    );
    const genesisBlock = { height: 0 as Height, hash: first.header.parentHash };
    const given = [first, { ...second, fullBody: { ...second.fullBody, transactions } }];
    const proved = proveRange(authority, genesisBlock, given);
    expect(proved.ok ? 'ok' : proved.error.code).toBe(code);
    if (proved.ok)
      expect(proved.value.blocks[1]?.transactions.map((each) => each === null)).toEqual(
        [0, 1, 2].map((i) => positions.includes(i)),
      );
  });
});
