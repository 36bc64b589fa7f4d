/** One key on two machines, and a folder that is older than what its validator signed: it follows, and no proof against it comes to be. */
import { describe, expect, test } from 'vitest';
import type { Height, ValidatorIndex, View } from '../../src/base/brand.ts';
import { present } from '../../src/base/invariant.ts';
import { type SignedVote, type VoteKind, voteSigningBytes } from '../../src/ledger/vote.ts';
import { H } from '../consensus/kit.ts';
import { Cluster } from './cluster.ts';

const EPOCH_LENGTH = 8;

function begun(): Cluster {
  const cluster = new Cluster(4, (text) => Object.assign(text.consensus, { epochLength: EPOCH_LENGTH }));
  cluster.startAll();
  expect(reach(cluster, 2, [0, 1, 2, 3])).toBe(true);
  return cluster;
}

const reach = (cluster: Cluster, height: number, nodes: readonly number[]): boolean =>
  cluster.until(() => nodes.every((index) => (cluster.heights()[index] ?? 0) >= height), 300_000);

const keyNotes = (cluster: Cluster, index: number) =>
  cluster.node(index).notes.filter(({ kind }) => kind === 'key-in-use').length;

const offences = (cluster: Cluster) => cluster.nodes.flatMap((node) => node.offences);

function voteOf(cluster: Cluster, signer: number, kind: VoteKind, height: number, letter = 'f'): SignedVote {
  const { epoch } = cluster.driver(0).status();
  const vote = { kind, epoch, view: 0 as View, height: height as Height, hash: H(letter) };
  const signature = cluster.sign(signer, voteSigningBytes(cluster.genesis.chainId, vote));
  return { vote, voter: signer as ValidatorIndex, signature };
}

describe('a validator that hears a vote of its own that it did not cast', () => {
  test('votes no more in this epoch, says why, and votes again in the next', () => {
    const cluster = begun();
    const height = (cluster.heights()[2] ?? 0) + 1;
    cluster.inject(0, 2, { kind: 'vote', vote: voteOf(cluster, 2, 'checkpoint', height) });
    expect(cluster.until(() => cluster.driver(2).status().silenced, 1000)).toBe(true);
    expect(keyNotes(cluster, 2)).toBe(1);
    // The other three go on, and it follows.
    expect(reach(cluster, EPOCH_LENGTH - 1, [0, 1, 2, 3])).toBe(true);
    expect(reach(cluster, EPOCH_LENGTH + 1, [0, 1, 2, 3])).toBe(true);
    expect(cluster.driver(2).status().silenced).toBe(false);
    cluster.crash(1);
    expect(reach(cluster, 3 * EPOCH_LENGTH, [0, 2, 3])).toBe(true);
    expect([offences(cluster), cluster.nodes.flatMap(({ halted, punished }) => [...halted, ...punished])]).toEqual([
      [],
      [],
    ]);
  });

  test.each([
    ['a forged signature', (vote: SignedVote) => ({ ...vote, signature: vote.signature.map((byte) => byte ^ 1) })],
    [
      'the signature of somebody else',
      (vote: SignedVote, cluster: Cluster) => ({
        ...vote,
        signature: voteOf(cluster, 1, 'checkpoint', vote.vote.height).signature,
      }),
    ],
    [
      'another epoch',
      (vote: SignedVote, cluster: Cluster) => {
        const other = { ...vote.vote, epoch: 7 as never };
        return { ...vote, vote: other, signature: cluster.sign(2, voteSigningBytes(cluster.genesis.chainId, other)) };
      },
    ],
  ])('does not mind one with %s', (_, change) => {
    const cluster = begun();
    const height = (cluster.heights()[2] ?? 0) + 1;
    cluster.inject(0, 2, { kind: 'vote', vote: change(voteOf(cluster, 2, 'checkpoint', height), cluster) });
    cluster.run(500);
    expect([cluster.driver(2).status().silenced, keyNotes(cluster, 2)]).toEqual([false, 0]);
  });

  test('does not mind what it cast itself, shown again at any later time', () => {
    const cluster = new Cluster(4);
    const cast: Uint8Array[] = [];
    cluster.link = (from, _, message) => {
      if (from === 2) cast.push(message);
      return true;
    };
    cluster.startAll();
    for (let height = 1; height <= 30; height++) {
      expect(reach(cluster, height, [0, 1, 2, 3])).toBe(true);
      for (const message of cast.filter((_, i) => i % 7 === height % 7)) cluster.inject(0, 2, message);
      cluster.run(5);
    }
    expect([cluster.driver(2).status().silenced, keyNotes(cluster, 2), offences(cluster)]).toEqual([false, 0, []]);
  });
});

test('a folder that is older than what its validator signed is noticed where peers hold its newer votes', () => {
  const cluster = new Cluster(4, (text) => Object.assign(text.consensus, { epochLength: 1000 }));
  cluster.startAll();
  expect(reach(cluster, 3, [0, 1, 2, 3])).toBe(true);
  const copy = [...cluster.node(2).disk.under('')];
  // The others wait for a third vote, and hold those of the second node.
  cluster.crash(3);
  cluster.crash(1);
  cluster.run(30_000);
  cluster.crash(2);
  for (const [key] of [...cluster.node(2).disk.under('')]) cluster.node(2).disk.damage(key, undefined);
  for (const [key, value] of copy) cluster.node(2).disk.damage(key, value);
  cluster.start(2);
  expect(cluster.until(() => cluster.node(2).driver !== null, 1000)).toBe(true);
  cluster.run(20_000);
  expect([present(cluster.node(2).driver, 'driver').status().silenced, keyNotes(cluster, 2)]).toEqual([true, 1]);
  expect(offences(cluster)).toEqual([]);
  cluster.start(1);
  cluster.start(3);
  expect(reach(cluster, 12, [0, 1, 2, 3])).toBe(true);
  expect(offences(cluster)).toEqual([]);
});
