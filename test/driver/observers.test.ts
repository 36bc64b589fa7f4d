/** Nodes without a vote. */
import { expect, test } from 'vitest';
import { Cluster } from './cluster.ts';

test('an observer that missed a NEW-VIEW gets it, and no copy after that', () => {
  const OBSERVER = 4;
  const cluster = new Cluster(4, (text) => Object.assign(text.consensus, { idleBlockMs: 1000 }), 1);
  let newViews = 0;
  let isCut = false;
  cluster.link = (_, to) => !(isCut && to === OBSERVER);
  cluster.startAll();
  /** 0 between two views. */
  const viewOf = (index: number): number => {
    const { view, active } = cluster.driver(index).status();
    return active ? view : 0;
  };
  expect(cluster.until(() => cluster.heights()[OBSERVER] === 1, 60_000)).toBe(true);
  cluster.crash(0);
  isCut = true;
  expect(cluster.until(() => [1, 2, 3].every((index) => viewOf(index) === 1), 60_000)).toBe(true);
  expect(viewOf(OBSERVER)).toBe(0);
  isCut = false;
  cluster.link = (_, to, message) => {
    // A NEW-VIEW is by far the longest that an observer gets here.
    if (to === OBSERVER && message.length > 2000) newViews += 1;
    return true;
  };
  expect(cluster.until(() => viewOf(OBSERVER) === 1, 20_000)).toBe(true);
  cluster.run(20_000);
  expect(newViews).toBeLessThanOrEqual(3);
  expect(cluster.nodes.flatMap(({ halted, punished }) => [...halted, ...punished])).toEqual([]);
});
