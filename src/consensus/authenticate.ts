/**
 * Where messages of others become facts. Everything that can be checked without knowing the replica's state is checked
 * here, in one place: signers, signatures, quorums, the shape of certificates, and that a NEW-VIEW proposes exactly what
 * its VIEW-CHANGEs imply.
 */
import type { Hash, ValidatorIndex } from '../base/brand.ts';
import { fail, ok, type Result } from '../base/result.ts';
import { isWithin, type EpochSet, primaryOf } from '../ledger/epoch.ts';
import type { Genesis } from '../ledger/genesis.ts';
import { isQuorum, powerOf, validatorAt } from '../ledger/validators.ts';
import { type Certificate, type Signers, type SignedVote, type Vote, voteSigningBytes } from '../ledger/vote.ts';
import {
  type Message,
  newViewSigningBytes,
  type PreparedCertificate,
  type SignedNewView,
  type SignedViewChange,
  viewChangeSigningBytes,
} from './messages.ts';
import { reproposals } from './new-view.ts';
import { mark } from './marks.ts';

declare const verified: unique symbol;
/** Passed `authenticate`. Only this file makes one. */
export type Verified<T> = T & { readonly [verified]: true };

/** What the messages of one epoch are checked against. */
export interface Authority extends EpochSet {
  readonly chainId: Hash;
  readonly window: number;
  /** The ed25519 predicate. */
  readonly verify: (publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array) => boolean;
}

export const authorityOf = (
  epoch: EpochSet,
  { chainId, consensus }: Pick<Genesis, 'chainId' | 'consensus'>,
  verify: Authority['verify'],
): Authority => ({ ...epoch, chainId, window: consensus.window, verify });

export type AuthenticationCode =
  /** Not of this epoch: no offence, the sender or we are behind. */
  | 'WRONG_EPOCH'
  | 'NOT_A_VALIDATOR'
  | 'BAD_SIGNATURE'
  | 'NOT_THE_PRIMARY'
  | 'HEIGHT_OUT_OF_RANGE'
  | 'QUORUM_NOT_MET'
  | 'OUT_OF_ORDER'
  | 'NEW_VIEW_MISMATCH'
  | 'CHECKPOINT_WITH_VIEW';

type Checked = Result<true, { readonly code: AuthenticationCode; readonly message: string }>;

const FINE: Checked = ok(true);

/** Errors: AuthenticationCode. All but WRONG_EPOCH are the sender's fault. */
export function authenticate(
  authority: Authority,
  message: Message,
): Result<Verified<Message>, { readonly code: AuthenticationCode; readonly message: string }> {
  const checked = check(authority, message);
  return checked.ok ? ok(message as Verified<Message>) : checked;
}

function check(authority: Authority, message: Message): Checked {
  switch (message.kind) {
    case 'vote':
      return checkVote(authority, message.vote);
    case 'view-change':
      return checkViewChange(authority, message.viewChange);
    case 'new-view':
      return checkNewView(authority, message.newView);
    case 'status':
      return FINE;
    case 'certificate':
      return checkCertificate(authority, message.certificate);
  }
}

function checkVote(authority: Authority, signed: SignedVote): Checked {
  const { vote, voter } = signed;
  if (vote.epoch !== authority.epoch) return fail('WRONG_EPOCH', `vote of epoch ${vote.epoch}`);
  if (!isWithin(authority, vote.height))
    return fail('HEIGHT_OUT_OF_RANGE', `height ${vote.height} is not in epoch ${vote.epoch}`);
  if (vote.kind === 'checkpoint' && vote.view !== 0)
    return fail('CHECKPOINT_WITH_VIEW', `CHECKPOINT with view ${vote.view}`);
  const validator = validatorAt(authority.validators, voter);
  if (validator === undefined) return fail('NOT_A_VALIDATOR', `no validator ${voter}`);
  if (vote.kind === 'pre-prepare' && primaryOf(authority, vote.view) !== voter)
    return fail('NOT_THE_PRIMARY', `validator ${voter} is not the primary of view ${vote.view}`);
  if (!authority.verify(validator.publicKey, voteSigningBytes(authority.chainId, vote), signed.signature))
    return fail('BAD_SIGNATURE', `${vote.kind} of validator ${voter}`);
  return FINE;
}

/** Signatures of `signers`, in the order of their indices, all of one vote; with `also`, who signed elsewhere, a quorum. */
function checkQuorum(
  authority: Authority,
  vote: Vote,
  signers: Signers,
  signatures: readonly Uint8Array[],
  also: ValidatorIndex | null,
): Checked {
  const indices = signers.getTrueBitIndexes() as ValidatorIndex[];
  if (indices.length !== signatures.length) return fail('OUT_OF_ORDER', 'signers and signatures differ in number');
  if (also !== null && signers.get(also)) return fail('OUT_OF_ORDER', 'the primary is counted twice');
  for (const index of indices)
    if (validatorAt(authority.validators, index) === undefined) return fail('NOT_A_VALIDATOR', `no validator ${index}`);
  const power = powerOf(authority.validators, also === null ? indices : [also, ...indices]);
  if (!isQuorum(authority.validators, power)) return fail('QUORUM_NOT_MET', `${vote.kind}s of power ${power}`);
  const bytes = voteSigningBytes(authority.chainId, vote);
  for (const [position, index] of indices.entries()) {
    const validator = validatorAt(authority.validators, index);
    const signature = signatures[position];
    if (validator === undefined || signature === undefined || !authority.verify(validator.publicKey, bytes, signature))
      return fail('BAD_SIGNATURE', `${vote.kind} of validator ${index} in a certificate`);
  }
  return FINE;
}

/** Finality certificate: a quorum of CHECKPOINTs. Errors: WRONG_EPOCH, QUORUM_NOT_MET, BAD_SIGNATURE, … */
export function checkCertificate(authority: Authority, certificate: Certificate): Checked {
  if (certificate.epoch !== authority.epoch) return fail('WRONG_EPOCH', `certificate of epoch ${certificate.epoch}`);
  if (!isWithin(authority, certificate.height))
    return fail('HEIGHT_OUT_OF_RANGE', `height ${certificate.height} is not in epoch ${certificate.epoch}`);
  return checkQuorum(authority, checkpointOf(certificate), certificate.signers, certificate.signatures, null);
}

/** What each signer of a certificate signed. */
const checkpointOf = (certificate: Certificate): Vote => ({
  kind: 'checkpoint',
  epoch: certificate.epoch,
  view: 0 as Vote['view'],
  height: certificate.height,
  hash: certificate.blockHash,
});

/** Source: Castro & Liskov 1999, 4.2 "prepared". Differs: power, not count. */
export function checkPrepared(authority: Authority, prepared: PreparedCertificate): Checked {
  const { epoch, view, height, bodyHash } = prepared;
  const prePrepare: SignedVote = {
    vote: { kind: 'pre-prepare', epoch, view, height, hash: bodyHash },
    voter: prepared.primary,
    signature: prepared.prePrepareSignature,
  };
  const primary = checkVote(authority, prePrepare);
  if (!primary.ok) return primary;
  const vote: Vote = { ...prePrepare.vote, kind: 'prepare' };
  return checkQuorum(authority, vote, prepared.prepares, prepared.prepareSignatures, prepared.primary);
}

function checkViewChange(authority: Authority, signed: SignedViewChange): Checked {
  const { viewChange } = signed;
  if (viewChange.epoch !== authority.epoch) return fail('WRONG_EPOCH', `VIEW-CHANGE of epoch ${viewChange.epoch}`);
  const validator = validatorAt(authority.validators, viewChange.voter);
  if (validator === undefined) return fail('NOT_A_VALIDATOR', `no validator ${viewChange.voter}`);
  if (viewChange.view === 0) return fail('OUT_OF_ORDER', 'nobody changes to view 0');
  const bytes = viewChangeSigningBytes(authority.chainId, viewChange);
  if (!authority.verify(validator.publicKey, bytes, signed.signature))
    return fail('BAD_SIGNATURE', `VIEW-CHANGE of validator ${viewChange.voter}`);
  if (viewChange.stable !== null) {
    const stable = checkCertificate(authority, viewChange.stable);
    if (!stable.ok) return stable;
  }
  let last = viewChange.stable?.height ?? authority.firstHeight - 1;
  const end = last + authority.window;
  for (const prepared of viewChange.prepared) {
    if (prepared.height <= last || prepared.height > end)
      return fail('OUT_OF_ORDER', `prepared height ${prepared.height} after ${last}, window to ${end}`);
    if (prepared.view >= viewChange.view)
      return fail('OUT_OF_ORDER', `prepared in view ${prepared.view}, moving to ${viewChange.view}`);
    const checked = checkPrepared(authority, prepared);
    if (!checked.ok) return checked;
    last = prepared.height;
  }
  return FINE;
}

/** 4.4: the primary's choice is recomputed; any difference is its fault. */
function checkNewView(authority: Authority, signed: SignedNewView): Checked {
  const { newView } = signed;
  if (newView.epoch !== authority.epoch) return fail('WRONG_EPOCH', `NEW-VIEW of epoch ${newView.epoch}`);
  const validator = validatorAt(authority.validators, newView.voter);
  if (validator === undefined) return fail('NOT_A_VALIDATOR', `no validator ${newView.voter}`);
  if (newView.view === 0 || primaryOf(authority, newView.view) !== newView.voter)
    return fail('NOT_THE_PRIMARY', `validator ${newView.voter} is not the primary of view ${newView.view}`);
  if (!authority.verify(validator.publicKey, newViewSigningBytes(authority.chainId, newView), signed.signature))
    return fail('BAD_SIGNATURE', `NEW-VIEW of validator ${newView.voter}`);
  let last = -1;
  for (const { viewChange } of newView.viewChanges) {
    if (viewChange.voter <= last) return fail('OUT_OF_ORDER', 'VIEW-CHANGEs not by growing index');
    if (viewChange.view !== newView.view) return fail('OUT_OF_ORDER', `a VIEW-CHANGE to view ${viewChange.view}`);
    last = viewChange.voter;
  }
  const voters = newView.viewChanges.map(({ viewChange }) => viewChange.voter);
  const power = powerOf(authority.validators, voters);
  if (!isQuorum(authority.validators, power)) return fail('QUORUM_NOT_MET', `VIEW-CHANGEs of power ${power}`);
  for (const viewChange of newView.viewChanges) {
    const checked = checkViewChange(authority, viewChange);
    if (!checked.ok) return checked;
  }
  return checkReproposals(authority, signed);
}

function checkReproposals(authority: Authority, { newView }: SignedNewView): Checked {
  mark('V10');
  const expected = reproposals(authority.firstHeight, newView.viewChanges);
  if (expected.length !== newView.prePrepares.length)
    return fail('NEW_VIEW_MISMATCH', `${newView.prePrepares.length} PRE-PREPAREs, ${expected.length} follow`);
  for (const [position, { height, bodyHash }] of expected.entries()) {
    const prePrepare = newView.prePrepares[position];
    if (prePrepare === undefined) return fail('NEW_VIEW_MISMATCH', `no PRE-PREPARE for height ${height}`);
    const { vote, voter } = prePrepare;
    if (vote.kind !== 'pre-prepare' || vote.view !== newView.view || vote.height !== height || voter !== newView.voter)
      return fail('NEW_VIEW_MISMATCH', `not the PRE-PREPARE for height ${height}`);
    if (vote.hash !== bodyHash) return fail('NEW_VIEW_MISMATCH', `another body at height ${height}`);
    const checked = checkVote(authority, prePrepare);
    if (!checked.ok) return checked;
  }
  return FINE;
}
