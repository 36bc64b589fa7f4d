/** Proof that a validator signed two things of which the protocol allows one. Anyone can check it; silence is never proof. */
import { fail, ok, type Result } from '../base/result.ts';
import {
  type Amnesia,
  type Claims,
  claimsSigningBytes,
  type Equivocation,
  type Evidence,
  type SignedClaims,
} from '../ledger/evidence.ts';
import { isWithin } from '../ledger/epoch.ts';
import { offenceOf, placeKey } from '../ledger/offence.ts';
import { type Validator, validatorAt } from '../ledger/validators.ts';
import { type SignedVote, voteSigningBytes } from '../ledger/vote.ts';
import type { Authority } from './authenticate.ts';
import { claimsOf, type SignedViewChange } from './messages.ts';
import type { Replica } from './replica.ts';
import type { Emit } from './transition.ts';
import { mark } from './marks.ts';

/** Whether these are two votes of one validator in one place, for different hashes: nobody honest signs both. */
export const conflicts = (a: SignedVote, b: SignedVote): boolean =>
  a.voter === b.voter &&
  a.vote.kind === b.vote.kind &&
  a.vote.epoch === b.vote.epoch &&
  a.vote.view === b.vote.view &&
  a.vote.height === b.vote.height &&
  a.vote.hash !== b.vote.hash;

/**
 * Whether a VIEW-CHANGE hides what its signer's own COMMIT says was prepared (A4): it goes to a higher view, its certificate does
 * not settle the height, and of that height it shows nothing prepared in the COMMIT's view or a later one; or, in the very same
 * view, another body. A COMMIT says that its signer holds the prepared certificate. From then on each of its VIEW-CHANGEs
 * shows that one, or one of a later view, until its own certificate settles the height (V3).
 */
export function hides({ vote, voter }: SignedVote, claims: Claims): boolean {
  if (vote.kind !== 'commit' || voter !== claims.voter || vote.epoch !== claims.epoch) return false;
  if (claims.view <= vote.view || claims.stableHeight >= vote.height) return false;
  return !claims.prepared.some(
    ({ height, view, bodyHash }) =>
      height === vote.height && (view > vote.view || (view === vote.view && bodyHash === vote.hash)),
  );
}

/** The two votes in the order that makes one offence one piece of evidence. */
export const equivocationOf = (a: SignedVote, b: SignedVote): Equivocation =>
  a.vote.hash < b.vote.hash
    ? { kind: 'equivocation', first: a, second: b }
    : { kind: 'equivocation', first: b, second: a };

/** Reports a second vote that contradicts the first, once for each offence. */
export function accuse(replica: Replica, first: SignedVote, second: SignedVote, emit: Emit): void {
  if (!conflicts(first, second)) return;
  if (report(replica, equivocationOf(first, second), emit)) mark('N3');
}

/** Reports a VIEW-CHANGE that hides what this COMMIT of its voter says, once for each COMMIT. */
export function accuseOfAmnesia(replica: Replica, commit: SignedVote, signed: SignedViewChange, emit: Emit): void {
  const claims = claimsOf(signed.viewChange);
  if (!hides(commit, claims)) return;
  const viewChange: SignedClaims = { claims, signature: signed.signature };
  if (report(replica, { kind: 'amnesia', commit, viewChange }, emit)) mark('A4');
}

/** Compares a VIEW-CHANGE with the COMMITs of its voter that are here. */
export function exposeAmnesia(replica: Replica, signed: SignedViewChange, emit: Emit): void {
  for (const commits of replica.lastCommits.values()) {
    const commit = commits.get(signed.viewChange.voter);
    if (commit !== undefined) accuseOfAmnesia(replica, commit, signed, emit);
  }
}

/** False when it was reported before. */
function report(replica: Replica, evidence: Evidence, emit: Emit): boolean {
  const offence = offenceOf(evidence);
  const key = placeKey(offence);
  if (replica.reported.has(key)) return false;
  replica.reported.set(key, offence);
  emit({ kind: 'evidence', evidence });
  return true;
}

/** Errors: NOT_AN_OFFENCE, OUT_OF_ORDER, WRONG_EPOCH, HEIGHT_OUT_OF_RANGE, NOT_A_VALIDATOR, BAD_SIGNATURE. */
export function checkEvidence(authority: Omit<Authority, 'window'>, evidence: Evidence): Result<true> {
  const { epoch, height, validator: index } = offenceOf(evidence);
  const sound = evidence.kind === 'amnesia' ? checkAmnesia(evidence) : checkEquivocation(evidence);
  if (!sound.ok) return sound;
  if (epoch !== authority.epoch) return fail('WRONG_EPOCH', `evidence of epoch ${epoch}`);
  if (!isWithin(authority, height)) return fail('HEIGHT_OUT_OF_RANGE', `height ${height} is not in epoch ${epoch}`);
  const validator = validatorAt(authority.validators, index);
  if (validator === undefined) return fail('NOT_A_VALIDATOR', `no validator ${index}`);
  return checkSignatures(authority, validator, evidence);
}

function checkEquivocation({ first, second }: Equivocation): Result<true> {
  if (!conflicts(first, second)) return fail('NOT_AN_OFFENCE', 'the two votes do not contradict each other');
  if (first.vote.hash > second.vote.hash) return fail('OUT_OF_ORDER', 'the votes stand in the order of their hashes');
  return ok(true);
}

const checkAmnesia = ({ commit, viewChange }: Amnesia): Result<true> =>
  hides(commit, viewChange.claims)
    ? ok(true)
    : fail('NOT_AN_OFFENCE', 'the VIEW-CHANGE does not hide what the COMMIT says');

function checkSignatures(
  { chainId, verify }: Pick<Authority, 'chainId' | 'verify'>,
  { index, publicKey }: Validator,
  evidence: Evidence,
): Result<true> {
  const votes = evidence.kind === 'amnesia' ? [evidence.commit] : [evidence.first, evidence.second];
  for (const { vote, signature } of votes)
    if (!verify(publicKey, voteSigningBytes(chainId, vote), signature))
      return fail('BAD_SIGNATURE', `${vote.kind} of validator ${index} in evidence`);
  if (evidence.kind === 'equivocation') return ok(true);
  const { claims, signature } = evidence.viewChange;
  return verify(publicKey, claimsSigningBytes(chainId, claims), signature)
    ? ok(true)
    : fail('BAD_SIGNATURE', `VIEW-CHANGE of validator ${index} in evidence`);
}
