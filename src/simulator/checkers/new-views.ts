/** What an honest node accepts as the beginning of a view: counted and chosen again, by other means than the core's. */
import type { Hash } from '../../base/brand.ts';
import { present } from '../../base/invariant.ts';
import type { PreparedCertificate, SignedNewView } from '../../consensus/messages.ts';
import { NULL_BODY_HASH } from '../../ledger/block.ts';
import type { Epochs } from '../../ledger/epoch.ts';
import type { Checker, Violate } from '../world/checker.ts';
import { isQuorumOf } from './quorum.ts';

/** Views are entered by growing number, each once. A NEW-VIEW on an honest disk was asked for by a quorum, and proposes what was prepared last, and null in the gaps. */
export function newViews(epochs: Epochs, violate: Violate): Checker {
  const entered = new Map<number, { readonly epoch: number; readonly view: number }>();
  return {
    name: 'new views',
    entered(node, { newView }) {
      if (!node.isHonest) return;
      const last = entered.get(node.slot);
      entered.set(node.slot, newView);
      const wrong = (what: string): void => violate(`node ${node.slot} entered view ${newView.view} ${what}`);
      if (last !== undefined && newView.epoch === last.epoch && newView.view <= last.view)
        wrong(`after view ${last.view}`);
      const voters = new Set(newView.viewChanges.map(({ viewChange }) => viewChange.voter));
      const epoch = present(epochs.of(newView.epoch), 'the epoch of a view');
      if (!isQuorumOf(epoch, (voter) => voters.has(voter))) wrong(`with VIEW-CHANGEs of ${[...voters].join()} alone`);
      const low = Math.max(
        epoch.firstHeight - 1,
        ...newView.viewChanges.map(({ viewChange }) => viewChange.stable?.height ?? 0),
      );
      const chosen = choose(newView, low);
      const proposed = new Map<number, Hash>(newView.prePrepares.map(({ vote }) => [vote.height, vote.hash]));
      for (const height of new Set([...chosen.keys(), ...proposed.keys()]))
        if (chosen.get(height) !== proposed.get(height)) wrong(`with the wrong body at height ${height}`);
    },
  };
}

/** By height, the hashes that have to be proposed again. */
function choose({ viewChanges }: SignedNewView['newView'], low: number): ReadonlyMap<number, Hash> {
  const above = viewChanges
    .flatMap(({ viewChange }): readonly PreparedCertificate[] => viewChange.prepared)
    .filter(({ height }) => height > low)
    .sort((a, b) => a.view - b.view);
  const chosen = new Map<number, Hash>();
  for (let height = low + 1; height <= Math.max(low, ...above.map((each) => each.height)); height++)
    chosen.set(height, NULL_BODY_HASH);
  for (const { height, bodyHash } of above) chosen.set(height, bodyHash);
  return chosen;
}
