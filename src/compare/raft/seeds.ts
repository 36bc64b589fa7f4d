/**
 * One seed of Raft's own search: a cluster of 3 to 7 servers under crashes, partitions, restarts and bad wires, its properties
 * checked after every step; then the faults end, and it has to recover, and to stay as it is when a server comes back.
 */
import { Random } from '../../base/random.ts';
import { RaftChecker, type RaftProperty } from './checker.ts';
import { type RaftTiming, RaftCluster } from './cluster.ts';
import { unleash } from './trouble.ts';

/** Simulated milliseconds of faults. */
const TROUBLE_MS = 6000;
/** Election timeouts within which everything has to be committed again. Votes may be split now and then, and each client may
 *  have to ask several servers. */
const RECOVERY_TIMEOUTS = 30;

export interface SeedVerdict {
  readonly seed: number;
  /** Empty where everything held. */
  readonly violations: readonly {
    readonly property: RaftProperty | 'liveness' | 'quiet return';
    readonly message: string;
  }[];
  /** From the end of the faults until every server had committed something new; null when that did not happen. */
  readonly recoveryMs: number | null;
  readonly simulatedMs: number;
  readonly servers: number;
  readonly elections: number;
  readonly crashes: number;
  /** Highest committed index. */
  readonly committed: number;
}

/** Fields that tell one payload from another. */
const payloadOf = (number: number): Uint8Array => Uint8Array.of(1, number >> 16, number >> 8, number);

/** Ticks are coarse, and timeouts close to one another, so that votes are often split. */
function timingOf(random: Random): RaftTiming {
  const electionTicksMin = random.int(8, 10);
  return {
    tickMs: 20,
    heartbeatTicks: 2,
    electionTicksMin,
    electionTicksMax: random.int(electionTicksMin + 2, 2 * electionTicksMin),
    // With one entry in a message, entries of earlier terms travel alone, as in figure 8.
    entriesPerMessage: random.pick([1, 1, 2, 8]),
  };
}

export function runRaftSeed(seed: number): SeedVerdict {
  const random = new Random(seed);
  const checker = new RaftChecker();
  const timing = timingOf(random);
  const counts = { elections: 0, crashes: 0 };
  const cluster = new RaftCluster({
    seed: random.int(0, 2 ** 31 - 1),
    servers: random.pick([3, 3, 4, 5, 5, 7]),
    timing,
    latencyMs: random.int(1, 15),
    syncMs: random.pick([0.3, 5, 20]),
    observers: [checker, { elected: () => void (counts.elections += 1), crashed: () => void (counts.crashes += 1) }],
  });
  cluster.start();
  const trouble = unleash(cluster, random.fork());
  const load = random.fork();
  let submitted = 0;
  const submit = (): number => {
    cluster.submit(payloadOf(submitted), load.int(0, cluster.servers.length - 1));
    return submitted++;
  };
  while (cluster.nowMs < TROUBLE_MS && checker.violations.length === 0) {
    submit();
    cluster.run(load.between(10, 100));
  }
  trouble.stop();
  const violations: SeedVerdict['violations'][number][] = [...checker.violations];
  let recoveryMs: number | null = null;
  if (violations.length === 0) {
    submit();
    recoveryMs = recover(cluster, timing);
    if (recoveryMs === null) violations.push({ property: 'liveness', message: 'not everything is committed in time' });
    else if (!returnsQuietly(cluster, timing, counts))
      violations.push({ property: 'quiet return', message: 'a server that was cut off brought a new term' });
    violations.push(...checker.violations);
  }
  const { nowMs: simulatedMs, servers } = cluster;
  return {
    seed,
    violations,
    recoveryMs,
    simulatedMs,
    servers: servers.length,
    ...counts,
    committed: checker.committedIndex,
  };
}

/** Everything works again: how long until all clients have their answer and all servers the same commits; null for too long. */
function recover(cluster: RaftCluster, { tickMs, electionTicksMax }: RaftTiming): number | null {
  const { nowMs: beganMs, clients, servers } = cluster;
  cluster.heal();
  for (const { index } of servers) cluster.restart(index);
  const isDone = (): boolean => {
    const commit = cluster.leader?.replica?.commit;
    return clients.waiting === 0 && servers.every(({ replica }) => replica?.commit === commit);
  };
  const done = cluster.until(isDone, RECOVERY_TIMEOUTS * electionTicksMax * tickMs);
  return done ? cluster.nowMs - beganMs : null;
}

/** A follower is cut off for some election timeouts, and comes back: nobody has to step down for it (thesis, 9.6). */
function returnsQuietly(cluster: RaftCluster, timing: RaftTiming, counts: { readonly elections: number }): boolean {
  const timeoutMs = timing.electionTicksMax * timing.tickMs;
  cluster.run(2 * timeoutMs);
  const before = counts.elections;
  const numbers = cluster.servers.map(({ index }) => index);
  const away = numbers.find((index) => index !== cluster.leader?.index) ?? 0;
  cluster.partition([numbers.filter((index) => index !== away)]);
  cluster.run(3 * timeoutMs);
  cluster.heal();
  cluster.run(2 * timeoutMs);
  return counts.elections === before;
}
