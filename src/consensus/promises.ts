/**
 * What a validator signed and therefore may not contradict. Each record is on disk, synced, before the message it stands
 * for leaves; after a crash they are all that is left of the replica.
 */
import type { Height, View } from '../base/brand.ts';
import type { SignedVote, VoteKind } from '../ledger/vote.ts';
import type { PreparedCertificate, SignedNewView, SignedViewChange } from './messages.ts';

/** A record that must be durable before any effect after it is carried out. */
export type PromiseRecord =
  /** A vote of ours. */
  | { readonly kind: 'vote'; readonly vote: SignedVote }
  /** We hold this certificate: our COMMIT says so, and our next VIEW-CHANGE must. */
  | { readonly kind: 'prepared'; readonly prepared: PreparedCertificate }
  /** We left all views below this one. */
  | { readonly kind: 'view-change'; readonly viewChange: SignedViewChange }
  /** We are in this view. */
  | { readonly kind: 'new-view'; readonly newView: SignedNewView };

/** Own votes, by kind, view and height. Of no view below ours: that we left it forbids them all. */
export interface Promises {
  readonly votes: Map<string, SignedVote>;
}

const promiseKey = (kind: VoteKind, view: View, height: Height): string => `${kind}/${view}/${height}`;

/** The vote that we already cast where this one would stand, if any. */
export const promised = (promises: Promises, kind: VoteKind, view: View, height: Height): SignedVote | undefined =>
  promises.votes.get(promiseKey(kind, view, height));

export function remember(promises: Promises, vote: SignedVote): void {
  promises.votes.set(promiseKey(vote.vote.kind, vote.vote.view, vote.vote.height), vote);
}

/** Forgets votes of views below this one, when it is durable that we left them. CHECKPOINTs have no view. */
export function forgetViews(promises: Promises, below: View): void {
  for (const [key, { vote }] of promises.votes)
    if (vote.kind !== 'checkpoint' && vote.view < below) promises.votes.delete(key);
}

/** Forgets votes at and below a height. It lies a window below the newest certificate: nobody asks for our CHECKPOINT of it any
 *  more, and nothing else is voted on there. */
export function forgetPromises(promises: Promises, upTo: number): void {
  for (const [key, vote] of promises.votes) if (vote.vote.height <= upTo) promises.votes.delete(key);
}
