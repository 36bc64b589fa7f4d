/** Floods of what breaks no rule, and honest load that looks like one. */
import { describe, expect, test } from 'vitest';
import type { Hash, Height, View } from '../../src/base/brand.ts';
import { present } from '../../src/base/invariant.ts';
import { BUDGET_BURST_US } from '../../src/driver/limits.ts';
import { priceOfMessage } from '../../src/driver/fairness/prices.ts';
import { encodePeerMessage, type PeerMessage } from '../../src/driver/wire/wire.ts';
import { MEMO_BYTES_MAX } from '../../src/ledger/limits.ts';
import { Cluster, proposal } from './cluster.ts';
import { pay, signedBy } from './people.ts';

/** The node that is flooded, and the validator that floods it. */
const NODE = 1;
const LIAR = 3;
const TICK_MS = 50;

const range = (from: number, count: number): number[] => Array.from({ length: count }, (_, i) => from + i);
const ids = (count: number): Hash[] => range(0, count).map((i) => i.toString(16).padStart(64, '0') as Hash);

/** These people were paid by the genesis. */
function running(people: readonly number[] = []): Cluster {
  const cluster = new Cluster(4, pay(people));
  cluster.startAll();
  cluster.run(100);
  cluster.submit(0, cluster.transfer(0, 1, 0));
  expect(cluster.until(() => cluster.heights().every((height) => (height ?? 0) >= 2), 5000)).toBe(true);
  return cluster;
}

const bundle = (transactions: readonly Uint8Array[]): PeerMessage => ({ kind: 'transactions', transactions });

/** Codes of what the node noted against the liar. */
const noted = (cluster: Cluster): string[] => [
  ...new Set(
    cluster
      .node(NODE)
      .notes.flatMap((note) =>
        note.kind === 'misbehaviour' && note.peer === cluster.node(LIAR).peerId ? [note.code] : [],
      ),
  ),
];

const punished = (cluster: Cluster): (readonly [number, string])[] =>
  cluster.nodes.flatMap(({ index, punished: all }) => all.map(({ code }) => [index, code] as const));

describe('a flood of', () => {
  const FLOODS: readonly (readonly [string, number, (cluster: Cluster) => PeerMessage])[] = [
    [
      // The answer is made once: what is left to pay for is its way.
      'questions for a body',
      1500,
      (c) => {
        const { height, bodyHash } = present(c.node(NODE).blocks.at(-1), 'a block').record.header;
        return { kind: 'fetch-body', height, hash: bodyHash };
      },
    ],
    ['questions for transactions that nobody has', 50, () => ({ kind: 'fetch-transactions', ids: ids(4096) })],
    [
      'expired transactions',
      20,
      (c) => bundle(range(0, 2048).map((person) => signedBy(person, c, { expiresAt: 1 as Height }))),
    ],
    [
      'transactions far ahead of their nonces',
      20,
      (c) => bundle(range(0, 2048).map((person) => signedBy(person, c, { nonce: 1_000_000 }))),
    ],
    [
      'transactions of people whom nobody has paid',
      20,
      (c) => bundle(range(10_000, 2048).map((person) => signedBy(person, c))),
    ],
    [
      'later transactions of people whom nobody has paid',
      20,
      (c) => bundle(range(10_000, 2048).map((person) => signedBy(person, c, { nonce: 1 }))),
    ],
    ['proposals out of turn', 20, (c) => proposal(c, LIAR, 1_000_003, 5, { transactionIds: ids(8192) })],
  ];

  test.each(FLOODS)(
    '%s is paid for by who sends it, named, and delays nobody',
    (_, perTick, make) => {
      const cluster = running(range(0, 2048));
      const bytes = encodePeerMessage(make(cluster));
      const { peerId } = cluster.node(LIAR);
      const answers: number[] = [];
      const link = cluster.link;
      cluster.link = (from, to, message) => {
        if (from === NODE && to === LIAR) answers.push(message.length);
        return link(from, to, message);
      };
      let nonce = 1;
      let asked = 0;
      for (let ms = 0; ms < 8_000; ms += TICK_MS) {
        asked += perTick;
        for (let i = 0; i < perTick; i++) cluster.driver(NODE).receive(peerId, bytes);
        if (ms % 1000 === 0) {
          const [height] = cluster.heights();
          cluster.submit(0, cluster.transfer(0, 1, nonce++));
          cluster.run(TICK_MS);
          expect(cluster.until(() => (cluster.heights()[NODE] ?? 0) > (height ?? 0), 100)).toBe(true);
        } else cluster.run(TICK_MS);
      }
      expect(noted(cluster)[0]).toBe('THROTTLED');
      expect(punished(cluster).every(([node, code]) => node === NODE && code === 'OVERDRAWN')).toBe(true);
      expect(cluster.nodes.map(({ driver }) => driver?.status().view)).toEqual([0, 0, 0, 0]);
      // Not one answer for each question.
      expect(answers.length).toBeLessThan(0.9 * asked);
    },
    120_000,
  );
});

describe('honest load', () => {
  test('of thousands of transactions a second by one peer is not throttled, nor named', () => {
    const cluster = running(range(0, 60 * 500));
    const { peerId } = cluster.node(LIAR);
    for (let tick = 0; tick < 60; tick++) {
      const transactions = range(500 * tick, 500).map((person) => signedBy(person, cluster));
      cluster.driver(NODE).receive(peerId, encodePeerMessage(bundle(transactions)));
      cluster.run(TICK_MS);
    }
    expect(cluster.driver(NODE).buffers().waiting).toBe(0);
    cluster.run(1000);
    expect(noted(cluster)).toEqual([]);
    // Few of them were passed on to the primary by now.
    expect(cluster.driver(NODE).status().mempool.size).toBeGreaterThan(29_000);
  }, 120_000);

  test('of all clients at all nodes is neither', () => {
    const cluster = running(range(0, 4).flatMap((node) => range(10_000 * node, 40 * 50)));
    for (let tick = 0; tick < 40; tick++) {
      for (const node of range(0, 4))
        for (const person of range(10_000 * node + 50 * tick, 50)) cluster.submit(node, signedBy(person, cluster));
      cluster.run(TICK_MS);
    }
    cluster.run(5000);
    for (const { notes } of cluster.nodes) expect(notes.filter(({ kind }) => kind === 'misbehaviour')).toEqual([]);
    expect(punished(cluster)).toEqual([]);
  }, 120_000);

  test('of clients that give the same to all nodes is neither, also by peers that have nothing left', () => {
    const cluster = running(range(0, 80 * 400));
    const peers = [0, 2, 3];
    const question = encodePeerMessage({ kind: 'fetch-transactions', ids: ids(4096) });
    const affordable = Math.floor(BUDGET_BURST_US / peers.length / priceOfMessage(question));
    for (const peer of peers)
      for (let i = 0; i < affordable; i++) cluster.driver(NODE).receive(cluster.node(peer).peerId, question);
    cluster.run(TICK_MS);
    const memo = new Uint8Array(MEMO_BYTES_MAX);
    for (let tick = 0; tick < 80; tick++) {
      const transactions = range(400 * tick, 400).map((person) => signedBy(person, cluster, { memo }));
      for (const peer of peers) cluster.inject(peer, NODE, bundle(transactions));
      cluster.run(TICK_MS);
    }
    expect(cluster.driver(NODE).buffers().waiting).toBe(0);
    for (const { notes } of cluster.nodes) expect(notes.filter(({ kind }) => kind === 'misbehaviour')).toEqual([]);
    expect(punished(cluster)).toEqual([]);
  }, 120_000);
});

test('transactions that all have already, from everybody to everybody, delay the votes behind them by a moment only', () => {
  const cluster = running(range(0, 1000));
  // As when clients give the same ones to all nodes: none of them is of use to the others.
  const known = range(0, 1000).map((person) => signedBy(person, cluster));
  for (const node of range(0, 4)) for (const bytes of known) cluster.submit(node, bytes);
  cluster.run(500);
  const bytes = encodePeerMessage(bundle(known));
  let nonce = 1;
  for (let ms = 0; ms < 20_000; ms += TICK_MS) {
    for (const from of range(0, 4)) for (const to of range(0, 4)) if (from !== to) cluster.inject(from, to, bytes);
    if (ms % 1000 === 0) {
      const [height] = cluster.heights();
      for (const node of range(0, 4)) cluster.submit(node, cluster.transfer(0, 1, nonce));
      nonce += 1;
      expect(cluster.until(() => (cluster.heights()[NODE] ?? 0) > (height ?? 0), 1500)).toBe(true);
    } else cluster.run(TICK_MS);
  }
  expect(cluster.nodes.map(({ driver }) => driver?.status().view)).toEqual([0, 0, 0, 0]);
  expect(punished(cluster)).toEqual([]);
}, 120_000);

test('the same refused transactions again are not even decoded', () => {
  const cluster = running(range(0, 8));
  const { peerId } = cluster.node(LIAR);
  const send = (): void =>
    cluster
      .driver(NODE)
      .receive(
        peerId,
        encodePeerMessage(bundle(range(0, 8).map((person) => signedBy(person, cluster, { expiresAt: 1 as Height })))),
      );
  send();
  cluster.run(1);
  expect(cluster.driver(NODE).buffers().refused).toBe(8);
  send();
  cluster.run(1);
  expect(cluster.driver(NODE).buffers()).toMatchObject({ refused: 8, verifying: 0 });
});

test('no timer expires because of what is here and was not looked at', () => {
  const cluster = running();
  const { baseTimeoutTicks } = cluster.genesis.consensus;
  // The node waits for a body, and hears nothing but ticks, as if its process had been busy with something else.
  const kept: [number, number, Uint8Array][] = [];
  cluster.link = (from, to, message) => {
    if (to !== NODE) return true;
    kept.push([from, to, message]);
    return false;
  };
  cluster.submit(NODE, cluster.transfer(0, 1, 1));
  cluster.run((baseTimeoutTicks - 3) * TICK_MS);
  expect(cluster.driver(NODE).status()).toMatchObject({ view: 0 as View, active: true });
  // In one turn: the ticks that are left, and then all that was said meanwhile.
  for (let tick = 0; tick < 4; tick++) cluster.driver(NODE).tick();
  for (const [from, to, message] of kept) cluster.driver(to).receive(cluster.node(from).peerId, message);
  cluster.link = () => true;
  cluster.run(10 * TICK_MS);
  expect(cluster.driver(NODE).status()).toMatchObject({ view: 0 as View, active: true });
});
