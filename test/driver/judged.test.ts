/** Bodies are judged by each part as soon as it is here, collected within bounds, and served once they were found valid. */
import { describe, expect, test } from 'vitest';
import type { Epoch, Hash, Height, ValidatorIndex, View } from '../../src/base/brand.ts';
import { unreachable } from '../../src/base/invariant.ts';
import { Bodies } from '../../src/driver/bodies/bodies.ts';
import { bundles } from '../../src/driver/transactions/intake.ts';
import { Batch } from '../../src/driver/stored/batch.ts';
import { bufferLimits } from '../../src/driver/limits.ts';
import { decodePeerMessage, type PeerMessage } from '../../src/driver/wire/wire.ts';
import { type Body, bodyHash } from '../../src/ledger/block.ts';
import type { IdentifiedTransaction } from '../../src/ledger/transaction.ts';
import { signersOf } from '../../src/consensus/tally.ts';
import { transactionId } from '../../src/ledger/transaction.ts';
import { bodyOf, hashOf, makeGenesis, makeTransaction, stranger, transfer } from '../ledger/network.ts';
import { Cluster, type GenesisText, proposal } from './cluster.ts';
import { pay, signedBy } from './people.ts';
import { epochsOf } from '../../src/ledger/epoch.ts';

const LIAR = 0;
const FAVOURITE = 1;
const BACKUPS = [1, 2, 3];
/** Who has signed all that is proposed. */
const PERSON = 1;

interface Made {
  readonly id: Hash;
  readonly bytes: Uint8Array;
}

/** Transactions of one person: only the one with nonce 0 can be executed. */
function made(cluster: Cluster, nonces: readonly number[], operations = 1, memo = 0): Made[] {
  return nonces.map((nonce) => {
    const transfers = Array.from({ length: operations }, () => transfer(stranger(1), 1n));
    const bytes = signedBy(PERSON, cluster, { nonce, operations: transfers, memo: new Uint8Array(memo) });
    return { id: transactionId(bytes), bytes };
  });
}

const range = (count: number, from = 0): number[] => Array.from({ length: count }, (_, i) => from + i);
const idsOf = (some: readonly Made[]): Hash[] => some.map(({ id }) => id);

/** Four nodes with their first block final, of which the primary says no more than is injected in its name. */
function withLiar(change: (genesis: GenesisText) => void = () => {}) {
  const cluster = new Cluster(4, (genesis) => {
    pay([PERSON])(genesis);
    change(genesis);
  });
  cluster.startAll();
  expect(cluster.until(() => cluster.heights().every((height) => height === 1), 2000)).toBe(true);
  const sent: { from: number; to: number; message: PeerMessage }[] = [];
  cluster.link = (from, to, bytes) => {
    const decoded = decodePeerMessage(bytes);
    if (decoded.ok) sent.push({ from, to, message: decoded.value });
    return from !== LIAR;
  };
  const propose = (height: number, fields: Partial<Body>, to: readonly number[] = BACKUPS): void => {
    const message = proposal(cluster, LIAR, 0, height, fields);
    for (const each of to) cluster.inject(LIAR, each, message);
  };
  const give = (to: number, some: readonly Made[]): void => {
    for (const transactions of bundles(some.map(({ bytes }) => bytes)))
      cluster.inject(LIAR, to, { kind: 'transactions', transactions });
  };
  const leftFor = (index: number): string[] =>
    cluster
      .node(index)
      .notes.flatMap((note) => (note.kind === 'view-change-started' ? [`${note.view} ${note.reason}`] : []));
  const punished = () => cluster.nodes.flatMap(({ punished: some }) => some);
  const asked = () => sent.flatMap(({ message: { kind } }) => (kind.startsWith('fetch-') ? [kind] : []));
  return { cluster, sent, propose, give, leftFor, punished, asked };
}

const LONG = 8192;
const certificate = {
  epoch: 0 as Epoch,
  height: 1 as Height,
  blockHash: hashOf('b'),
  signers: signersOf([0, 1, 2] as ValidatorIndex[]),
  signatures: range(3).map(() => new Uint8Array(64)),
};
const unknown = (count: number): Hash[] => range(count, 1).map((i) => i.toString(16).padStart(64, '0') as Hash);
const vote = (digit: string) => ({
  vote: { kind: 'commit' as const, epoch: 0 as Epoch, view: 0 as View, height: 1 as Height, hash: hashOf(digit) },
  voter: 3 as ValidatorIndex,
  signature: new Uint8Array(64),
});

describe('a body is refused before anything is fetched for it', () => {
  test.each<[string, Partial<Body>]>([
    ['that lists more transactions than can be light enough', { transactionIds: unknown(2001) }],
    ['that lists one twice', { transactionIds: [hashOf('1'), hashOf('2'), hashOf('1')] }],
    ['of another proposer', { transactionIds: unknown(5), proposer: 2 as ValidatorIndex }],
    ['of nobody', { transactionIds: unknown(5), proposer: 9 as ValidatorIndex }],
    ['of another time', { transactionIds: unknown(5), timestampMs: 5 }],
    ['with a forged certificate', { transactionIds: unknown(5), certificate }],
    [
      'with made-up evidence',
      { transactionIds: unknown(5), evidence: [{ kind: 'equivocation', first: vote('1'), second: vote('2') }] },
    ],
  ])('%s', (_, fields) => {
    const { cluster, propose, leftFor, punished, asked } = withLiar();
    propose(2, fields);
    cluster.run(5);
    for (const backup of BACKUPS) expect(leftFor(backup)[0]).toMatch(/^1 (invalid-body|joined)$/);
    expect(leftFor(FAVOURITE)).toEqual(['1 invalid-body']);
    expect([punished(), asked()]).toEqual([[], []]);
    expect(cluster.until(() => BACKUPS.every((i) => cluster.driver(i).status().active), 100)).toBe(true);
  });

  test('but not one as long as it may be', () => {
    const { cluster, propose, leftFor, asked } = withLiar();
    propose(2, { transactionIds: unknown(2000) });
    cluster.run(200);
    expect(BACKUPS.flatMap(leftFor)).toEqual([]);
    expect(asked()).toContain('fetch-transactions');
  });
});

describe('a body that is too large', () => {
  const roomy = ({ ledger }: GenesisText) => Object.assign(ledger, { blockWeightMax: 139_264 });

  test.each([
    ['in bytes', LONG, 6990, roomy],
    ['in weight', 1000, 200, () => {}],
  ])('%s is refused as soon as that shows, and forgotten', (_, count, enough, change) => {
    const { cluster, propose, give, leftFor } = withLiar(change);
    const some = made(cluster, range(count), 16, 256);
    propose(2, { transactionIds: idsOf(some) });
    const held = () => cluster.driver(FAVOURITE).buffers().collectedBytes;
    give(FAVOURITE, some.slice(0, enough - 100));
    cluster.run(20);
    expect(leftFor(FAVOURITE)).toEqual([]);
    expect(held()).toBeGreaterThan(0);
    give(FAVOURITE, some.slice(enough - 100, enough));
    cluster.run(20);
    expect(leftFor(FAVOURITE)).toEqual(['1 invalid-body']);
    expect(held()).toBe(0);
  });

  test('is held by nobody who could serve it: nobody honest punishes another, and the next primary begins', () => {
    const { cluster, propose, give, punished } = withLiar(roomy);
    const some = made(cluster, range(LONG), 16, 256);
    propose(2, { transactionIds: idsOf(some) });
    give(FAVOURITE, some);
    cluster.run(1000);
    expect(punished()).toEqual([]);
    cluster.submit(2, cluster.transfer(0, 1, 0));
    expect(cluster.until(() => BACKUPS.every((i) => (cluster.heights()[i] ?? 0) >= 2), 2000)).toBe(true);
    expect(punished()).toEqual([]);
  });
});

test('a body whose turn has not come is neither collected nor fetched, nor given to who asks', () => {
  const { cluster, sent, propose, give, asked } = withLiar();
  const some = made(cluster, range(3));
  propose(3, { transactionIds: idsOf(some) });
  give(FAVOURITE, some);
  cluster.run(300);
  expect(cluster.driver(FAVOURITE).buffers()).toMatchObject({ bodies: 1, collectedBytes: 0 });
  const body = sent.find(({ message }) => message.kind === 'body');
  expect([asked(), body]).toEqual([[], undefined]);
});

test('a window of full bodies that lack one transaction each is not held all at once', () => {
  const weight = 400;
  const { cluster, propose, give } = withLiar(({ ledger }) => Object.assign(ledger, { blockWeightMax: weight }));
  const { window } = cluster.genesis.consensus;
  const bodies = range(window).map((ahead) => made(cluster, range(200, 200 * ahead), 1, 256));
  for (const [ahead, some] of bodies.entries()) {
    propose(2 + ahead, { transactionIds: idsOf(some) }, [FAVOURITE]);
    give(FAVOURITE, some.slice(1));
  }
  cluster.run(20);
  const { collectedBytes } = cluster.driver(FAVOURITE).buffers();
  expect(collectedBytes).toBe(4 * 199 * 465);
  expect(collectedBytes).toBeLessThanOrEqual(bufferLimits(4, window, weight).collectedBytes);
  // Those beyond a transfer and its memo could carry data: 256 bytes for a unit of weight, around them 164.
  expect(bufferLimits(4, window, weight).collectedBytes).toBe(4 * 200 * (164 + 256 + 256));
});

test('what is ordered is collected, whatever else waits', () => {
  const genesis = makeGenesis();
  const fetched: Height[] = [];
  const bodies = new Bodies({
    genesis,
    epochs: epochsOf(genesis),
    clock: { nowMs: () => 1_800_000_000_000, soon: (run) => run() },
    batch: new Batch(),
    authority: () => unreachable('no certificate here' as never),
    headMs: () => 1_800_000_000_000,
    roster: { peers: () => ['peer'], peerOf: String },
    outbox: { sendTo: (_, message) => message.kind === 'fetch-body' && fetched.push(message.height) },
    find: () => undefined,
    executedHeight: () => 1 as Height,
    executedBody: () => undefined,
  });
  const full = (height: number): IdentifiedTransaction[] =>
    range(2000).map((i) =>
      makeTransaction({
        chainId: genesis.chainId,
        sender: stranger(height),
        nonce: i,
        operations: [transfer(stranger(1), 1n)],
      }),
    );
  const all = range(8, 2).map((height) => ({ height: height as Height, some: full(height) }));
  for (const { height, some } of all) {
    const body = bodyOf(some);
    bodies.verdicts.ask({ view: 0 as View, height, bodyHash: bodyHash(body), repeat: true });
    bodies.offered(height, bodyHash(body), body, 'peer');
  }
  const wanted = () => all.flatMap(({ height, some }) => (bodies.pool.wants(some[0]!.id) ? [height] : []));
  expect(wanted()).toEqual([2, 3, 4, 5]);
  bodies.execute(9 as Height, bodyHash(bodyOf(all[7]!.some)));
  expect(wanted()).toEqual([2, 3, 4, 5, 9]);
  for (const item of all[0]!.some) bodies.pool.supply(item);
  expect(bodies.verdicts.take()).toMatchObject({ height: 2, valid: true });
  expect(wanted()).toEqual([3, 4, 5, 6, 9]);
  expect(fetched).toEqual([]);
});
