/** What peers are given in bulk: everything once at full speed, the same again at a bounded one. */
import { describe, expect, test } from 'vitest';
import type { Hash, Height } from '../../src/base/brand.ts';
import { present } from '../../src/base/invariant.ts';
import { fromHex } from '../../src/codec/hex.ts';
import { Given } from '../../src/driver/given.ts';
import {
  BUDGET_BURST_US,
  BUDGET_US_PER_MS,
  GIVEN_BLOCKS_HOLD_MS,
  GIVEN_MAX,
  REPEATED_BYTES_PER_S,
} from '../../src/driver/limits.ts';
import { encodePeerMessage, type PeerMessage } from '../../src/driver/wire.ts';
import { MEMO_BYTES_MAX } from '../../src/ledger/limits.ts';
import { signedTransactionCodec, transactionId, transactionSigningBytes } from '../../src/ledger/transaction.ts';
import { standInSignature } from '../consensus/stand-in.ts';
import { hashOf, transfer } from '../ledger/network.ts';
import { Cluster, SimulatedDisk } from './cluster.ts';

const TICK_MS = 50;
const MIB = 1024 * 1024;

describe('of what a peer is given, is given again', () => {
  function make() {
    const again: (readonly [string, string, number])[] = [];
    const given = new Given({ tickMs: TICK_MS, again: (...each) => again.push(each) });
    return { given, again };
  }
  const blocks = (given: Given, peer: string, from: number, to: number) =>
    given.blocks(peer, from as Height, to as Height, 10 * (to - from + 1));

  test('a transaction that it was given before, each peer for itself', () => {
    const { given, again } = make();
    const [a, b] = ['a', 'b'].map((letter) => ({ id: hashOf(letter), bytes: new Uint8Array(7) }));
    const both = [present(a, 'a'), present(b, 'b')];
    given.transactions('x', both.slice(1));
    given.transactions('y', both);
    given.transactions('x', both);
    given.transactions('x', both);
    expect(again).toEqual([
      ['x', 'transactions', 7],
      ['x', 'transactions', 14],
    ]);
  });

  test('one that stands twice in one question', () => {
    const { given, again } = make();
    given.transactions(
      'x',
      [1, 2, 3].map(() => ({ id: hashOf('a'), bytes: new Uint8Array(7) })),
    );
    expect(again).toEqual([['x', 'transactions', 14]]);
  });

  test('a body that it was given before, and any that is old: blocks are given instead', () => {
    const { given, again } = make();
    given.body('x', hashOf('a'), false, 100);
    given.body('y', hashOf('a'), false, 100);
    expect(again).toEqual([]);
    given.body('x', hashOf('a'), false, 100);
    given.body('x', hashOf('b'), true, 50);
    expect(again).toEqual([
      ['x', 'sync', 100],
      ['x', 'sync', 50],
    ]);
  });

  test('no block above all that it was given, but any range that begins below', () => {
    const { given, again } = make();
    for (const [from, to] of [
      [1, 64],
      [65, 70],
      [100, 163],
    ] as const)
      blocks(given, 'x', from, to);
    blocks(given, 'y', 1, 64);
    expect(again).toEqual([]);
    blocks(given, 'x', 163, 170);
    blocks(given, 'x', 71, 99);
    expect(again).toEqual([
      ['x', 'sync', 80],
      ['x', 'sync', 290],
    ]);
  });

  test('no block where it was given none for a while: its disk may be a new one', () => {
    const { given, again } = make();
    blocks(given, 'x', 1, 64);
    for (let ms = 0; ms < GIVEN_BLOCKS_HOLD_MS - TICK_MS; ms += TICK_MS) given.tick();
    blocks(given, 'x', 1, 64);
    expect(again).toHaveLength(1);
    for (let ms = 0; ms < GIVEN_BLOCKS_HOLD_MS; ms += TICK_MS) given.tick();
    blocks(given, 'x', 1, 64);
    blocks(given, 'x', 65, 128);
    expect(again).toHaveLength(1);
    blocks(given, 'x', 1, 64);
    expect(again).toHaveLength(2);
  });

  test('what is remembered is bounded', () => {
    const { given } = make();
    const id = (i: number) => i.toString(16).padStart(64, '0') as Hash;
    for (let i = 0; i <= GIVEN_MAX; i++) given.body('x', id(i), false, 1);
    expect(given.size).toBe(GIVEN_MAX);
  });
});

/** The node that is asked, and who asks it. */
const NODE = 1;
const ASKS = 3;

/** One of a sender's transactions, as long as they get. */
function signed({ genesis: { chainId }, accounts }: Cluster, account: number, nonce: number): Uint8Array {
  const sender = present(accounts[account], 'an account').address;
  const memo = new Uint8Array(MEMO_BYTES_MAX);
  const fields = { chainId, sender, nonce, expiresAt: 0 as Height, maxFee: 1_000_000n, memo };
  const transaction = { ...fields, operations: [transfer(sender, 1n)] };
  const signature = standInSignature(fromHex(sender), transactionSigningBytes(transaction));
  return signedTransactionCodec.encode({ transaction, signature });
}

/** A chain with so many transactions, and transactions at a node that wait for one before them. */
function loaded(count: number): Cluster {
  const cluster = new Cluster(4);
  cluster.startAll();
  cluster.run(100);
  const senders = cluster.accounts.length;
  const each = 100;
  for (let nonce = 0; nonce * senders < count; nonce += each) {
    for (let account = 0; account < senders; account++)
      for (let i = 0; i < each; i++) cluster.submit(0, signed(cluster, account, nonce + i));
    const isDone = () => cluster.nodes.every(({ driver }) => driver?.status().mempool.size === 0);
    cluster.run(TICK_MS);
    expect(cluster.until(isDone, 10_000)).toBe(true);
  }
  cluster.run(1000);
  return cluster;
}

const noted = (cluster: Cluster, about: number): string[] =>
  cluster.nodes.flatMap(({ notes }) =>
    notes.flatMap((note) =>
      note.kind === 'misbehaviour' && note.peer === cluster.node(about).peerId ? [note.code] : [],
    ),
  );

const largest = (cluster: Cluster) =>
  present(
    cluster.node(NODE).blocks.toSorted((a, b) => b.body.transactions.length - a.body.transactions.length)[0],
    'a block',
  );

describe('a peer that asks again and again', () => {
  const SECONDS = 8;

  test.each<readonly [string, 'sync' | 'transactions', (cluster: Cluster) => PeerMessage]>([
    [
      'for one body',
      'sync',
      (cluster) => {
        const { height, bodyHash: hash } = largest(cluster).record.header;
        return { kind: 'fetch-body', height, hash };
      },
    ],
    ['for one range of blocks', 'sync', () => ({ kind: 'fetch-blocks', from: 1 as Height, count: 64 })],
    [
      'for transactions that wait',
      'transactions',
      (cluster) => {
        const waiting = Array.from({ length: 200 }, (_, i) => signed(cluster, 0, 102 + i));
        for (const bytes of waiting) cluster.submit(NODE, bytes);
        return { kind: 'fetch-transactions', ids: waiting.map(transactionId) };
      },
    ],
  ])(
    '%s gets no more than a stated number of bytes a second, and is named',
    (_, lane, make) => {
      const cluster = loaded(1000);
      const question = encodePeerMessage(make(cluster));
      cluster.run(TICK_MS);
      let bytes = 0;
      let longest = 0;
      cluster.link = (from, to, message) => {
        if (from === NODE && to === ASKS) {
          bytes += message.length;
          longest = Math.max(longest, message.length);
        }
        return true;
      };
      const { peerId } = cluster.node(ASKS);
      for (let ms = 0; ms < 1000 * SECONDS; ms += TICK_MS) {
        for (let i = 0; i < 100; i++) cluster.driver(NODE).receive(peerId, question);
        cluster.run(TICK_MS);
      }
      const burst = (REPEATED_BYTES_PER_S * (BUDGET_BURST_US / 3)) / (1000 * BUDGET_US_PER_MS[lane]);
      expect(longest).toBeGreaterThan(50_000);
      // Not without answers, either. What is not in bulk is little.
      expect(bytes).toBeGreaterThan(0.5 * SECONDS * REPEATED_BYTES_PER_S);
      expect(bytes).toBeLessThan(burst + SECONDS * REPEATED_BYTES_PER_S + 2 * longest + 100_000);
      expect(noted(cluster, ASKS)).toContain('THROTTLED');
    },
    60_000,
  );
});

test('a newcomer gets a whole chain of one peer as fast as ever, and nobody is named', () => {
  const cluster = loaded(20_000);
  const height = present(cluster.heights()[NODE], 'a height');
  cluster.crash(ASKS);
  Object.assign(cluster.node(ASKS), { disk: new SimulatedDisk(cluster.scheduler) });
  let bytes = 0;
  cluster.link = (from, to, message) => {
    if (to === ASKS) bytes += message.length;
    return from !== ASKS && to !== ASKS ? true : from === NODE || to === NODE;
  };
  const fromMs = cluster.scheduler.nowMs;
  cluster.start(ASKS);
  expect(cluster.until(() => (cluster.heights()[ASKS] ?? 0) >= height, 60_000)).toBe(true);
  // Nothing here takes time but questions and answers.
  expect(bytes).toBeGreaterThan(8 * MIB);
  expect(cluster.scheduler.nowMs - fromMs).toBeLessThan(1500);
  expect(noted(cluster, ASKS)).toEqual([]);
}, 120_000);
