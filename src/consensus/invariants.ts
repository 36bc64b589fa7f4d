/** What is true of a replica after every step, in production too. A violation is our own bug: the node stops. */
import { invariant } from '../base/invariant.ts';
import { promisesMax } from './limits.ts';
import { type Replica, stableHeight } from './replica.ts';

export function checkInvariants(replica: Replica): void {
  const { instance, slots, viewChanges, newView } = replica;
  const low = stableHeight(replica);
  invariant(replica.executed <= replica.ordered, 'executed before it was ordered');
  invariant(low >= instance.firstHeight - 1 && low <= instance.lastHeight, 'certificate outside the epoch', { low });
  invariant(viewChanges.size <= instance.validators.validators.length, 'more VIEW-CHANGEs than validators');
  invariant(
    replica.view === 0 || instance.self === null || newView !== null || !replica.active,
    'active without NEW-VIEW',
  );
  invariant(newView === null || newView.newView.view === replica.view, 'NEW-VIEW of another view');
  invariant(replica.checkpoints.size <= 2 * instance.window + 1, 'too many heights of CHECKPOINTs');
  invariant(replica.promises.votes.size <= promisesMax(instance.window), 'too many promises', {
    size: replica.promises.votes.size,
  });
  invariant(slots.size <= instance.window, 'too many heights in flight', { size: slots.size });
  for (const { height, prepared } of slots.values()) {
    invariant(height > low && height <= low + instance.window, 'a height outside the window', { height });
    invariant(prepared === null || prepared.height === height, 'a prepared certificate of another height', { height });
  }
}
