/** Who is said to have signed what in one epoch, from transcripts of whoever. Signatures are looked at only where two messages
 *  contradict each other, since there may be hundreds of thousands: `isSigned` says whether one holds. */
import type { ValidatorIndex } from '../base/brand.ts';
import { toHex } from '../codec/hex.ts';
import type { Authority } from '../consensus/authenticate.ts';
import { claimsOf, type SignedNewView } from '../consensus/messages.ts';
import type { SignedClaims } from '../ledger/evidence.ts';
import { isWithin } from '../ledger/epoch.ts';
import { validatorAt } from '../ledger/validators.ts';
import { type SignedVote, voteSigningBytes } from '../ledger/vote.ts';
import { ofEpoch, type Transcript, viewChangesIn, votesIn } from './transcript.ts';

export interface Statements {
  /** By place: `checkpoint/<height>`, or `<view>/<height>` for the three kinds that have a view. */
  readonly votes: Map<string, SignedVote[]>;
  readonly claims: SignedClaims[];
  readonly newViews: SignedNewView[];
}

export type StatementsBy = ReadonlyMap<ValidatorIndex, Statements>;

/** Of the validators of the authority's epoch, and of its heights; each once. */
export function statementsOf(authority: Authority, transcripts: readonly Transcript[]): StatementsBy {
  const all = new Map<ValidatorIndex, Statements>();
  const seen = new Set<string>();
  const by = (voter: ValidatorIndex): Statements | undefined => {
    if (validatorAt(authority.validators, voter) === undefined) return undefined;
    const found = all.get(voter) ?? { votes: new Map(), claims: [], newViews: [] };
    all.set(voter, found);
    return found;
  };
  const isNew = (name: string): boolean => !seen.has(name) && seen.add(name) === seen;
  for (const transcript of transcripts.map((each) => ofEpoch(authority.epoch, each))) {
    for (const signed of votesIn(transcript)) {
      const { vote, voter, signature } = signed;
      const isOurs = vote.epoch === authority.epoch && isWithin(authority, vote.height);
      const place = vote.kind === 'checkpoint' ? `checkpoint/${vote.height}` : `${vote.view}/${vote.height}`;
      if (!isOurs || !isNew(`${voter}/${vote.kind}/${place}/${vote.hash}/${toHex(signature)}`)) continue;
      const votes = by(voter)?.votes;
      votes?.set(place, [...(votes.get(place) ?? []), signed]);
    }
    for (const { viewChange, signature } of viewChangesIn(transcript)) {
      const claims = claimsOf(viewChange);
      const isOurs = claims.epoch === authority.epoch;
      if (!isOurs || !isNew(`${claims.voter}/${claims.view}/${claims.certificates}/${toHex(signature)}`)) continue;
      by(claims.voter)?.claims.push({ claims, signature });
    }
    for (const newView of transcript.newViews)
      if (isNew(`${newView.newView.voter}/new-view/${toHex(newView.signature)}`))
        by(newView.newView.voter)?.newViews.push(newView);
  }
  return all;
}

export function isSigned(authority: Authority, { vote, voter, signature }: SignedVote): boolean {
  const validator = validatorAt(authority.validators, voter);
  if (validator === undefined) return false;
  return authority.verify(validator.publicKey, voteSigningBytes(authority.chainId, vote), signature);
}
