/** What one lying validator tries against honest drivers: each of these once worked. */
import { describe, expect, test } from 'vitest';
import { transactionId } from '../../src/ledger/transaction.ts';
import { Cluster, proposal } from './cluster.ts';

const BASE_TIMEOUT_MS = 2000;

/** Four nodes with their first block final everywhere. */
function running(): Cluster {
  const cluster = new Cluster(4);
  cluster.startAll();
  expect(cluster.until(() => cluster.heights().every((height) => height === 1), BASE_TIMEOUT_MS)).toBe(true);
  return cluster;
}

const committed = (cluster: Cluster, index: number, bytes: Uint8Array): boolean =>
  cluster
    .node(index)
    .blocks.some(({ record }) => record.receipts.some(({ transactionId: id }) => id === transactionId(bytes)));

const viewChanges = (cluster: Cluster): number =>
  cluster.nodes.reduce((sum, { notes }) => sum + notes.filter(({ kind }) => kind === 'view-entered').length, 0);

describe('bodies of no use', () => {
  test('proposed in views that are not the current one do not keep out those of the primary', () => {
    const cluster = running();
    for (const to of [0, 1, 2])
      for (let height = 2; height <= 17; height++)
        for (let timestampMs = 1; timestampMs <= 8; timestampMs++)
          cluster.inject(3, to, proposal(cluster, 3, 3, height, { timestampMs }));
    cluster.run(100);
    const transfer = cluster.transfer(0, 1, 0);
    cluster.submit(1, transfer);
    expect(cluster.until(() => committed(cluster, 2, transfer), BASE_TIMEOUT_MS)).toBe(true);
    expect(viewChanges(cluster)).toBe(0);
  });

  test('proposed by the primary in many versions do not keep out those of its successor', () => {
    const cluster = running();
    for (const to of [1, 2, 3])
      for (let timestampMs = 1; timestampMs <= 12; timestampMs++)
        cluster.inject(0, to, proposal(cluster, 0, 0, 2, { timestampMs }));
    cluster.run(5);
    cluster.crash(0);
    const transfer = cluster.transfer(0, 1, 0);
    cluster.submit(1, transfer);
    expect(cluster.until(() => committed(cluster, 2, transfer), 2 * BASE_TIMEOUT_MS)).toBe(true);
  });

  test('beyond a gap do not lock their transactions out of the next view', () => {
    const cluster = running();
    const transfer = cluster.transfer(0, 1, 0);
    for (const to of [1, 2, 3])
      cluster.inject(0, to, proposal(cluster, 0, 0, 3, { transactionIds: [transactionId(transfer)] }));
    cluster.run(5);
    cluster.crash(0);
    cluster.submit(1, transfer);
    expect(cluster.until(() => committed(cluster, 2, transfer), 2 * BASE_TIMEOUT_MS)).toBe(true);
  });
});

test('a primary cannot make others forget a transaction by ordering it before its predecessor', () => {
  const cluster = running();
  const [first, second] = [cluster.transfer(0, 1, 0), cluster.transfer(0, 1, 1)];
  cluster.link = (_, to) => to !== 0;
  const answers = cluster.submit(1, second);
  cluster.run(10);
  cluster.link = () => true;
  for (const to of [1, 2, 3])
    cluster.inject(0, to, proposal(cluster, 0, 0, 2, { transactionIds: [transactionId(second)] }));
  expect(cluster.until(() => [1, 2, 3].every((i) => cluster.driver(i).status().finalHeight >= 2), 2000)).toBe(true);
  expect(answers).toEqual([{ id: transactionId(second), status: 'pending' }]);
  expect(cluster.node(1).rejected).toEqual([]);
  cluster.submit(1, first);
  expect(cluster.until(() => committed(cluster, 2, first) && committed(cluster, 2, second), BASE_TIMEOUT_MS)).toBe(
    true,
  );
});

test('a transaction sent to some backups only reaches the primary before it is suspected', () => {
  for (let ms = 0; ms < 1000; ms += 125) {
    const cluster = running();
    cluster.run(ms);
    const transfer = cluster.transfer(0, 1, 0);
    for (const to of [1, 2]) cluster.inject(3, to, { kind: 'transactions', transactions: [transfer] });
    expect(cluster.until(() => committed(cluster, 0, transfer), 2 * BASE_TIMEOUT_MS)).toBe(true);
    expect([ms, viewChanges(cluster)]).toEqual([ms, 0]);
  }
});

describe('the last certificate of an epoch', () => {
  const isCheckpoint = (message: Uint8Array): boolean => message[0] === 0 && message[1] === 3;

  test.each([[[3]], [[2, 3]], [[4]]])('missed by %j (4 is an observer) is made up for', (missing) => {
    const small = { epochLength: 3, idleBlockMs: 100 };
    const cluster = new Cluster(4, ({ consensus }) => Object.assign(consensus, small), 1);
    cluster.startAll();
    expect(cluster.until(() => cluster.heights().every((height) => (height ?? 0) >= 2), 5000)).toBe(true);
    cluster.link = (_, to, message) => !(missing.includes(to) && isCheckpoint(message));
    cluster.run(2 * BASE_TIMEOUT_MS);
    const before = Math.max(...cluster.heights().map((height) => height ?? 0));
    cluster.link = () => true;
    const all = () => cluster.heights().every((height) => (height ?? 0) >= before + 3);
    expect(cluster.until(all, 4 * BASE_TIMEOUT_MS)).toBe(true);
    expect(cluster.nodes.flatMap(({ halted }) => halted)).toEqual([]);
    expect(cluster.nodes.flatMap(({ punished }) => punished)).toEqual([]);
  });
});

describe('a peer that is gone', () => {
  test('does not come back with a message that was still under way', () => {
    const cluster = running();
    cluster.crash(3);
    cluster.run(50);
    const { driver } = cluster.node(0);
    expect(driver?.status().peers.size).toBe(2);
    const { peers } = cluster.driver(1).status();
    const status = [...peers.values()].find((each) => each !== null);
    if (status === undefined || status === null) throw new Error('no STATUS yet');
    cluster.inject(3, 0, { kind: 'status', status });
    cluster.run(50);
    expect(driver?.status().peers.size).toBe(2);
  });
});
