/** What nodes kept of what was said: signed messages, from which culprits are found. Where it comes from, and whether any of it is
 *  true, is nobody's business here: each signature is checked. */
import type { Epoch, ValidatorIndex } from '../base/brand.ts';
import type { CommitCertificate, PreparedCertificate, SignedNewView, SignedViewChange } from '../consensus/messages.ts';
import type { Certificate, Signers, SignedVote, Vote } from '../ledger/vote.ts';

export interface Transcript {
  readonly votes: readonly SignedVote[];
  /** Finality certificates: CHECKPOINTs. */
  readonly certificates: readonly Certificate[];
  /** Quorums of COMMITs. */
  readonly commits: readonly CommitCertificate[];
  readonly viewChanges: readonly SignedViewChange[];
  readonly newViews: readonly SignedNewView[];
}

export const EMPTY_TRANSCRIPT: Transcript = {
  votes: [],
  certificates: [],
  commits: [],
  viewChanges: [],
  newViews: [],
};

/** The part of a transcript that is of one epoch. */
export const ofEpoch = (
  epoch: Epoch,
  { votes, certificates, commits, viewChanges, newViews }: Transcript,
): Transcript => ({
  votes: votes.filter(({ vote }) => vote.epoch === epoch),
  certificates: certificates.filter((each) => each.epoch === epoch),
  commits: commits.filter((each) => each.epoch === epoch),
  viewChanges: viewChanges.filter(({ viewChange }) => viewChange.epoch === epoch),
  newViews: newViews.filter(({ newView }) => newView.epoch === epoch),
});

/** The epochs that it says something about, by growing number. */
export function epochsIn({ votes, certificates, commits, viewChanges, newViews }: Transcript): readonly Epoch[] {
  const all = [
    ...votes.map(({ vote }) => vote),
    ...viewChanges.map(({ viewChange }) => viewChange),
    ...newViews.map(({ newView }) => newView),
    ...certificates,
    ...commits,
  ];
  return [...new Set(all.map(({ epoch }) => epoch))].sort((a, b) => a - b);
}

/** All votes in a transcript, those that its certificates consist of and those within other messages; some of them twice. */
export function* votesIn(transcript: Transcript): Generator<SignedVote> {
  yield* transcript.votes;
  for (const certificate of transcript.certificates) yield* checkpointsOf(certificate);
  for (const { epoch, view, height, bodyHash, signers, signatures } of transcript.commits)
    yield* votesOf({ kind: 'commit', epoch, view, height, hash: bodyHash }, signers, signatures);
  for (const { viewChange } of viewChangesIn(transcript)) {
    if (viewChange.stable !== null) yield* checkpointsOf(viewChange.stable);
    for (const prepared of viewChange.prepared) yield* preparedVotes(prepared);
  }
  for (const { newView } of transcript.newViews) yield* newView.prePrepares;
}

/** All VIEW-CHANGEs, those that NEW-VIEWs carry too. */
export function* viewChangesIn({ viewChanges, newViews }: Transcript): Generator<SignedViewChange> {
  yield* viewChanges;
  for (const { newView } of newViews) yield* newView.viewChanges;
}

const checkpointsOf = ({ epoch, height, blockHash, signers, signatures }: Certificate): Generator<SignedVote> =>
  votesOf({ kind: 'checkpoint', epoch, view: 0 as Vote['view'], height, hash: blockHash }, signers, signatures);

function* preparedVotes(prepared: PreparedCertificate): Generator<SignedVote> {
  const { epoch, view, height, bodyHash: hash } = prepared;
  yield {
    vote: { kind: 'pre-prepare', epoch, view, height, hash },
    voter: prepared.primary,
    signature: prepared.prePrepareSignature,
  };
  yield* votesOf({ kind: 'prepare', epoch, view, height, hash }, prepared.prepares, prepared.prepareSignatures);
}

/** Nothing, where signers and signatures differ in number: then it is a certificate of nothing. */
function* votesOf(vote: Vote, signers: Signers, signatures: readonly Uint8Array[]): Generator<SignedVote> {
  const voters = signers.getTrueBitIndexes() as ValidatorIndex[];
  if (voters.length !== signatures.length) return;
  for (const [position, voter] of voters.entries()) {
    const signature = signatures[position];
    if (signature !== undefined) yield { vote, voter, signature };
  }
}
