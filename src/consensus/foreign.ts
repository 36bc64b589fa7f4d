/**
 * Votes that our key signed and we did not cast: another node has our key, or this one goes on from an older copy of its folder and has
 * lost promises. Only our own signature shows it: what peers say of us proves nothing, and what they forge is refused before.
 */
import type { ValidatorIndex } from '../base/brand.ts';
import type { SignedVote } from '../ledger/vote.ts';
import { promised } from './promises.ts';
import { lowestCheckpoint } from './relevance.ts';
import type { Replica } from './replica.ts';

/** Whether this vote, which the key of validator `self` signed in our epoch, was cast elsewhere. Votes of views that we left, and of heights
 *  that are long certified, are forgotten: anybody can show us our own of these, so they prove nothing (P7). */
export function isForeign(replica: Replica, self: ValidatorIndex, { vote, voter }: SignedVote): boolean {
  if (voter !== self || vote.epoch !== replica.instance.epoch || vote.height <= lowestCheckpoint(replica)) return false;
  if (vote.kind !== 'checkpoint' && vote.view < replica.view) return false;
  return promised(replica.promises, vote.kind, vote.view, vote.height)?.vote.hash !== vote.hash;
}
