/** What can go wrong without anybody lying. Each fault begins somewhere at random, and says how it ends. */
import { WRITE_MS } from './world/disk.ts';
import type { Link, Links } from './world/links.ts';
import { CLOCK_SKEW_MAX_MS, type SimulatedNode } from './world/node.ts';
import type { Random } from '../base/random.ts';
import type { Simulation } from './simulation.ts';

export interface Fault {
  /** One sentence, without a subject. */
  readonly describe: string;
  begin(world: Simulation, random: Random): Trouble;
}

/** A fault that has begun. */
export interface Trouble {
  /** Whom it hit: slots of nodes as `0,2`, the two sides of a cut as `0,1|2,3`, one direction as `0>1,2`. */
  readonly whom: string;
  end(): void;
}

const slotsOf = (nodes: readonly SimulatedNode[]): string =>
  nodes
    .map(({ slot }) => slot)
    .sort((a, b) => a - b)
    .join(',');

/** Of a slow node: work takes twice as long where its turns begin so many milliseconds late. */
const SLOWED_MS = 50;

/** Some of the nodes, at least one. */
function someNodes({ nodes }: Simulation, random: Random): SimulatedNode[] {
  const most = random.chance(0.2) ? nodes.length : Math.max(1, Math.ceil(nodes.length / 3));
  return random.shuffled(nodes).slice(0, random.int(1, most));
}

/** All links, those of one node, or one. */
function someLinks({ nodes, links }: Simulation, random: Random): { readonly whom: string; readonly hit: Link[] } {
  const width = random.int(0, 2);
  const [a, b] = width === 0 ? [] : random.shuffled(nodes);
  if (a === undefined || b === undefined) return { whom: slotsOf(nodes), hit: [...links.all()] };
  if (width === 2) return { whom: `${a.slot}>${b.slot}`, hit: [links.between(a.slot, b.slot)] };
  const hit = nodes.flatMap(({ slot }) => [links.between(a.slot, slot), links.between(slot, a.slot)]);
  return { whom: `${a.slot}`, hit };
}

/** A fault of links: changes them, and changes them back. */
function linkFault(
  describe: string,
  worsen: (link: Link, random: Random) => void,
  better: (link: Link, links: Links) => void,
): Fault {
  return {
    describe,
    begin(world, random) {
      const { whom, hit } = someLinks(world, random);
      for (const link of hit) worsen(link, random);
      return {
        whom,
        end() {
          for (const link of hit) better(link, world.links);
        },
      };
    },
  };
}

/** A fault of nodes. */
function nodeFault(
  describe: string,
  worsen: (node: SimulatedNode, random: Random) => void,
  better: (node: SimulatedNode) => void,
): Fault {
  return {
    describe,
    begin(world, random) {
      const nodes = someNodes(world, random);
      for (const node of nodes) worsen(node, random);
      return {
        whom: slotsOf(nodes),
        end() {
          for (const node of nodes) better(node);
        },
      };
    },
  };
}

const partition: Fault = {
  describe: 'cuts the network in two',
  begin({ nodes, links, connections }, random) {
    const order = random.shuffled(nodes);
    const cut = random.int(1, Math.max(1, order.length - 1));
    const noticed = random.chance(0.5);
    const [one, other] = [order.slice(0, cut), order.slice(cut)];
    const pairs = one.flatMap((a) => other.map((b) => [a, b] as const));
    const set = (blocked: boolean): void => {
      for (const [a, b] of pairs) {
        links.between(a.slot, b.slot).blocked = blocked;
        links.between(b.slot, a.slot).blocked = blocked;
        if (noticed) connections.sever(a, b, blocked);
      }
    };
    set(true);
    return { whom: `${slotsOf(one)}|${slotsOf(other)}`, end: () => set(false) };
  },
};

const oneWay: Fault = {
  describe: 'lets nothing through in one direction between some nodes',
  begin({ nodes, links }, random) {
    const from = random.shuffled(nodes).slice(0, random.int(1, nodes.length));
    const to = random.shuffled(nodes).slice(0, random.int(1, nodes.length));
    const cut = from.flatMap((a) => to.map((b) => links.between(a.slot, b.slot)));
    for (const link of cut) link.blocked = true;
    return {
      whom: `${slotsOf(from)}>${slotsOf(to)}`,
      end() {
        for (const link of cut) link.blocked = false;
      },
    };
  },
};

const clog: Fault = {
  describe: 'holds back what some links carry, and lets it go at once',
  begin(world, random) {
    const { whom, hit } = someLinks(world, random);
    for (const link of hit) link.clogged = true;
    return {
      whom,
      end() {
        for (const link of hit) world.links.release(link);
      },
    };
  },
};

const crash: Fault = {
  describe: 'cuts the power of nodes: unsynced writes are lost or torn off, then they start again',
  begin(world, random) {
    const nodes = someNodes(world, random);
    for (const node of nodes) node.crash();
    return {
      whom: slotsOf(nodes),
      end() {
        for (const node of nodes) node.start();
      },
    };
  },
};

/** What a flipped bit may hit: everything that a node reads when it starts. */
const READ_AT_START = ['meta/', 'account/', 'promise/', 'body/', 'block/', 'offence/', 'evidence/', 'seal/'];

/** A disk that lies makes its node one of the faulty, of whom there may be less than a third. */
function diskFault(describe: string, damage: (node: SimulatedNode, world: Simulation, random: Random) => void): Fault {
  return {
    describe,
    begin(world, random) {
      const { nodes, genesis } = world;
      const node = random.pick(nodes);
      let power = 0n;
      for (const { validator, isHonest } of nodes)
        if (validator !== null && (!isHonest || validator === node.validator))
          power += genesis.validators.validators[validator]?.power ?? 0n;
      node.crash();
      if (3n * power < genesis.validators.total) damage(node, world, random);
      return { whom: slotsOf([node]), end: () => node.start() };
    },
  };
}

const bitFlip = diskFault(
  'flips a bit on the disk of a node that is off, in a value or in the log; such a node counts as faulty',
  (node, world, random) => {
    node.damaged = true;
    const hit = random.chance(0.5)
      ? `${node.disk.loseBatches()} batches of its log are gone`
      : (node.disk.flipBit(READ_AT_START) ?? 'nothing');
    world.note('bit-flip', node.slot, hit);
  },
);

const amnesia = diskFault(
  'empties the disk of a node, which then may contradict itself: it counts as a liar',
  (node, world) => {
    node.isLiar = true;
    node.disk.wipe();
    world.note('amnesia', node.slot);
  },
);

export const faults: ReadonlyMap<string, Fault> = new Map([
  [
    'delay',
    linkFault(
      'makes links slow, up to two seconds',
      (link, random) => {
        link.latencyMs += random.between(10, 1000);
        link.jitterMs += random.between(0, 1000);
      },
      (link, { latencyMs, jitterMs }) => {
        link.latencyMs = latencyMs;
        link.jitterMs = jitterMs;
      },
    ),
  ],
  [
    'loss',
    linkFault(
      'loses messages, up to half of them',
      (link, random) => {
        link.loss = random.between(0.02, 0.5);
      },
      (link) => {
        link.loss = 0;
      },
    ),
  ],
  [
    'duplication',
    linkFault(
      'delivers messages twice',
      (link, random) => {
        link.duplication = random.between(0.05, 0.5);
      },
      (link) => {
        link.duplication = 0;
      },
    ),
  ],
  [
    'reorder',
    linkFault(
      'lets messages overtake one another',
      (link, random) => {
        link.unordered = true;
        link.jitterMs += random.between(5, 500);
      },
      (link, { jitterMs }) => {
        link.unordered = false;
        link.jitterMs = jitterMs;
      },
    ),
  ],
  ['partition', partition],
  ['one-way', oneWay],
  ['clog', clog],
  [
    'slow',
    nodeFault(
      'makes nodes slow, up to half a second a turn, and work up to ten times as long',
      (node, random) => {
        node.turnMs = random.between(5, 500);
        node.processor.speed = 1 / (1 + node.turnMs / SLOWED_MS);
        node.disk.writeMs = random.between(WRITE_MS, 200);
      },
      (node) => {
        node.turnMs = 0;
        node.processor.speed = 1;
        node.disk.writeMs = WRITE_MS;
      },
    ),
  ],
  [
    'skew',
    nodeFault(
      'sets clocks wrong, and lets them run too fast or too slow',
      (node, random) => {
        node.skewMs = random.between(-CLOCK_SKEW_MAX_MS, CLOCK_SKEW_MAX_MS);
        node.tickRate = random.between(0.5, 2);
      },
      (node) => {
        node.skewMs = 0;
        node.tickRate = 1;
      },
    ),
  ],
  [
    'pause',
    nodeFault(
      'stops processes and lets them go on',
      (node) => node.pause(),
      (node) => node.resume(),
    ),
  ],
  ['crash', crash],
  ['bit-flip', bitFlip],
  ['amnesia', amnesia],
]);

/** Ends everything that ever went wrong. */
export function healAll({ nodes, links, connections }: Simulation): void {
  for (const node of nodes) {
    node.skewMs = 0;
    node.tickRate = 1;
    node.turnMs = 0;
    node.processor.speed = 1;
    node.disk.writeMs = WRITE_MS;
    node.resume();
    node.start();
  }
  links.heal();
  connections.heal();
}
