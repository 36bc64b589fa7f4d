/** A validator that lied loses its seat: everything that belongs to an epoch follows the set of that epoch, as the state has it. */
import { describe, expect, test } from 'vitest';
import type { View } from '../../src/base/brand.ts';
import { firstEpoch, primaryOf } from '../../src/ledger/epoch.ts';
import { offenceOf } from '../../src/ledger/offence.ts';
import { validatorAt, validatorsHash } from '../../src/ledger/validators.ts';
import { Cluster } from './cluster.ts';
import { doubleVote, EPOCH_LENGTH, fiveOfWhomOneLeaves, LEAVER, STAYING } from './leaving.ts';

const halted = (cluster: Cluster): readonly Error[] => cluster.nodes.flatMap((node) => node.halted);

/** Five start, and one of them is caught in epoch 0: runs to the first blocks of epoch 1, which four have to make. */
function begun() {
  const cluster = fiveOfWhomOneLeaves();
  cluster.startAll();
  const reach = (height: number, nodes: readonly number[] = STAYING): boolean =>
    cluster.until(() => nodes.every((index) => (cluster.heights()[index] ?? 0) >= height), 300_000);
  expect(reach(1)).toBe(true);
  cluster.inject(2, 0, { kind: 'evidence', evidence: [doubleVote(cluster, 0, 1)] });
  expect(reach(EPOCH_LENGTH + 1)).toBe(true);
  return { cluster, reach };
}

const setOf = (cluster: Cluster, index: number) => cluster.driver(index).status().validators;

describe('where the set changes at epoch 1', () => {
  test('those who stay keep their indices, and blocks go on over many epochs', () => {
    const { cluster, reach } = begun();
    expect(STAYING.map((index) => cluster.driver(index).status().self)).toEqual(STAYING);
    for (const index of STAYING) {
      const { members, total } = setOf(cluster, index);
      expect([members.map((member) => member.index), total]).toEqual([STAYING, 4n]);
    }
    expect(reach(5 * EPOCH_LENGTH)).toBe(true);
    expect(halted(cluster)).toEqual([]);
    expect(cluster.nodes.flatMap(({ punished }) => punished)).toEqual([]);
  });

  test('bodies are proposed by the primaries of the new set', () => {
    const { cluster, reach } = begun();
    expect(reach(4 * EPOCH_LENGTH)).toBe(true);
    const first = firstEpoch(cluster.genesis);
    const later = { ...first, validators: setOf(cluster, 0) };
    const headers = cluster.node(0).blocks.map(({ record }) => record.header);
    const expected = headers.map(({ epoch }) => primaryOf({ ...(epoch === 0 ? first : later), epoch }, 0 as View));
    expect(headers.map(({ proposer }) => proposer)).toEqual(expected);
    expect(new Set(expected).size).toBeGreaterThan(2);
  });

  test('headers commit to the set of their epoch, and to the one of the next height', () => {
    const { cluster } = begun();
    const [before, after] = [validatorsHash(cluster.genesis.validators), validatorsHash(setOf(cluster, 0))];
    const headers = cluster.node(0).blocks.map(({ record }) => record.header);
    const hashAt = (height: number) => (height <= EPOCH_LENGTH ? before : after);
    expect(headers.map((header) => [header.validatorsHash, header.nextValidatorsHash])).toEqual(
      headers.map(({ height }) => [hashAt(height), hashAt(height + 1)]),
    );
    expect(before).not.toBe(after);
  });

  test('a quorum is one of the new powers: three of the four go on, two do not', () => {
    const { cluster, reach } = begun();
    cluster.crash(4);
    const before = Math.max(...[0, 2, 3].map((index) => cluster.heights()[index] ?? 0));
    // Of the old set three were none.
    expect(reach(before + EPOCH_LENGTH, [0, 2, 3])).toBe(true);
    cluster.crash(3);
    cluster.run(1000);
    const stuck = Math.max(...[0, 2].map((index) => cluster.heights()[index] ?? 0));
    cluster.run(60_000);
    expect(Math.max(...[0, 2].map((index) => cluster.heights()[index] ?? 0))).toBe(stuck);
    cluster.start(3);
    expect(reach(stuck + EPOCH_LENGTH, [0, 2, 3])).toBe(true);
  });

  test('the one who left learns it, follows for an epoch, and is let go', () => {
    const { cluster, reach } = begun();
    const left = cluster.node(LEAVER).peerId;
    expect(reach(EPOCH_LENGTH + 1, [LEAVER])).toBe(true);
    expect(cluster.driver(LEAVER).status().self).toBe(null);
    for (const index of STAYING) expect(cluster.driver(index).status().peers.has(left)).toBe(true);
    expect(reach(2 * EPOCH_LENGTH + 1)).toBe(true);
    const stayed = new Set(STAYING.map((index) => cluster.node(index).peerId));
    for (const index of STAYING) {
      expect(cluster.admits.get(index)).toEqual(stayed);
      expect(cluster.driver(index).status().peers.has(left)).toBe(false);
    }
    expect(reach(4 * EPOCH_LENGTH)).toBe(true);
    expect((cluster.heights()[LEAVER] ?? 0) <= 2 * EPOCH_LENGTH).toBe(true);
  });

  test('a node that was away over many epochs checks each hand-over, and votes in the newest', () => {
    const { cluster, reach } = begun();
    cluster.crash(3);
    expect(reach(9 * EPOCH_LENGTH, [0, 2, 4])).toBe(true);
    cluster.start(3);
    expect(reach(11 * EPOCH_LENGTH)).toBe(true);
    // One of the others fails: without its vote there would be no quorum.
    cluster.crash(4);
    expect(reach(13 * EPOCH_LENGTH, [0, 2, 3])).toBe(true);
    expect(cluster.nodes.flatMap((node) => [...node.halted, ...node.punished])).toEqual([]);
  });

  test('evidence of epoch 0 is checked by the set of epoch 0, and recorded, when its validator has no seat any more', () => {
    const cluster = fiveOfWhomOneLeaves();
    cluster.startAll();
    const reach = (height: number): boolean =>
      cluster.until(() => STAYING.every((index) => (cluster.heights()[index] ?? 0) >= height), 300_000);
    expect(reach(EPOCH_LENGTH + 1)).toBe(true);
    cluster.inject(2, 0, { kind: 'evidence', evidence: [doubleVote(cluster, 1, EPOCH_LENGTH + 1)] });
    expect(reach(2 * EPOCH_LENGTH + 1)).toBe(true);
    expect(validatorAt(setOf(cluster, 0), LEAVER)).toBe(undefined);
    cluster.inject(3, 2, { kind: 'evidence', evidence: [doubleVote(cluster, 0, 3)] });
    expect(reach(4 * EPOCH_LENGTH)).toBe(true);
    const recorded = cluster.node(0).blocks.flatMap(({ body }) => body.body.evidence);
    expect(recorded.map(offenceOf).map(({ epoch, validator }) => [epoch, validator])).toEqual([
      [1, LEAVER],
      [0, LEAVER],
    ]);
    expect(cluster.nodes.flatMap(({ punished }) => punished)).toEqual([]);
  });
});

test('a node whose only peer has no seat in the epoch that it knows gets all blocks from it', () => {
  const cluster = new Cluster(4, (text) => Object.assign(text.consensus, { epochLength: EPOCH_LENGTH }), 2);
  const [KNOWN, UNKNOWN] = [4, 5];
  cluster.link = (from, to) => (from !== UNKNOWN && to !== UNKNOWN) || from === KNOWN || to === KNOWN;
  cluster.startAll();
  const reached = cluster.until(() => (cluster.heights()[UNKNOWN] ?? 0) >= 3 * EPOCH_LENGTH, 300_000);
  expect([reached, cluster.heights()[UNKNOWN]]).toEqual([true, 3 * EPOCH_LENGTH]);
  expect(cluster.nodes.flatMap((node) => [...node.halted, ...node.punished])).toEqual([]);
});
