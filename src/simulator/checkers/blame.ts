/** Nobody honest leaves an honest primary when nothing is wrong, whatever liars tell whom. */
import type { Epoch, View } from '../../base/brand.ts';
import { present } from '../../base/invariant.ts';
import { type Epochs, primaryOf } from '../../ledger/epoch.ts';
import type { Checker, Violate } from '../world/checker.ts';
import type { SimulatedNode } from '../world/node.ts';
import { Calm, type CalmWorld } from './calm.ts';

/** Base timeouts after the last fault, and after an honest validator last changed its view or epoch, from which on a primary
 *  can be blamed for nothing but what it does: twice that for which a backup holds anything against it. */
const SETTLED_TIMEOUTS = 4;

/** What an honest backup does to a primary of which it believes that it fails. In other cases it follows somebody. */
const BLAMING = ['timeout', 'invalid-body', 'censorship'];

export function blame(world: CalmWorld & { readonly epochs: Epochs }, violate: Violate): Checker {
  const { nodes, scheduler, genesis, epochs: known } = world;
  const { baseTimeoutTicks, tickMs } = genesis.consensus;
  const settleMs = SETTLED_TIMEOUTS * baseTimeoutTicks * tickMs;
  const calm = new Calm(world);
  let movedMs = scheduler.nowMs;
  const epochs = new Map<number, number>();
  /** All other honest validators are where the node was. */
  const areTogether = (node: SimulatedNode, epoch: Epoch, view: number): boolean =>
    nodes.every((each) => {
      const status = each.driver?.status();
      if (each === node || each.isLiar || each.validator === null) return true;
      return status !== undefined && status.epoch === epoch && status.view === view && status.active;
    });
  return {
    name: 'blame',
    blockExecuted(node, { header }) {
      if (node.validator === null || epochs.get(node.slot) === header.epoch) return;
      epochs.set(node.slot, header.epoch);
      movedMs = scheduler.nowMs;
    },
    noted(node, note) {
      if (node.validator === null || (note.kind !== 'view-change-started' && note.kind !== 'view-entered')) return;
      const settledMs = scheduler.nowMs - Math.max(movedMs, calm.sinceMs());
      movedMs = scheduler.nowMs;
      const epoch = node.driver?.status().epoch;
      if (note.kind !== 'view-change-started' || !BLAMING.includes(note.reason) || epoch === undefined) return;
      const view = (note.view - 1) as View;
      const primary = primaryOf(present(known.of(epoch), 'the epoch of a node'), view);
      const isHonest = nodes.every(({ validator, isLiar }) => validator !== primary || !isLiar);
      if (isHonest && settledMs >= settleMs && areTogether(node, epoch, view))
        violate(`node ${node.slot} leaves the honest primary ${primary} in view ${view}: ${note.reason}`);
    },
  };
}
