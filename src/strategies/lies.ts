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
import { primaryOf } from '../ledger/epoch.ts';
import { validatorAt } from '../ledger/validators.ts';
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

/** Whose turn it is. Nobody's in an epoch that the liar does not know. */
export function primaryIn({ epochs }: StrategyContext, epoch: Epoch, view: View): ValidatorIndex | undefined {
  const known = epochs.of(epoch);
  return known && primaryOf(known, view);
}

/** Where an epoch begins and ends. One that the liar does not know is nowhere. */
export function heightsOf(
  { epochs }: StrategyContext,
  epoch: Epoch,
): { readonly first: Height; readonly last: Height } {
  const known = epochs.of(epoch);
  return { first: known?.firstHeight ?? (0 as Height), last: known?.lastHeight ?? (0 as Height) };
}

/** The key of the liar's own account, 32 bytes. An observer has none. */
export const ownKey = ({ validators, self }: StrategyContext): Uint8Array =>
  validatorAt(validators(), self)?.publicKey ?? new Uint8Array(32);

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
