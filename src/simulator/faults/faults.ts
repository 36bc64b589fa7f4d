/** What can go wrong without anybody lying. Each fault begins somewhere at random, and says how it ends. */
import type { Simulation } from '../simulation.ts';
import { READ_MS, WRITE_MS } from '../world/disk.ts';
import { amnesia, bitFlip } from './disks.ts';
import type { Fault } from './fault.ts';
import { crash, pause, skew, slow } from './nodes.ts';
import { clog, delay, duplication, loss, oneWay, partition, reorder } from './wires.ts';

/** By name. Seeds choose by this order. */
export const faults: ReadonlyMap<string, Fault> = new Map([
  ['delay', delay],
  ['loss', loss],
  ['duplication', duplication],
  ['reorder', reorder],
  ['partition', partition],
  ['one-way', oneWay],
  ['clog', clog],
  ['slow', slow],
  ['skew', skew],
  ['pause', pause],
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
    node.disk.readMs = READ_MS;
    node.resume();
    node.start();
  }
  links.heal();
  connections.heal();
}
