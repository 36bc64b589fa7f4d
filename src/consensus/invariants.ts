/** What is true of a replica after every step, in production too. A violation is our own bug: the node stops. */
import { invariant } from '../base/invariant.ts';
import { promisesMax } from './limits.ts';
import { type Replica, stableHeight } from './replica.ts';

export function checkInvariants(replica: Replica): void {
  const { instance, slots, viewChanges, newView } = replica;
  const low = stableHeight(replica);
  invariant(replica.executedHeight <= replica.orderedHeight, 'a height is ordered before it is executed');
  invariant(
    low >= instance.firstHeight - 1 && low <= instance.lastHeight,
    'the newest certificate is of the epoch, or of the last height before it',
    { low },
  );
  invariant(viewChanges.size <= instance.validators.members.length, 'each validator has one VIEW-CHANGE at most');
  invariant(
    replica.view === 0 || instance.self === null || newView !== null || !replica.active,
    'a validator is active in a later view by its NEW-VIEW only',
  );
  invariant(newView === null || newView.newView.view === replica.view, 'the NEW-VIEW is of the current view');
  invariant(
    replica.checkpoints.size <= 2 * instance.window + 1,
    'CHECKPOINTs are kept of two windows of heights, and one',
  );
  invariant(replica.lastCommits.size <= 2 * instance.window + 1, 'COMMITs are kept of as many heights');
  invariant(replica.promises.votes.size <= promisesMax(instance.window), 'promises keep to their limit', {
    size: replica.promises.votes.size,
  });
  invariant(slots.size <= instance.window, 'at most a window of heights is in flight', { size: slots.size });
  for (const { height, prepared } of slots.values()) {
    invariant(height > low && height <= low + instance.window, 'a height in flight is in the window', { height });
    invariant(prepared === null || prepared.height === height, 'a prepared certificate is of its own height', {
      height,
    });
  }
}
