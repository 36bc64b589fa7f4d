/**
 * Whether somebody else signs with our key: another node that was started with it, or this one before its folder was restored from an older
 * copy. Who votes on beside such a one would break the protocol with two honest nodes (P7).
 */
import { authenticate, type Authority } from '../../consensus/authenticate.ts';
import { isForeign } from '../../consensus/foreign.ts';
import type { Message } from '../../consensus/messages.ts';
import { recoverReplica } from '../../consensus/recovery.ts';
import type { Instance, Replica } from '../../consensus/replica.ts';
import type { Effect } from '../../consensus/transition.ts';
import type { Height } from '../../base/brand.ts';
import type { SignedVote } from '../../ledger/vote.ts';

/** The vote in the message that our key signed and this replica did not cast; undefined where there is none. */
export function foreignVoteIn(replica: Replica, authority: Authority, message: Message): SignedVote | undefined {
  const { self } = replica.instance;
  if (message.kind !== 'vote' || self === null || !isForeign(replica, self, message.vote)) return undefined;
  return authenticate(authority, message).ok ? message.vote : undefined;
}

/** The replica as one that follows for the rest of the epoch, as though it were no validator. */
export function silenced(
  { instance, stable, blockHashes, newView }: Replica,
  executedHeight: Height,
): { readonly instance: Instance; readonly replica: Replica; readonly effects: readonly Effect[] } {
  const following: Instance = { ...instance, self: null };
  const recovered = recoverReplica(following, {
    stable,
    blocks: [...blockHashes].map(([height, hash]) => ({ height, hash })).sort((a, b) => a.height - b.height),
    executedHeight,
    records: newView === null ? [] : [{ kind: 'new-view', newView }],
  });
  return { instance: following, ...recovered };
}
