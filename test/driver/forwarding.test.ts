/** How transactions and proofs reach whoever proposes, and what it costs to pass them on. */
import { describe, expect, test } from 'vitest';
import type { Epoch, Height, ValidatorIndex, View } from '../../src/base/brand.ts';
import { RESENT_BYTES_MAX } from '../../src/driver/limits.ts';
import { decodePeerMessage, kindOfBytes, type PeerMessage } from '../../src/driver/wire/wire.ts';
import { KEYS } from '../../src/driver/stored/records.ts';
import { recover } from '../../src/driver/durability/recovery.ts';
import { offenceOf, placeKey } from '../../src/ledger/offence.ts';
import { transactionId } from '../../src/ledger/transaction.ts';
import { type Equivocation, type Evidence, evidenceCodec } from '../../src/ledger/evidence.ts';
import { type SignedVote, voteSigningBytes } from '../../src/ledger/vote.ts';
import { standIn } from '../../src/simulator/world/stand-in.ts';
import { transfer } from '../ledger/network.ts';
import { Cluster } from './cluster.ts';
import { addressOf, pay, signedBy } from './people.ts';

const BASE_TIMEOUT_MS = 2000;

const range = (count: number): number[] => Array.from({ length: count }, (_, i) => i);

/** The genesis pays as many people. */
function begin(observers = 0, people = 0): Cluster {
  const cluster = new Cluster(
    4,
    (genesis) => {
      genesis.ledger['weightPrice'] = '0';
      genesis.consensus['idleBlockMs'] = 3_600_000;
      pay(range(people))(genesis);
    },
    observers,
  );
  cluster.startAll();
  expect(cluster.until(() => cluster.heights().every((height) => height === 1), 2000)).toBe(true);
  return cluster;
}

/** Nearly a kilobyte. */
const large = (cluster: Cluster, person: number): Uint8Array =>
  signedBy(person, cluster, { operations: range(16).map(() => transfer(addressOf(person), 1n)) });

describe('a backlog', () => {
  const COUNT = 1500;
  const OWNER = 1;
  const SHARE = RESENT_BYTES_MAX / 4;

  /** Nothing is ordered, and much waits. Transactions that the owner sends to the other backup are counted. */
  function make() {
    const cluster = begin(0, COUNT);
    const sent: { readonly atMs: number; readonly id: string; readonly bytes: number }[] = [];
    const all = range(COUNT).map((person) => large(cluster, person));
    cluster.link = (from, to, message) => {
      const decoded = decodePeerMessage(message);
      if (from === OWNER && to === 2 && decoded.ok && decoded.value.kind === 'transactions')
        for (const bytes of decoded.value.transactions)
          sent.push({ atMs: cluster.scheduler.nowMs, id: transactionId(bytes), bytes: bytes.length });
      return ['transactions', 'status'].includes(kindOfBytes(message) ?? '');
    };
    for (const bytes of all) cluster.submit(OWNER, bytes);
    cluster.run(BASE_TIMEOUT_MS / 4);
    expect(sent).toHaveLength(COUNT);
    sent.length = 0;
    return { cluster, sent };
  }
  const sizeOf = (sent: readonly { readonly bytes: number }[]): number =>
    sent.reduce((sum, { bytes }) => sum + bytes, 0);

  test('is sent again a little at a time, until all of it was, and then from the beginning', () => {
    const { cluster, sent } = make();
    const fromMs = cluster.scheduler.nowMs;
    const halves = 12;
    cluster.run(halves * (BASE_TIMEOUT_MS / 2));
    const perHalf = Array.from({ length: halves }, (_, half) =>
      sizeOf(sent.filter(({ atMs }) => Math.floor((atMs - fromMs) / (BASE_TIMEOUT_MS / 2)) === half)),
    );
    expect(Math.max(...perHalf)).toBeLessThanOrEqual(SHARE);
    const before = sent.map(({ id }) => id).indexOf(sent[0]?.id ?? '', 1);
    expect(new Set(sent.slice(0, before).map(({ id }) => id)).size).toBe(COUNT);
    expect(before).toBe(COUNT);
  });

  test('is not handed to a peer that connects all at once', () => {
    const { cluster, sent } = make();
    const [owner, peer] = [cluster.driver(OWNER), cluster.node(2).peerId];
    owner.peerDisconnected(peer);
    owner.peerConnected(peer);
    cluster.run(10);
    expect(sizeOf(sent)).toBeGreaterThan(SHARE / 2);
    expect(sizeOf(sent)).toBeLessThanOrEqual(SHARE);
  });
});

describe('a transaction that one backup has', () => {
  const [PRIMARY, BACKUP, LIAR] = [0, 1, 3];

  test.each([0, 3, 7, 11])(
    'is with the primary within an eighth of a base timeout, %i ticks after one began',
    (ticks) => {
      const cluster = begin();
      const { tickMs } = cluster.genesis.consensus;
      cluster.run(ticks * tickMs);
      const bytes = cluster.transfer(0, 1, 0);
      const sinceMs = cluster.scheduler.nowMs;
      let toldMs: number | null = null;
      cluster.link = (from, to, message) => {
        if (from === BACKUP && to === PRIMARY && kindOfBytes(message) === 'transactions')
          toldMs ??= cluster.scheduler.nowMs - sinceMs;
        return from !== LIAR && to !== LIAR;
      };
      cluster.inject(LIAR, BACKUP, { kind: 'transactions', transactions: [bytes] });
      cluster.run(2 * BASE_TIMEOUT_MS);
      expect(toldMs).toBeLessThanOrEqual(BASE_TIMEOUT_MS / 8 + 2 * tickMs);
      expect(cluster.driver(BACKUP).status()).toMatchObject({ view: 0, mempool: { size: 0 } });
    },
  );
});

describe('a proof', () => {
  const [LIAR, OBSERVER] = [3, 4];

  function votes(cluster: Cluster, height: number): readonly SignedVote[] {
    return ['a', 'b'].map((digit) => {
      const vote = { kind: 'checkpoint' as const, epoch: 0 as Epoch, view: 0 as View, height: height as Height };
      const whole = { ...vote, hash: digit.repeat(64) as never };
      const signature = cluster.sign(LIAR, voteSigningBytes(cluster.genesis.chainId, whole));
      return { vote: whole, voter: LIAR as ValidatorIndex, signature };
    });
  }
  const proofOf = (cluster: Cluster): Equivocation => {
    const [first, second] = votes(cluster, 2);
    if (first === undefined || second === undefined) throw new Error('two votes');
    return { kind: 'equivocation', first, second };
  };
  const recorded = (cluster: Cluster): readonly number[] =>
    cluster.node(0).blocks.flatMap(({ body }) => body.body.evidence.map((each) => offenceOf(each).validator));

  test.each([
    ['a backup', 2],
    ['an observer', OBSERVER],
  ])('that %s alone was given is in the next block', (_, holder) => {
    const cluster = begin(1);
    const passesOn = new Set<number>();
    cluster.link = (from, _to, message) => {
      if (kindOfBytes(message) === 'evidence') passesOn.add(from);
      return from !== LIAR;
    };
    for (const vote of votes(cluster, 2)) cluster.inject(LIAR, holder, { kind: 'vote', vote });
    cluster.run(BASE_TIMEOUT_MS / 4);
    expect([...passesOn]).toEqual([holder]);
    expect(recorded(cluster)).toEqual([LIAR]);
    for (const { offences } of cluster.nodes.filter(({ index }) => index !== LIAR))
      expect(offences.map((each) => offenceOf(each).validator)).toEqual([LIAR]);
  });

  test('that is made up costs who passes it on its connection', () => {
    const cluster = begin();
    const { first } = proofOf(cluster);
    const forged: PeerMessage = { kind: 'evidence', evidence: [{ kind: 'equivocation', first, second: { ...first } }] };
    cluster.inject(LIAR, 1, forged);
    cluster.run(10);
    expect(cluster.node(1).punished).toEqual([{ peer: cluster.node(LIAR).peerId, code: 'NOT_AN_OFFENCE' }]);
  });

  // It would be passed on, and whoever got it would punish us for it.
  test('that the disk garbled is not started from', () => {
    const cluster = begin();
    const { first, second } = proofOf(cluster);
    const garbled: Evidence = { kind: 'equivocation', first, second: { ...second, signature: new Uint8Array(64) } };
    const key = KEYS.evidence(placeKey(offenceOf(garbled)));
    const { disk } = cluster.node(1);
    disk.write([{ kind: 'put', key, value: evidenceCodec.encode(garbled) }], () => undefined);
    cluster.run(1);
    const codes: unknown[] = [];
    recover(disk, cluster.genesis, standIn.verify, (result) => codes.push(result.ok ? 'started' : result.error.code));
    cluster.run(50);
    expect(codes).toEqual(['STORE_CORRUPT']);
  });
});
