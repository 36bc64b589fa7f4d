/** Raft with one liar, and with one crash instead. */
import { describe, expect, test } from 'vitest';
import { RaftChecker } from '../../../src/compare/raft/checker.ts';
import { DEFAULT_TIMING, RaftCluster } from '../../../src/compare/raft/cluster.ts';
import { raftStrategies, twoFaced, type RaftStrategyFactory } from '../../../src/compare/raft/strategy.ts';
import { payload } from './kit.ts';

const SECOND = 1000;

function cluster(servers: number, liars: ReadonlyMap<number, RaftStrategyFactory>, firstLeader: number) {
  const checker = new RaftChecker();
  /** By index, the different payloads that honest servers hold final there. */
  const final = new Map<number, Set<string>>();
  const running = new RaftCluster({
    seed: 1,
    servers,
    timing: DEFAULT_TIMING,
    latencyMs: 10,
    syncMs: 1,
    firstLeader,
    liars,
    observers: [
      checker,
      {
        committed(_, index, entry) {
          final.set(index, (final.get(index) ?? new Set()).add(new TextDecoder().decode(entry.payload)));
        },
      },
    ],
  });
  running.start();
  running.run(2 * SECOND);
  const disputed = (): string[][] =>
    [...final.values()].filter(({ size }) => size > 1).map((each) => [...each].toSorted());
  const broken = (): string[] => [...new Set(checker.violations.map(({ property }) => property))];
  return { running, disputed, broken };
}

const liar = (server: number, name: string): ReadonlyMap<number, RaftStrategyFactory> => {
  const factory = raftStrategies.get(name);
  if (factory === undefined) throw new Error(name);
  return new Map([[server, factory]]);
};

describe('one liar of four', () => {
  test('leads, tells each half another entry, and both halves hold theirs final', () => {
    const lies = new Map([[0, twoFaced(() => payload('pays Bob'))]]);
    const { running, disputed, broken } = cluster(4, lies, 0);
    running.submit(payload('pays Ann'));
    running.run(SECOND);
    expect(disputed()).toEqual([['pays Ann', 'pays Bob']]);
    expect(broken()).toEqual(['log matching', 'state machine safety']);
  });

  test('says that its log is longer, leads without what is committed, and puts its own in that place', () => {
    const { running, disputed, broken } = cluster(4, liar(0, 'longer-log'), 1);
    running.partition([[1, 2, 3]]);
    running.submit(payload('committed'), 1);
    running.run(SECOND);
    // The power goes, and when it is back the liar alone hears everybody.
    for (const { index } of running.servers) running.crash(index);
    running.partition([
      [0, 1],
      [0, 2],
      [0, 3],
    ]);
    for (const { index } of running.servers) running.restart(index);
    running.submit(payload('other'), 0);
    running.run(10 * SECOND);
    expect(disputed().flat()).toContain('committed');
    expect(broken()).toContain('state machine safety');
  });
});

describe('one voter for everybody', () => {
  test('of three makes two leaders of one term', () => {
    const { running, broken } = cluster(3, liar(2, 'votes-for-all'), 0);
    running.run(SECOND);
    for (const { index } of running.servers) running.crash(index);
    running.partition([
      [0, 2],
      [1, 2],
    ]);
    for (const { index } of running.servers) running.restart(index);
    running.run(10 * SECOND);
    expect(broken()).toContain('election safety');
  });

  test('of four does not', () => {
    const { running, broken } = cluster(4, liar(3, 'votes-for-all'), 0);
    running.partition([
      [0, 3],
      [1, 2, 3],
    ]);
    running.run(10 * SECOND);
    expect(broken()).not.toContain('election safety');
  });
});

test('a crash in the place of the lie keeps everything', () => {
  const { running, disputed, broken } = cluster(4, new Map(), 0);
  running.submit(payload('pays Ann'));
  running.crash(0);
  running.run(5 * SECOND);
  running.submit(payload('pays Bob'), 1);
  running.run(5 * SECOND);
  expect(disputed()).toEqual([]);
  expect(broken()).toEqual([]);
});
