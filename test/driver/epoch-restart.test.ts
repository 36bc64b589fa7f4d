/** Where the set changes, and one node stops right after each of its writes around the boundary: it goes on with the set that its disk says. */
import { describe, expect, test } from 'vitest';
import type { Height } from '../../src/base/brand.ts';
import { offenceOf } from '../../src/ledger/offence.ts';
import { doubleVote, EPOCH_LENGTH, fiveOfWhomOneLeaves, LEAVER, STAYING } from './leaving.ts';

/** Writes of a node from the block before the epoch's last to the second of the next, at most. */
const WRITES = 16;
const NODE = 2;

/** Stops the node right after so many writes, and starts it again; whether it wrote so often before the second block of the next epoch. */
function stoppedAfter(writes: number, node: number) {
  const cluster = fiveOfWhomOneLeaves();
  cluster.startAll();
  const heightOf = (index: number): Height => (cluster.heights()[index] ?? 0) as Height;
  const reach = (height: number, nodes: readonly number[]): boolean =>
    cluster.until(() => nodes.every((index) => heightOf(index) >= height), 300_000);
  expect(reach(1, STAYING)).toBe(true);
  cluster.inject(2, 0, { kind: 'evidence', evidence: [doubleVote(cluster, 0, 1)] });
  expect(reach(EPOCH_LENGTH - 2, [node])).toBe(true);
  let left = writes;
  let stopped: Height | null = null;
  cluster.node(node).disk.written = () => {
    left -= 1;
    if (left !== 0) return;
    stopped = heightOf(node);
    cluster.crash(node);
    cluster.scheduler.after(200, () => cluster.start(node));
  };
  expect(cluster.until(() => stopped !== null, 60_000)).toBe(true);
  return { cluster, reach, stopped };
}

describe('a node that stops where the set changes', () => {
  test.each(Array.from({ length: WRITES }, (_, i) => i + 1))(
    'after write %i goes on in the epoch of its disk',
    (writes) => {
      const { cluster, reach } = stoppedAfter(writes, NODE);
      expect(reach(3 * EPOCH_LENGTH + 1, STAYING)).toBe(true);
      expect(
        cluster
          .driver(NODE)
          .status()
          .validators.members.map(({ index }) => index),
      ).toEqual(STAYING);
      expect(cluster.nodes.flatMap(({ halted, punished }) => [...halted, ...punished])).toEqual([]);
      const accused = cluster.nodes.flatMap(({ offences }) => offences.map((each) => offenceOf(each).validator));
      expect(new Set(accused)).toEqual(new Set([LEAVER]));
    },
  );

  test.each([1, 4, 7, 10])('after write %i, and leaves, learns it when it is back', (writes) => {
    const { cluster, reach } = stoppedAfter(writes, LEAVER);
    expect(reach(EPOCH_LENGTH + 1, [LEAVER])).toBe(true);
    expect(cluster.driver(LEAVER).status().self).toBe(null);
    expect(reach(3 * EPOCH_LENGTH, STAYING)).toBe(true);
    expect(cluster.nodes.flatMap(({ halted }) => halted)).toEqual([]);
  });
});
