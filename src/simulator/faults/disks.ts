/** Faults of disks. */
import { isWeakQuorum, powerOf } from '../../ledger/validators.ts';
import type { Random } from '../../base/random.ts';
import type { Simulation } from '../simulation.ts';
import type { SimulatedNode } from '../world/node.ts';
import { type Fault, slotsOf } from './fault.ts';

/** What a flipped bit may hit: everything that a node reads when it starts, or when it executes. */
const READ_AGAIN = ['meta/', 'state/', 'node/', 'promise/', 'body/', 'block/', 'evidence/', 'seal/'];

/** A disk that lies makes its node one of the faulty, of whom there may be less than a third. */
function diskFault(describe: string, damage: (node: SimulatedNode, world: Simulation, random: Random) => void): Fault {
  return {
    describe,
    begin(world, random) {
      const { nodes } = world;
      const { validators } = world.newestEpoch;
      const node = random.pick(nodes);
      const faulty: number[] = [];
      for (const { validator, isHonest } of nodes)
        if (validator !== null && (!isHonest || validator === node.validator)) faulty.push(validator);
      node.crash();
      // Who has asked to leave is no help when the epoch ends.
      const left = validators.total - (world.owners?.leavingPower ?? 0n);
      if (!isWeakQuorum({ total: left }, powerOf(validators, faulty))) damage(node, world, random);
      return { whom: slotsOf([node]), end: () => node.start() };
    },
  };
}

export const bitFlip = diskFault(
  'flips a bit on the disk of a node that is off, in a value or in the log; such a node counts as faulty',
  (node, world, random) => {
    node.damaged = true;
    const hit = random.chance(0.5)
      ? `${node.disk.loseBatches()} batches of its log are gone`
      : (node.disk.flipBit(READ_AGAIN) ?? 'nothing');
    world.note('bit-flip', node.slot, hit);
  },
);

export const amnesia = diskFault(
  'empties the disk of a node, which then may contradict itself: it counts as a liar',
  (node, world) => {
    node.isLiar = true;
    node.disk.wipe();
    world.note('amnesia', node.slot);
  },
);
