import { describe, expect, test } from 'vitest';
import { present } from '../../../src/base/invariant.ts';
import { toHex } from '../../../src/codec/hex.ts';
import { RaftChecker } from '../../../src/compare/raft/checker.ts';
import { type ClusterOptions, DEFAULT_TIMING, RaftCluster } from '../../../src/compare/raft/cluster.ts';
import { payload } from './kit.ts';

const TIMEOUT_MS = DEFAULT_TIMING.tickMs * DEFAULT_TIMING.electionTicksMax;
const SECOND = 1000;

/** Five servers that have been up for a while, number 0 the leader, and what was told of them. */
function cluster(options: Partial<ClusterOptions> = {}) {
  const checker = new RaftChecker();
  const elections: { readonly server: number; readonly term: number }[] = [];
  const answered: string[] = [];
  const committed = new Map<number, string[]>();
  const sent = new Map<string, { count: number; bytes: number }>();
  const running = new RaftCluster({
    seed: 1,
    servers: 5,
    timing: DEFAULT_TIMING,
    latencyMs: 10,
    syncMs: 1,
    firstLeader: 0,
    observers: [
      checker,
      {
        elected: (server, term) => void elections.push({ server, term }),
        answered: (bytes) => void answered.push(new TextDecoder().decode(bytes)),
        started: (server) => void committed.set(server, []),
        committed: (server, _, entry) => void committed.get(server)?.push(new TextDecoder().decode(entry.payload)),
        sent(_from, _to, kind, bytes) {
          const known = sent.get(kind) ?? { count: 0, bytes: 0 };
          sent.set(kind, { count: known.count + 1, bytes: known.bytes + bytes });
        },
      },
    ],
    ...options,
  });
  running.start();
  running.run(2 * SECOND);
  return { cluster: running, checker, elections, answered, committed, sent };
}

const replicaOf = ({ servers }: RaftCluster, server: number) => present(servers[server]?.replica, 'server that is up');

describe('a cluster', () => {
  test('elects whose timeout is shortest, once, and commits what clients beside any server want', () => {
    const { cluster: running, elections, answered, committed, checker } = cluster();
    for (const server of [0, 1, 2, 3, 4]) running.submit(payload(`t${server}`), server);
    running.run(SECOND);
    expect(elections).toEqual([{ server: 0, term: 1 }]);
    expect(answered.toSorted()).toEqual(['t0', 't1', 't2', 't3', 't4']);
    for (const list of committed.values()) expect(list).toEqual(committed.get(0));
    expect(committed.get(4)).toHaveLength(6);
    expect(checker.violations).toEqual([]);
  });

  test('is the same again from the same seed, and another from another', () => {
    const play = (seed: number): string => {
      const trace: string[] = [];
      const running = new RaftCluster({
        seed,
        servers: 3,
        timing: DEFAULT_TIMING,
        latencyMs: 10,
        syncMs: 1,
        observers: [{ sent: (...all) => void trace.push(`${running.nowMs} ${all.join(' ')}`) }],
      });
      running.start();
      running.submit(payload('t'));
      running.run(3 * SECOND);
      return trace.join('\n');
    };
    expect(play(1)).toBe(play(1));
    expect(play(1)).not.toBe(play(2));
  });

  test('takes as long as the wires between a leader and the nearest majority', () => {
    const { cluster: running, answered } = cluster();
    for (const far of [3, 4]) for (const near of [0, 1, 2]) running.setLatency(near, far, 200);
    running.submit(payload('t'));
    running.run(50);
    expect(answered).toEqual(['t']);
    // Healing ends what is wrong; that servers are far from one another is not.
    running.heal();
    for (const server of [1, 2]) running.setLatency(0, server, 200);
    running.submit(payload('u'));
    running.run(350);
    expect(answered).toEqual(['t']);
    running.run(400);
    expect(answered).toEqual(['t', 'u']);
  });

  test('sends each follower an entry once, where nothing is lost: 16 bytes, its payload, and 37 around it', () => {
    const { cluster: running, sent } = cluster({ timing: { ...DEFAULT_TIMING, heartbeatTicks: 40 } });
    const before = present(sent.get('append-entries'), 'kind').bytes;
    const count = present(sent.get('append-entries'), 'kind').count;
    running.submit(payload('x'.repeat(100)));
    running.run(200);
    const after = present(sent.get('append-entries'), 'kind');
    expect(after.count - count).toBe(4);
    expect(after.bytes - before).toBe(4 * (37 + 16 + 100));
    expect(sent.get('client-request')).toBeUndefined();
  });
});

describe('a leader that is cut off', () => {
  test('steps down, and commits nothing more; the others go on, and it follows them', () => {
    const { cluster: running, elections, answered, checker } = cluster();
    running.partition([[0], [1, 2, 3, 4]]);
    running.submit(payload('lost'), 0);
    running.submit(payload('kept'), 1);
    running.run(4 * TIMEOUT_MS);
    expect(replicaOf(running, 0).role).not.toBe('leader');
    expect(elections.length).toBe(2);
    expect(answered).toEqual(['kept']);
    running.heal();
    running.run(2 * TIMEOUT_MS);
    // Its client asks until it is committed.
    expect(answered).toEqual(['kept', 'lost']);
    expect(elections.length).toBe(2);
    expect(
      new Set(running.servers.map(({ durable }) => durable.log.map(({ payload: bytes }) => toHex(bytes)).join())).size,
    ).toBe(1);
    expect(checker.violations).toEqual([]);
  });

  test('and half of the servers with it: neither half commits, and both do when it is over', () => {
    const { cluster: running, answered } = cluster({ servers: 4 });
    running.partition([
      [0, 1],
      [2, 3],
    ]);
    running.submit(payload('here'), 0);
    running.submit(payload('there'), 2);
    running.run(6 * TIMEOUT_MS);
    expect(answered).toEqual([]);
    expect(running.leader).toBeUndefined();
    running.heal();
    running.run(6 * TIMEOUT_MS);
    expect(answered.toSorted()).toEqual(['here', 'there']);
  });
});

test('a server that was cut off comes back without a new term: pre-vote', () => {
  const { cluster: running, elections } = cluster();
  running.partition([[0, 1, 2, 3]]);
  running.run(10 * TIMEOUT_MS);
  expect(replicaOf(running, 4).role).toBe('pre-candidate');
  expect(replicaOf(running, 4).term).toBe(1);
  running.heal();
  running.run(3 * TIMEOUT_MS);
  expect(elections).toEqual([{ server: 0, term: 1 }]);
  expect(replicaOf(running, 4).leader).toBe(0);
});

describe('a crash', () => {
  test('of the leader costs an election, and nothing that was committed', () => {
    const { cluster: running, answered, committed, checker } = cluster();
    running.submit(payload('before'), 1);
    running.run(SECOND);
    running.crash(0);
    running.submit(payload('after'), 1);
    running.run(5 * TIMEOUT_MS);
    expect(answered).toEqual(['before', 'after']);
    running.restart(0);
    running.run(SECOND);
    expect(committed.get(0)).toEqual(committed.get(1));
    expect(checker.violations).toEqual([]);
  });

  test('of all brings back term, vote and log from their disks', () => {
    const { cluster: running, committed } = cluster();
    running.submit(payload('kept'));
    running.run(SECOND);
    const votes = running.servers.map(({ durable: { term, votedFor } }) => ({ term, votedFor }));
    expect(votes.filter(({ votedFor }) => votedFor === 0).length).toBeGreaterThanOrEqual(3);
    for (const { index } of running.servers) running.crash(index);
    for (const { index } of running.servers) running.restart(index);
    expect(running.servers.map((_, server) => replicaOf(running, server))).toMatchObject(votes);
    running.run(3 * TIMEOUT_MS);
    for (const list of committed.values()) expect(list).toContain('kept');
  });

  test('in the middle of a sync loses what was not on the disk, and nobody was told of it', () => {
    const { cluster: running, answered, checker } = cluster({ servers: 1, syncMs: 50 });
    running.submit(payload('t'));
    running.run(20);
    running.crash(0);
    expect(answered).toEqual([]);
    running.restart(0);
    running.run(3 * TIMEOUT_MS);
    expect(answered).toEqual(['t']);
    expect(checker.violations).toEqual([]);
  });
});

describe('a client that asks again', () => {
  const alone = (): ReturnType<typeof cluster> => {
    const made = cluster();
    made.cluster.partition([[0, 1, 2, 3], [4]]);
    made.cluster.submit(payload('moved'), 4);
    made.cluster.run(4 * TIMEOUT_MS);
    expect(made.answered).toEqual([]);
    return made;
  };

  test('beside another server moves there, and is answered once', () => {
    const { cluster: running, answered, committed, checker } = alone();
    running.submit(payload('moved'), 1);
    running.run(SECOND);
    expect(answered).toEqual(['moved']);
    expect(running.clients.waiting).toBe(0);
    running.heal();
    running.run(4 * TIMEOUT_MS);
    expect(answered).toEqual(['moved']);
    for (const list of committed.values()) expect(list.filter((each) => each === 'moved')).toHaveLength(1);
    expect(checker.violations).toEqual([]);
  });

  test('beside the same server goes on as it was', () => {
    const { cluster: running, answered } = alone();
    running.submit(payload('moved'), 4);
    running.run(2 * TIMEOUT_MS);
    expect(answered).toEqual([]);
    running.heal();
    running.run(4 * TIMEOUT_MS);
    expect(answered).toEqual(['moved']);
  });
});
