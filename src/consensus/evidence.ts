/** Proof that a validator signed two things where the protocol allows one. Anyone can check it; silence is never proof. */
import { fail, ok, type Result } from '../base/result.ts';
import { offenceOf, placeKey } from '../ledger/offence.ts';
import { validatorAt } from '../ledger/validators.ts';
import { type Evidence, type SignedVote, voteSigningBytes } from '../ledger/vote.ts';
import type { Authority } from './authenticate.ts';
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

/** The two votes in the order that makes one offence one piece of evidence. */
const evidenceOf = (a: SignedVote, b: SignedVote): Evidence =>
  a.vote.hash < b.vote.hash ? { first: a, second: b } : { first: b, second: a };

/** Reports a second vote that contradicts the first, once for each offence. */
export function accuse(replica: Replica, first: SignedVote, second: SignedVote, emit: Emit): void {
  if (!conflicts(first, second)) return;
  const evidence = evidenceOf(first, second);
  const key = placeKey(offenceOf(evidence));
  if (replica.reported.has(key)) return;
  mark('N3');
  replica.reported.set(key, first.vote);
  emit({ kind: 'evidence', evidence });
}

/** Errors: NOT_AN_OFFENCE, OUT_OF_ORDER, WRONG_EPOCH, HEIGHT_OUT_OF_RANGE, NOT_A_VALIDATOR, BAD_SIGNATURE. */
export function checkEvidence(authority: Omit<Authority, 'window'>, evidence: Evidence): Result<true> {
  const { first, second } = evidence;
  if (!conflicts(first, second)) return fail('NOT_AN_OFFENCE', 'the two votes do not contradict each other');
  if (first.vote.hash > second.vote.hash) return fail('OUT_OF_ORDER', 'the votes stand in the order of their hashes');
  if (first.vote.epoch !== authority.epoch) return fail('WRONG_EPOCH', `evidence of epoch ${first.vote.epoch}`);
  const { height } = first.vote;
  if (height < authority.firstHeight || height > authority.lastHeight)
    return fail('HEIGHT_OUT_OF_RANGE', `height ${height} is not in epoch ${first.vote.epoch}`);
  const validator = validatorAt(authority.validators, first.voter);
  if (validator === undefined) return fail('NOT_A_VALIDATOR', `no validator ${first.voter}`);
  for (const { vote, signature } of [first, second])
    if (!authority.verify(validator.publicKey, voteSigningBytes(authority.chainId, vote), signature))
      return fail('BAD_SIGNATURE', `${vote.kind} of validator ${first.voter} in evidence`);
  return ok(true);
}
