/** What peers are given in bulk: everything once at full speed, the same again at a bounded one. */
import { describe, expect, test } from 'vitest';
import type { Hash, Height } from '../../src/base/brand.ts';
import { present } from '../../src/base/invariant.ts';
import { fromHex } from '../../src/codec/hex.ts';
import type { BodyPool } from '../../src/driver/bodies/body-pool.ts';
import type { Chain } from '../../src/driver/durability/chain.ts';
import { Given } from '../../src/driver/fairness/given.ts';
import {
  BUDGET_BURST_US,
  BUDGET_US_PER_MS,
  GIVEN_GAPS_MAX,
  GIVEN_HOLD_MS,
  GIVEN_MAX,
  GIVEN_OLD_BYTES_MAX,
  REPEATED_BYTES_PER_S,
} from '../../src/driver/limits.ts';
import { Server } from '../../src/driver/sync/server.ts';
import { encodePeerMessage, type PeerMessage } from '../../src/driver/wire/wire.ts';
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

  test('no transaction that has not left after all, but one that left before', () => {
    const { given, again } = make();
    const [a, b] = ['a', 'b'].map((letter) => ({ id: hashOf(letter), bytes: new Uint8Array(7) }));
    const both = [present(a, 'a'), present(b, 'b')];
    given.transactions('x', both.slice(1));
    given.transactions('y', both);
    const first = given.transactions('x', both);
    expect([...first]).toEqual([hashOf('a')]);
    expect(again.splice(0)).toEqual([['x', 'transactions', 7]]);
    given.kept('x', both.slice(0, 1));
    given.transactions('x', both.slice(0, 1));
    expect(again).toEqual([]);
    given.transactions('y', both.slice(0, 1));
    given.transactions('x', both.slice(0, 1));
    expect(again.map(([peer]) => peer)).toEqual(['y', 'x']);
  });

  test('no transaction of an answer that our own pace did not let leave', () => {
    const { given, again } = make();
    const item = { id: hashOf('a'), bytes: new Uint8Array(7) };
    const sent: unknown[] = [];
    let isFull = true;
    const server = new Server(
      { read: () => undefined },
      {} as Chain,
      { get: () => ({ item }) } as never,
      {} as BodyPool,
      {
        message: (_, message, kept) => void (isFull ? kept?.() : sent.push(message)),
        encoded: () => undefined,
        later: () => (run) => run(),
        given,
      },
    );
    server.transactions('x', [item.id]);
    isFull = false;
    server.transactions('x', [item.id]);
    expect([sent.length, again]).toEqual([1, []]);
    server.transactions('x', [item.id]);
    expect([sent.length, again]).toEqual([2, [['x', 'transactions', 7]]]);
  });

  test('a body that it was given before, old or not', () => {
    const { given, again } = make();
    for (const [peer, letter, isOld] of [
      ['x', 'a', false],
      ['y', 'a', false],
      ['x', 'b', true],
      ['x', 'c', true],
    ] as const)
      given.body(peer, hashOf(letter), isOld, 100);
    expect(again).toEqual([]);
    given.body('x', hashOf('a'), false, 100);
    given.body('x', hashOf('b'), true, 50);
    expect(again).toEqual([
      ['x', 'sync', 100],
      ['x', 'sync', 50],
    ]);
  });

  test('any old body beyond a few: blocks are given instead', () => {
    const { given, again } = make();
    const part = GIVEN_OLD_BYTES_MAX / 4;
    const charged = (peer: string, letter: string) => {
      given.body(peer, hashOf(letter), true, part);
      return again.splice(0).length > 0;
    };
    expect('abcdef'.split('').map((letter) => charged('x', letter))).toEqual([false, false, false, false, true, true]);
    expect(charged('y', 'a')).toBe(false);
    for (let ms = 0; ms < GIVEN_HOLD_MS; ms += TICK_MS) given.tick();
    expect(charged('x', 'e')).toBe(false);
    expect(charged('x', 'a')).toBe(true);
  });

  test('no block that it was not given, below the highest too, but any range with one that it was', () => {
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
    expect(again.splice(0)).toEqual([['x', 'sync', 80]]);
    // From the gap that the third left.
    blocks(given, 'x', 81, 90);
    blocks(given, 'x', 71, 80);
    expect(again).toEqual([]);
    for (const [from, to] of [
      [80, 81],
      [90, 92],
      [91, 100],
      [71, 71],
    ] as const)
      blocks(given, 'x', from, to);
    expect(again).toEqual([
      ['x', 'sync', 20],
      ['x', 'sync', 30],
      ['x', 'sync', 100],
      ['x', 'sync', 10],
    ]);
  });

  test('any block of a gap that is forgotten, since there are many newer ones', () => {
    const { given, again } = make();
    for (let gap = 0; gap <= GIVEN_GAPS_MAX; gap++) blocks(given, 'x', 2 + 2 * gap, 2 + 2 * gap);
    blocks(given, 'x', 3, 3);
    expect(again).toEqual([]);
    blocks(given, 'x', 1, 1);
    expect(again).toHaveLength(1);
  });

  test('no block where it was given none for a while: its disk may be a new one', () => {
    const { given, again } = make();
    blocks(given, 'x', 1, 64);
    for (let ms = 0; ms < GIVEN_HOLD_MS - TICK_MS; ms += TICK_MS) given.tick();
    blocks(given, 'x', 1, 64);
    expect(again).toHaveLength(1);
    for (let ms = 0; ms < GIVEN_HOLD_MS; ms += TICK_MS) given.tick();
    blocks(given, 'x', 1, 64);
    blocks(given, 'x', 65, 128);
    expect(again).toHaveLength(1);
    blocks(given, 'x', 1, 64);
    expect(again).toHaveLength(2);
  });

  test('no block of a long chain before all of it could have been given again at the pace of what is', () => {
    const { given, again } = make();
    const hours = 3;
    const bytes = (hours * GIVEN_HOLD_MS * REPEATED_BYTES_PER_S) / 1000;
    const hour = () => {
      for (let ms = 0; ms < GIVEN_HOLD_MS; ms += TICK_MS) given.tick();
    };
    for (let part = 0; part < 10; part++) given.blocks('x', (1 + part) as Height, (1 + part) as Height, bytes / 10);
    for (let waited = 1; waited <= hours; waited++) {
      given.blocks('x', 1 as Height, 1 as Height, 5);
      expect(again.splice(0)).toEqual([['x', 'sync', 5]]);
      hour();
    }
    // What it was given again is not counted a second time.
    given.blocks('x', 1 as Height, 1 as Height, 5);
    expect(again).toEqual([]);
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
