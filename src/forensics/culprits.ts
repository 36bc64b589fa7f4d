/**
 * Names the culprits of a fork, each with messages of its own that contradict each other. Nobody is suspected: all that
 * validators are proved to have signed is searched for pairs that nobody honest signs. Silence is never proof, and whoever is
 * named without need for the fork is guilty all the same.
 *
 * Source: Sheng, Wang, Nayak, Kannan, Viswanath, "BFT Protocol Forensics" (CCS 2021), section 4: with signatures, and with the
 * VIEW-CHANGEs that a NEW-VIEW carries, PBFT names more than a third as long as liars are no quorum. Differs: power instead of
 * count; and the COMMIT and the VIEW-CHANGE of one validator convict it by themselves. FORENSICS.md says why that is enough.
 */
import type { Power, ValidatorIndex } from '../base/brand.ts';
import { fail, ok, type Result } from '../base/result.ts';
import { authenticate, type Authority } from '../consensus/authenticate.ts';
import { checkEvidence, conflicts, equivocationOf, hides } from '../consensus/evidence.ts';
import { newViewSigningBytes, type SignedNewView } from '../consensus/messages.ts';
import type { Evidence } from '../ledger/evidence.ts';
import { offenceOf } from '../ledger/offence.ts';
import { isSharedByQuorums, powerOf, validatorAt } from '../ledger/validators.ts';
import { type Fork, forkIn } from './fork.ts';
import { type Statements, statementsOf } from './statements.ts';
import type { Transcript } from './transcript.ts';

/** What convicts: evidence, or a NEW-VIEW that contradicts its own contents. That one is too large for a body. */
export type Proof = Evidence | { readonly kind: 'new-view'; readonly newView: SignedNewView };

export interface Culprit {
  readonly index: ValidatorIndex;
  readonly power: Power;
  readonly proof: Proof;
}

export interface Findings {
  readonly fork: Fork | undefined;
  /** By growing index. */
  readonly culprits: readonly Culprit[];
  /** Of the culprits together, and of all. */
  readonly power: bigint;
  readonly total: bigint;
}

/** Whether so many are named as a fork takes. */
export const explainsFork = ({ power, total }: Pick<Findings, 'power' | 'total'>): boolean =>
  isSharedByQuorums({ total }, power);

/** What transcripts prove about the authority's epoch. */
export function findCulprits(authority: Authority, transcripts: readonly Transcript[]): Findings {
  const statements = statementsOf(authority, transcripts);
  const { validators } = authority;
  const culprits = [...statements]
    .sort(([a], [b]) => a - b)
    .flatMap(([index, signed]): Culprit[] => {
      const proof = proofAgainst(authority, index, signed);
      const validator = validatorAt(validators, index);
      return proof === undefined || validator === undefined ? [] : [{ index, power: validator.power, proof }];
    });
  return {
    fork: forkIn(authority, statements),
    culprits,
    power: powerOf(
      validators,
      culprits.map(({ index }) => index),
    ),
    total: validators.total,
  };
}

/** The first contradiction that holds: forged ones are passed over. */
function proofAgainst(authority: Authority, index: ValidatorIndex, statements: Statements): Proof | undefined {
  for (const proof of contradictionsOf(statements)) if (checkProof(authority, index, proof).ok) return proof;
  return undefined;
}

/** All that would convict, if it is signed. */
function* contradictionsOf({ votes, claims, newViews }: Statements): Generator<Proof> {
  for (const inOnePlace of votes.values())
    for (const [position, first] of inOnePlace.entries())
      for (const second of inOnePlace.slice(position + 1))
        if (conflicts(first, second)) yield equivocationOf(first, second);
  const commits = [...votes.values()].flat().filter(({ vote }) => vote.kind === 'commit');
  for (const commit of commits)
    for (const viewChange of claims)
      if (hides(commit, viewChange.claims)) yield { kind: 'amnesia', commit, viewChange };
  for (const newView of newViews) yield { kind: 'new-view', newView };
}

/** Why nobody honest signs this NEW-VIEW, whose signature was checked: a primary sends none that its backups refuse (V10). */
function contradictionIn(authority: Authority, newView: SignedNewView): string | undefined {
  const checked = authenticate(authority, { kind: 'new-view', newView });
  return checked.ok || checked.error.code === 'WRONG_EPOCH' ? undefined : checked.error.code;
}

/** Whether a proof convicts this validator. Errors: those of `checkEvidence`, and ANOTHER_CULPRIT. */
export function checkProof(authority: Authority, index: ValidatorIndex, proof: Proof): Result<true> {
  if (proof.kind === 'new-view') return checkNewViewProof(authority, index, proof.newView);
  const checked = checkEvidence(authority, proof);
  if (!checked.ok || offenceOf(proof).validator === index) return checked;
  return fail('ANOTHER_CULPRIT', `the proof against validator ${index} is one against another`);
}

function checkNewViewProof(authority: Authority, index: ValidatorIndex, signed: SignedNewView): Result<true> {
  const { newView, signature } = signed;
  const validator = validatorAt(authority.validators, index);
  if (newView.voter !== index || validator === undefined)
    return fail('ANOTHER_CULPRIT', `the NEW-VIEW held against validator ${index} is another's`);
  if (newView.epoch !== authority.epoch) return fail('WRONG_EPOCH', `NEW-VIEW of epoch ${newView.epoch}`);
  if (!authority.verify(validator.publicKey, newViewSigningBytes(authority.chainId, newView), signature))
    return fail('BAD_SIGNATURE', `NEW-VIEW of validator ${index}`);
  if (contradictionIn(authority, signed) === undefined)
    return fail('NOT_AN_OFFENCE', 'the NEW-VIEW follows from what it carries');
  return ok(true);
}
