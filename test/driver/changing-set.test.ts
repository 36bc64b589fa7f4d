/** A made-up set that changes when epoch 1 begins: everything that belongs to an epoch follows the set of that epoch. */
import { describe, expect, test } from 'vitest';
import type { Epoch, Height, Power, ValidatorIndex, View } from '../../src/base/brand.ts';
import { present } from '../../src/base/invariant.ts';
import type { PeerId } from '../../src/driver/ports.ts';
import { offenceOf } from '../../src/ledger/offence.ts';
import { type Epochs, epochsOf, type KnownEpoch, primaryOf } from '../../src/ledger/epoch.ts';
import { type Validator, validatorSet, validatorsHash } from '../../src/ledger/validators.ts';
import type { Evidence } from '../../src/ledger/evidence.ts';
import { type SignedVote, voteSigningBytes } from '../../src/ledger/vote.ts';
import { H } from '../consensus/kit.ts';
import { Cluster } from './cluster.ts';

const EPOCH_LENGTH = 4;
/** The one that leaves, and the one that comes. */
const [LEAVER, NEWCOMER] = [3, 4];
const STAYING = [0, 1, 2];
const MEMBERS = [...STAYING, NEWCOMER];

const member = (from: Validator, index: number, power: bigint): Validator => ({
  ...from,
  index: index as ValidatorIndex,
  power: power as Power,
});

/** In epoch 0 the four of the genesis, each of power 1. From epoch 1 on the newcomer comes first, with a power of 3, and the first
 *  three of the genesis after it: indices, powers and primaries are all others. */
function changing(cluster: Cluster): Epochs {
  const { members: validators } = cluster.genesis.validators;
  const newcomer: Validator = {
    ...present(validators[0], 'validator'),
    name: 'newcomer',
    publicKey: new Uint8Array(32).fill(9),
    peerId: cluster.node(NEWCOMER).peerId,
  };
  const later = validatorSet(
    [newcomer, ...validators.slice(0, 3)].map((each, i) => member(each, i, i === 0 ? 3n : 1n)),
  );
  const fixed = epochsOf(cluster.genesis);
  const changed = (known: KnownEpoch | undefined): KnownEpoch | undefined =>
    known === undefined || known.epoch === 0 ? known : { ...known, validators: later };
  return { of: (epoch) => changed(fixed.of(epoch)), at: (height) => changed(fixed.at(height)) };
}

/** Runs to the first blocks of epoch 1. `told`: whom each node admits. */
function begun() {
  const cluster = new Cluster(4, (text) => Object.assign(text.consensus, { epochLength: EPOCH_LENGTH }), 1);
  const epochs = changing(cluster);
  cluster.epochs = epochs;
  cluster.publicKeys[NEWCOMER] = new Uint8Array(32).fill(9);
  const told = new Map<number, ReadonlySet<PeerId>>();
  cluster.admitted = (by, peers) => {
    told.set(by, peers);
    for (const { peerId, index, driver } of cluster.nodes) {
      if (index === by || peers.has(peerId)) continue;
      cluster.driver(by).peerDisconnected(peerId);
      driver?.peerDisconnected(cluster.node(by).peerId);
    }
  };
  cluster.startAll();
  const later = present(epochs.of(1 as Epoch), 'epoch 1');
  const reach = (height: number): boolean =>
    cluster.until(() => MEMBERS.every((index) => (cluster.heights()[index] ?? 0) >= height), 200_000);
  expect(reach(EPOCH_LENGTH + 2)).toBe(true);
  return { cluster, epochs, later, told, reach };
}

const halted = (cluster: Cluster): readonly Error[] => cluster.nodes.flatMap((node) => node.halted);

describe('where the set changes at epoch 1', () => {
  test('the newcomer is a validator from its first height on, and blocks go on over many epochs', () => {
    const { cluster, later, reach } = begun();
    expect(MEMBERS.map((index) => cluster.driver(index).status().self)).toEqual([1, 2, 3, 0]);
    expect(cluster.driver(NEWCOMER).status().validators).toBe(later.validators);
    expect(reach(5 * EPOCH_LENGTH)).toBe(true);
    expect(halted(cluster)).toEqual([]);
    expect(cluster.nodes.flatMap(({ punished }) => punished)).toEqual([]);
  });

  test('bodies are proposed by the primaries of the new set', () => {
    const { cluster, epochs, reach } = begun();
    expect(reach(3 * EPOCH_LENGTH)).toBe(true);
    const proposers = cluster.node(0).blocks.map(({ record }) => record.header.proposer);
    const expected = cluster
      .node(0)
      .blocks.map(({ record }) => primaryOf(present(epochs.at(record.header.height), 'epoch'), 0 as View));
    expect(proposers).toEqual(expected);
    expect(new Set(expected).size).toBeGreaterThan(1);
  });

  test('headers commit to the set of their epoch, and to the one of the next height', () => {
    const { cluster, epochs } = begun();
    const hashAt = (height: number) =>
      validatorsHash(present(epochs.at(height as Height), 'the epoch of a height').validators);
    const headers = cluster.node(0).blocks.map(({ record }) => record.header);
    expect(headers.map((header) => [header.validatorsHash, header.nextValidatorsHash])).toEqual(
      headers.map(({ height }) => [hashAt(height), hashAt(height + 1)]),
    );
    expect(headers[EPOCH_LENGTH - 1]?.nextValidatorsHash).not.toBe(headers[EPOCH_LENGTH - 1]?.validatorsHash);
  });

  test('a quorum is one of the new powers: three of four are none without the newcomer', () => {
    const { cluster, reach } = begun();
    cluster.link = (from, to) => from !== NEWCOMER && to !== NEWCOMER;
    const before = Math.max(...STAYING.map((index) => cluster.heights()[index] ?? 0));
    cluster.run(60_000);
    expect(Math.max(...STAYING.map((index) => cluster.heights()[index] ?? 0))).toBeLessThanOrEqual(before + 1);
    cluster.link = () => true;
    expect(reach(before + EPOCH_LENGTH)).toBe(true);
  });

  test('each of them admits the new set, and hears the one who left no more', () => {
    const { cluster, later, told } = begun();
    const peers = new Set(later.validators.members.map(({ peerId }) => peerId));
    for (const index of MEMBERS) expect(told.get(index)).toEqual(peers);
    for (const index of MEMBERS)
      expect(cluster.driver(index).status().peers.has(cluster.node(LEAVER).peerId)).toBe(false);
    const status = cluster.driver(LEAVER).status();
    expect([status.self, (cluster.heights()[LEAVER] ?? 0) < EPOCH_LENGTH + 2]).toEqual([
      status.epoch === 0 ? LEAVER : null,
      true,
    ]);
  });

  test('evidence of epoch 0 is checked by the set of epoch 0, and recorded', () => {
    const { cluster, reach } = begun();
    const vote = (letter: string): SignedVote => {
      const unsigned = {
        kind: 'prepare' as const,
        epoch: 0 as Epoch,
        view: 0 as View,
        height: 3 as Height,
        hash: H(letter),
      };
      const signature = cluster.sign(LEAVER, voteSigningBytes(cluster.genesis.chainId, unsigned));
      return { vote: unsigned, voter: LEAVER as ValidatorIndex, signature };
    };
    const evidence: Evidence = { kind: 'equivocation', first: vote('a'), second: vote('b') };
    cluster.inject(1, 0, { kind: 'evidence', evidence: [evidence] });
    expect(reach(4 * EPOCH_LENGTH)).toBe(true);
    const recorded = cluster.node(NEWCOMER).blocks.flatMap(({ body }) => body.body.evidence);
    expect(recorded.map(offenceOf).map(({ epoch, validator }) => [epoch, validator])).toEqual([[0, LEAVER]]);
    expect(cluster.node(0).punished).toEqual([]);
  });
});
