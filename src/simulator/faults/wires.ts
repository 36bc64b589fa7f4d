/** Faults of the wires between nodes. */
import type { Random } from '../../base/random.ts';
import type { Simulation } from '../simulation.ts';
import type { Link, Links } from '../world/links.ts';
import { type Fault, slotsOf } from './fault.ts';

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

export const delay: Fault = linkFault(
  'makes links slow, up to two seconds',
  (link, random) => {
    link.latencyMs += random.between(10, 1000);
    link.jitterMs += random.between(0, 1000);
  },
  (link, { latencyMs, jitterMs }) => {
    link.latencyMs = latencyMs;
    link.jitterMs = jitterMs;
  },
);

export const loss: Fault = linkFault(
  'loses messages, up to half of them',
  (link, random) => {
    link.loss = random.between(0.02, 0.5);
  },
  (link) => {
    link.loss = 0;
  },
);

export const duplication: Fault = linkFault(
  'delivers messages twice',
  (link, random) => {
    link.duplication = random.between(0.05, 0.5);
  },
  (link) => {
    link.duplication = 0;
  },
);

export const reorder: Fault = linkFault(
  'lets messages overtake one another',
  (link, random) => {
    link.unordered = true;
    link.jitterMs += random.between(5, 500);
  },
  (link, { jitterMs }) => {
    link.unordered = false;
    link.jitterMs = jitterMs;
  },
);

export const partition: Fault = {
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

export const oneWay: Fault = {
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

export const clog: Fault = {
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
