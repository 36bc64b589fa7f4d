/** Whom a node asks for what a body lacks, when, and how many at a time. */
import { describe, expect, test } from 'vitest';
import type { Hash, Height } from '../../src/base/brand.ts';
import { Fetching, type Want } from '../../src/driver/bodies/fetching.ts';
import { transactionId } from '../../src/ledger/transaction.ts';
import { Random } from '../../src/base/random.ts';
import { hashOf } from '../ledger/network.ts';
import { Cluster } from './cluster.ts';

const PEERS = ['a', 'b', 'c', 'd', 'e', 'f'];

/** Asks in each of so many ticks, and lists whom it asked for what in which. */
function asked(ticks: number, ids: readonly Hash[] | null, holders: readonly string[], peers = PEERS): string[] {
  const sent: string[] = [];
  let now = 0;
  const fetching = new Fetching({
    roster: { peers: () => peers },
    outbox: { sendTo: (to, { kind }) => sent.push(`${now} ${kind === 'fetch-body' ? 'body' : 'ids'} ${to}`) },
  });
  const want: Want = { height: 2 as Height, hash: hashOf('a'), ids: () => ids, holders: () => holders };
  for (; now < ticks; now++) fetching.pursue([want], now);
  return sent;
}

describe('what is missing is asked for', () => {
  const few = [hashOf('1'), hashOf('2')];
  const many = Array.from({ length: 129 }, (_, i) => i.toString(16).padStart(64, '0') as Hash);

  test('at once from who must have it, where it is little; then from others, several at a time', () => {
    expect(asked(7, few, ['d', 'b'])).toEqual(['0 ids d', '2 ids b', '2 ids a', '6 body d']);
  });

  test('two ticks later, where it is much, or the body: it is usually on its way', () => {
    expect(asked(3, many, ['d'])).toEqual(['2 ids d']);
    expect(asked(3, null, ['d'])).toEqual(['2 body d']);
  });

  test('not from who is not connected, and from everybody again when all were asked', () => {
    expect(asked(11, few, ['x', 'b'], ['a', 'b', 'c'])).toEqual([
      '0 ids b',
      '2 ids a',
      '2 ids c',
      '6 body b',
      '10 ids b',
      '10 ids a',
      '10 ids c',
    ]);
  });

  test('of no more than three at a time, two for a body, however long it takes', () => {
    const rounds = new Map<string, number>();
    for (const line of asked(400, few, [])) {
      const round = line.slice(0, line.lastIndexOf(' '));
      rounds.set(round, (rounds.get(round) ?? 0) + 1);
    }
    const most = (kind: string) => Math.max(...[...rounds].flatMap(([round, n]) => (round.endsWith(kind) ? [n] : [])));
    expect([most('ids'), most('body'), rounds.size]).toEqual([3, 2, 101]);
  });

  // Who executed a body has it whole, and its transactions no more. All f liars may stand before the first of those.
  test.each([
    [4, 1, 14],
    [7, 2, 14],
    [10, 3, 22],
    [16, 5, 30],
  ])(
    'a body of everybody: with %i validators the one after %i liars is asked for it within %i ticks',
    (n, f, ticks) => {
      const peers = Array.from({ length: n - 1 }, (_, i) => String(i));
      const bodies = asked(200, few, peers, peers).flatMap((line) => {
        const [tick, kind, peer] = line.split(' ');
        return kind === 'body' ? [{ tick: Number(tick), peer }] : [];
      });
      const first = peers.map((peer) => bodies.find((each) => each.peer === peer)?.tick);
      expect(first).not.toContain(undefined);
      expect(first.slice(0, f + 1).every((tick) => (tick ?? ticks + 1) <= ticks)).toBe(true);
    },
  );
});

test('transactions that a liar gives to the primary alone delay a block by one round trip, whoever connected first', () => {
  const n = 10;
  const liar = n - 1;
  const cluster = new Cluster(n);
  cluster.startAll();
  expect(cluster.until(() => cluster.heights().every((height) => height === 1), 4000)).toBe(true);
  const pairs = cluster.nodes.flatMap((a) => cluster.nodes.filter((b) => a !== b).map((b) => [a, b] as const));
  for (const [a, b] of new Random(1).shuffled(pairs)) {
    a.driver?.peerDisconnected(b.peerId);
    a.driver?.peerConnected(b.peerId);
  }
  cluster.run(1000);
  const { primary } = cluster.driver(1).status();
  for (let nonce = 0; nonce < 5; nonce++) {
    const transaction = cluster.transfer(0, 1, nonce);
    cluster.inject(liar, primary, { kind: 'transactions', transactions: [transaction] });
    const isFinal = (): boolean =>
      cluster
        .node(1)
        .blocks.some(({ record }) => record.receipts.some((each) => each.transactionId === transactionId(transaction)));
    // Three steps of the protocol, one round trip, and the disks: less than a tick.
    expect(cluster.until(isFinal, 25)).toBe(true);
  }
  expect(cluster.nodes.flatMap(({ punished }) => punished)).toEqual([]);
});
