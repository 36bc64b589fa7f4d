/** What liars have in common: signing another message, and whom they tell what. */
import type { Epoch, Hash, Height, ValidatorIndex, View } from '../base/brand.ts';
import { fromHex } from '../codec/hex.ts';
import {
  type NewView,
  newViewSigningBytes,
  type SignedNewView,
  type SignedViewChange,
  type ViewChange,
  viewChangeSigningBytes,
} from '../consensus/messages.ts';
import { sha256Hash } from '../crypto/sha256.ts';
import type { StrategyContext } from '../driver/wire/strategy.ts';
import type { PeerMessage } from '../driver/wire/wire.ts';
import { type SignedVote, type Vote, voteSigningBytes } from '../ledger/vote.ts';

/** Our validly signed vote like `signed`, but for `change`. */
export function resign({ genesis, signer }: StrategyContext, signed: SignedVote, change: Partial<Vote>): SignedVote {
  const vote = { ...signed.vote, ...change };
  return { vote, voter: signed.voter, signature: signer.sign(voteSigningBytes(genesis.chainId, vote)) };
}

export function signViewChange({ genesis, signer }: StrategyContext, viewChange: ViewChange): SignedViewChange {
  return { viewChange, signature: signer.sign(viewChangeSigningBytes(genesis.chainId, viewChange)) };
}

export function signNewView({ genesis, signer }: StrategyContext, newView: NewView): SignedNewView {
  return { newView, signature: signer.sign(newViewSigningBytes(genesis.chainId, newView)) };
}

/** A hash that is nothing's, the same for every liar. */
export const otherHash = (hash: Hash): Hash => sha256Hash(fromHex(hash));

/** Validators fall into two halves, by turns: the same for all liars, who need not have met, and between neighbours. */
export const inSecondHalf = (validator: ValidatorIndex): boolean => validator % 2 === 1;

/** The place that a vote takes: an honest validator has one vote there. */
export const placeOf = ({ epoch, view, height }: { epoch: Epoch; view: View; height: Height }): string =>
  `${epoch}/${view}/${height}`;

/** The vote in a message, of our own hand; null in any other message. */
export const ownVote = (
  { self }: StrategyContext,
  message: PeerMessage | { readonly kind: 'bytes' },
): SignedVote | null =>
  (message.kind === 'vote' || message.kind === 'pre-prepare') && message.vote.voter === self ? message.vote : null;
