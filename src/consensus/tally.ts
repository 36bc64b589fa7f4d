/** Counting votes by power, and turning them into certificates. */
import { BitArray } from '@chainsafe/ssz';
import type { Hash, ValidatorIndex } from '../base/brand.ts';
import { invariant } from '../base/invariant.ts';
import { VALIDATORS_MAX } from '../ledger/limits.ts';
import { isQuorum, powerOf, type ValidatorSet } from '../ledger/validators.ts';
import type { Certificate, Signers, SignedVote } from '../ledger/vote.ts';
import type { CommitCertificate, PreparedCertificate } from './messages.ts';
import type { Slot } from './replica.ts';

export type Votes = ReadonlyMap<ValidatorIndex, SignedVote>;

/** Who votes for this hash. */
function votersFor(votes: Votes, hash: Hash): ValidatorIndex[] {
  const voters: ValidatorIndex[] = [];
  for (const [voter, { vote }] of votes) if (vote.hash === hash) voters.push(voter);
  return voters;
}

/** The hash that a quorum voted for, if any. */
export function quorumHash(set: ValidatorSet, votes: Votes): Hash | undefined {
  const seen = new Set<Hash>();
  for (const { vote } of votes.values()) {
    if (seen.has(vote.hash)) continue;
    seen.add(vote.hash);
    if (isQuorum(set, powerOf(set, votersFor(votes, vote.hash)))) return vote.hash;
  }
  return undefined;
}

/** The voters, as bits by index. */
export const signersOf = (voters: Iterable<ValidatorIndex>): Signers => {
  const signers = BitArray.fromBitLen(VALIDATORS_MAX);
  for (const voter of voters) signers.set(voter, true);
  return signers;
};

/** The voters for a hash by growing index, with their signatures in that order. */
function signatures(votes: Votes, hash: Hash): { readonly signers: Signers; readonly signatures: Uint8Array[] } {
  const agreeing = [...votes.values()].filter(({ vote }) => vote.hash === hash).sort((a, b) => a.voter - b.voter);
  return {
    signers: signersOf(agreeing.map(({ voter }) => voter)),
    signatures: agreeing.map(({ signature }) => signature),
  };
}

/** Finality certificate of the block that these CHECKPOINTs name. */
export function certificateOf(votes: Votes, blockHash: Hash): Certificate {
  const some = [...votes.values()].find(({ vote }) => vote.hash === blockHash);
  invariant(some !== undefined, 'a certificate has votes');
  return { epoch: some.vote.epoch, height: some.vote.height, blockHash, ...signatures(votes, blockHash) };
}

/** The COMMITs for a body, which are a quorum. */
export function commitCertificateOf(votes: Votes, bodyHash: Hash): CommitCertificate {
  const some = [...votes.values()].find(({ vote }) => vote.hash === bodyHash);
  invariant(some !== undefined, 'a certificate has votes');
  const { epoch, view, height } = some.vote;
  return { epoch, view, height, bodyHash, ...signatures(votes, bodyHash) };
}

/** The prepared predicate (4.2), and its certificate: the PRE-PREPARE, and PREPAREs that with it make a quorum. A slot holds
 *  votes of the current view and of one height, and no PREPARE of the primary; that the body is here and valid is looked at by
 *  `commit`. Undefined while it does not hold. */
export function preparedOf(set: ValidatorSet, slot: Slot): PreparedCertificate | undefined {
  if (slot.prePrepare === null) return undefined;
  const { vote, voter, signature } = slot.prePrepare;
  const power = powerOf(set, [voter, ...votersFor(slot.prepares, vote.hash)]);
  if (!isQuorum(set, power)) return undefined;
  const { signers, signatures: prepareSignatures } = signatures(slot.prepares, vote.hash);
  return {
    epoch: vote.epoch,
    view: vote.view,
    height: vote.height,
    bodyHash: vote.hash,
    primary: voter,
    prePrepareSignature: signature,
    prepares: signers,
    prepareSignatures,
  };
}

/** Who proposed this body in the slot's view, and who voted for it: some of them more than once. */
export function* supportersOf(slot: Slot, bodyHash: Hash): Generator<ValidatorIndex> {
  const votes = [slot.prePrepare, ...slot.commits.values(), ...slot.prepares.values()];
  for (const signed of votes) if (signed?.vote.hash === bodyHash) yield signed.voter;
  if (slot.prepared?.bodyHash === bodyHash)
    for (const voter of slot.prepared.prepares.getTrueBitIndexes()) yield voter as ValidatorIndex;
}
