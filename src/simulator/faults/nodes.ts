/** Faults of nodes: slow ones, wrong clocks, stopped processes, power cuts. */
import type { Random } from '../../base/random.ts';
import { READ_MS, WRITE_MS } from '../world/disk.ts';
import { CLOCK_SKEW_MAX_MS, type SimulatedNode } from '../world/node.ts';
import { type Fault, slotsOf, someNodes } from './fault.ts';

/** Of a slow node: work takes twice as long where its turns begin so many milliseconds late. */
const SLOWED_MS = 50;

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

export const slow: Fault = nodeFault(
  'makes nodes slow, up to half a second a turn, and work up to ten times as long',
  (node, random) => {
    node.turnMs = random.between(5, 500);
    node.processor.speed = 1 / (1 + node.turnMs / SLOWED_MS);
    node.disk.writeMs = random.between(WRITE_MS, 200);
    // What is read was written lately, or is elsewhere on a disk that is as slow.
    node.disk.readMs = node.disk.writeMs / 4;
  },
  (node) => {
    node.turnMs = 0;
    node.processor.speed = 1;
    node.disk.writeMs = WRITE_MS;
    node.disk.readMs = READ_MS;
  },
);

export const skew: Fault = nodeFault(
  'sets clocks wrong, and lets them run too fast or too slow',
  (node, random) => {
    node.skewMs = random.between(-CLOCK_SKEW_MAX_MS, CLOCK_SKEW_MAX_MS);
    node.tickRate = random.between(0.5, 2);
  },
  (node) => {
    node.skewMs = 0;
    node.tickRate = 1;
  },
);

export const pause: Fault = nodeFault(
  'stops processes and lets them go on',
  (node) => node.pause(),
  (node) => node.resume(),
);

export const crash: Fault = {
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
