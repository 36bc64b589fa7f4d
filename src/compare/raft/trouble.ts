/** What goes wrong in a run of Raft's own search: crashes, partitions and bad wires, one after another, some at once. */
import type { Random } from '../../base/random.ts';
import type { RaftCluster } from './cluster.ts';

/** Something goes wrong with the cluster; what it returns ends it. */
type Trouble = (cluster: RaftCluster, random: Random) => () => void;

const numbersOf = ({ servers }: RaftCluster): number[] => servers.map(({ index }) => index);

/** The leader more often than chance would have it: with it the most is lost. */
const somebody = (cluster: RaftCluster, random: Random): number =>
  (random.chance(0.5) ? cluster.leader?.index : undefined) ?? random.pick(numbersOf(cluster));

const crash: Trouble = (cluster, random) => {
  const index = somebody(cluster, random);
  cluster.crash(index);
  return () => cluster.restart(index);
};

const powerLoss: Trouble = (cluster, random) => {
  const down = numbersOf(cluster).filter(() => random.chance(0.8));
  for (const index of down) cluster.crash(index);
  return () => {
    for (const index of down) cluster.restart(index);
  };
};

const partition: Trouble = (cluster, random) => {
  const numbers = random.shuffled(numbersOf(cluster));
  const cut = random.int(1, numbers.length - 1);
  cluster.partition([numbers.slice(0, cut), numbers.slice(cut)]);
  return () => cluster.partition([numbers]);
};

const isolation: Trouble = (cluster, random) => {
  const alone = somebody(cluster, random);
  cluster.partition([numbersOf(cluster).filter((index) => index !== alone)]);
  return () => cluster.partition([numbersOf(cluster)]);
};

/** Some wires carry nothing, in one direction. */
const oneWay: Trouble = (cluster, random) => {
  const cut = [...cluster.links.all()].filter(() => random.chance(0.3));
  for (const link of cut) link.blocked = true;
  return () => {
    for (const link of cut) link.blocked = false;
  };
};

const badWires: Trouble = (cluster, random) => {
  const [loss, duplication, late] = [random.between(0, 0.4), random.between(0, 0.3), random.between(0, 300)];
  for (const link of cluster.links.all())
    Object.assign(link, { loss, duplication, unordered: true, jitterMs: link.jitterMs + late });
  return () => cluster.heal();
};

/** The leader goes, and while candidates ask for votes others crash and are back at once: a vote that was not kept, or that left
 *  before it was, is given twice. */
const reboots: Trouble = (cluster, random) => {
  let isOver = false;
  const strike = (): void => {
    if (isOver) return;
    if (cluster.servers.some(({ replica }) => replica?.role === 'candidate')) {
      for (const { index, replica } of cluster.servers) {
        if (replica?.role !== 'follower' || random.chance(0.5)) continue;
        cluster.crash(index);
        cluster.scheduler.after(random.between(0, 3), () => cluster.restart(index));
      }
    }
    cluster.scheduler.after(random.between(1, 12), strike);
  };
  const leader = cluster.leader?.index;
  if (leader !== undefined) cluster.crash(leader);
  strike();
  return () => {
    isOver = true;
    if (leader !== undefined) cluster.restart(leader);
  };
};

const KINDS: readonly Trouble[] = [
  crash,
  crash,
  crash,
  powerLoss,
  partition,
  partition,
  isolation,
  oneWay,
  badWires,
  reboots,
  reboots,
];

/** From now on, until it is stopped; that ends what is wrong then. */
export function unleash(cluster: RaftCluster, random: Random): { stop(): void } {
  const { scheduler } = cluster;
  const present = new Set<() => void>();
  let isOver = false;
  const next = (): void => {
    if (isOver) return;
    const end = random.pick(KINDS)(cluster, random);
    present.add(end);
    // Short enough to come back into the same election, or long enough for the others to go on.
    const lastsMs = random.chance(0.4) ? random.between(0, 60) : random.between(100, 1500);
    scheduler.after(lastsMs, () => void (present.delete(end) && end()));
    scheduler.after(random.between(20, 600), next);
  };
  scheduler.after(random.between(0, 1000), next);
  return {
    stop() {
      isOver = true;
      for (const end of present) end();
      present.clear();
    },
  };
}
