/** What can go wrong without anybody lying. Each fault begins somewhere at random, and says how it ends. */
import type { Link } from './links.ts';
import { CLOCK_SKEW_MAX_MS, type SimulatedNode } from './node.ts';
import type { Random } from './random.ts';
import type { Simulation } from './simulation.ts';

export interface Fault {
  /** One sentence, without a subject. */
  readonly describe: string;
  /** Begins; the answer is how it ends. */
  begin(world: Simulation, random: Random): () => void;
}

/** Some of the nodes, at least one. */
function someNodes({ nodes }: Simulation, random: Random): SimulatedNode[] {
  const most = random.chance(0.2) ? nodes.length : Math.max(1, Math.ceil(nodes.length / 3));
  return random.shuffled(nodes).slice(0, random.int(1, most));
}

/** All links, those of one node, or one. */
function someLinks({ nodes, links }: Simulation, random: Random): Link[] {
  const width = random.int(0, 2);
  if (width === 0) return [...links.all()];
  const [a, b] = random.shuffled(nodes);
  if (a === undefined || b === undefined) return [];
  if (width === 2) return [links.between(a.slot, b.slot)];
  return nodes.flatMap(({ slot }) => [links.between(a.slot, slot), links.between(slot, a.slot)]);
}

/** A fault of links: changes them, and changes them back. */
function linkFault(
  describe: string,
  worsen: (link: Link, random: Random) => void,
  better: (link: Link) => void,
): Fault {
  return {
    describe,
    begin(world, random) {
      const links = someLinks(world, random);
      for (const link of links) worsen(link, random);
      return () => {
        for (const link of links) better(link);
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
      return () => {
        for (const node of nodes) better(node);
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
    const pairs = order.slice(0, cut).flatMap((a) => order.slice(cut).map((b) => [a, b] as const));
    const set = (blocked: boolean): void => {
      for (const [a, b] of pairs) {
        links.between(a.slot, b.slot).blocked = blocked;
        links.between(b.slot, a.slot).blocked = blocked;
        if (noticed) connections.sever(a, b, blocked);
      }
    };
    set(true);
    return () => set(false);
  },
};

const oneWay: Fault = {
  describe: 'lets nothing through in one direction between some nodes',
  begin({ nodes, links }, random) {
    const from = random.shuffled(nodes).slice(0, random.int(1, nodes.length));
    const to = random.shuffled(nodes).slice(0, random.int(1, nodes.length));
    const cut = from.flatMap((a) => to.map((b) => links.between(a.slot, b.slot)));
    for (const link of cut) link.blocked = true;
    return () => {
      for (const link of cut) link.blocked = false;
    };
  },
};

const clog: Fault = {
  describe: 'holds back what some links carry, and lets it go at once',
  begin(world, random) {
    const links = someLinks(world, random);
    for (const link of links) link.clogged = true;
    return () => {
      for (const link of links) world.links.release(link);
    };
  },
};

const crash: Fault = {
  describe: 'cuts the power of nodes: unsynced writes are lost or torn off, then they start again',
  begin(world, random) {
    const nodes = someNodes(world, random);
    for (const node of nodes) node.crash();
    return () => {
      for (const node of nodes) node.start();
    };
  },
};

/** What a flipped bit may hit: everything that a node reads when it starts. */
const READ_AT_START = ['meta/', 'account/', 'promise/', 'body/', 'block/', 'offence/', 'evidence/'];

/** A disk that lies makes its node one of the faulty, of whom there may be less than a third. */
function diskFault(describe: string, damage: (node: SimulatedNode, world: Simulation) => void): Fault {
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
      if (3n * power < genesis.validators.total) damage(node, world);
      return () => node.start();
    },
  };
}

const bitFlip = diskFault(
  'flips a bit on the disk of a node that is off; such a node counts as faulty',
  (node, world) => {
    node.damaged = true;
    world.note('bit-flip', node.slot, node.disk.flipBit(READ_AT_START) ?? 'nothing');
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
      (link) => {
        link.latencyMs = 2;
        link.jitterMs = 1;
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
      (link) => {
        link.unordered = false;
        link.jitterMs = 1;
      },
    ),
  ],
  ['partition', partition],
  ['one-way', oneWay],
  ['clog', clog],
  [
    'slow',
    nodeFault(
      'makes nodes slow, up to half a second a turn',
      (node, random) => {
        node.turnMs = random.between(5, 500);
        node.disk.writeMs = random.between(0.3, 200);
      },
      (node) => {
        node.turnMs = 0;
        node.disk.writeMs = 0.3;
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
    node.disk.writeMs = 0.3;
    node.resume();
    node.start();
  }
  links.heal();
  connections.heal();
}

/** Lets faults of these kinds begin and end at random until it is told to stop. */
export function unleash(world: Simulation, kinds: readonly string[], random: Random): { stop(): void } {
  const chosen = kinds.flatMap((name) => {
    const fault = faults.get(name);
    return fault === undefined ? [] : [{ name, fault }];
  });
  let stopped = chosen.length === 0;
  // Rare or frequent, long or short: each run is of one character.
  const pauseMs = random.between(200, 6000);
  const lastMs = random.between(100, 8000);
  const next = (): void => {
    if (stopped) return;
    world.scheduler.after(random.between(0, 2 * pauseMs), () => {
      if (stopped) return;
      const { name, fault } = random.pick(chosen);
      world.note(`fault ${name}`);
      const end = fault.begin(world, random);
      world.scheduler.after(random.between(0, 2 * lastMs), () => {
        if (!stopped) end();
      });
      next();
    });
  };
  next();
  return {
    stop() {
      stopped = true;
    },
  };
}
