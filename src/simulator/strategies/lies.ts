/** What liars have in common: signing another vote, and whom they tell what. */
import type { Hash, ValidatorIndex } from '../../base/brand.ts';
import { fromHex } from '../../codec/hex.ts';
import { sha256Hash } from '../../crypto/sha256.ts';
import type { StrategyContext } from '../../driver/strategy.ts';
import type { PeerMessage } from '../../driver/wire.ts';
import { type SignedVote, type Vote, voteSigningBytes } from '../../ledger/vote.ts';

/** Our validly signed vote like `signed`, but for `change`. */
export function resign({ genesis, signer }: StrategyContext, signed: SignedVote, change: Partial<Vote>): SignedVote {
  const vote = { ...signed.vote, ...change };
  return { vote, voter: signed.voter, signature: signer.sign(voteSigningBytes(genesis.chainId, vote)) };
}

/** A hash that is nothing's, the same for every liar. */
export const otherHash = (hash: Hash): Hash => sha256Hash(fromHex(hash));

/** Whether a validator is in the second half of those that are not us. */
export function inSecondHalf({ genesis, self }: StrategyContext, to: ValidatorIndex): boolean {
  const others = genesis.validators.validators.map(({ index }) => index).filter((index) => index !== self);
  return others.indexOf(to) >= Math.ceil(others.length / 2);
}

/** The place that a vote takes: an honest validator has one vote there. */
export const placeOf = ({ vote }: SignedVote): string => `${vote.epoch}/${vote.view}/${vote.height}`;

/** The vote in a message, of our own hand; null in any other message. */
export const ownVote = (
  { self }: StrategyContext,
  message: PeerMessage | { readonly kind: 'bytes' },
): SignedVote | null =>
  (message.kind === 'vote' || message.kind === 'pre-prepare') && message.vote.voter === self ? message.vote : null;
