/**
 * What others signed and we acted upon: should the chain ever fork, it names the culprits (src/forensics). Nothing here is read by a
 * node that runs, and a node whose copy is damaged starts all the same.
 */
import type { Epoch, Height } from '../../base/brand.ts';
import {
  type CommitCertificate,
  commitCertificateCodec,
  type SignedNewView,
  signedNewViewCodec,
} from '../../consensus/messages.ts';
import { ok } from '../../base/result.ts';
import type { Codec } from '../../codec/codec.ts';
import type { Authority } from '../../consensus/authenticate.ts';
import { checkProof } from '../../forensics/culprits.ts';
import { EMPTY_TRANSCRIPT, type Transcript } from '../../forensics/transcript.ts';
import { certificateCodec } from '../../ledger/vote.ts';
import type { Batch } from '../stored/batch.ts';
import { HEARD_HEIGHTS } from '../limits.ts';
import { all, type Entries, one, type Reading, type Sound } from '../stored/reading.ts';
import { KEYS, RANGES } from '../stored/records.ts';

/** A body was committed by these. */
export const keepCommits = (batch: Batch, commits: CommitCertificate): void =>
  batch.put(KEYS.heardCommits(commits.height), commitCertificateCodec.encode(commits));

/** A view was entered by this one. */
export const keepNewView = (batch: Batch, epoch: Epoch, newView: SignedNewView): void =>
  batch.put(KEYS.heardNewView(epoch, newView.newView.view), signedNewViewCodec.encode(newView));

/** What can be read of these. */
const readable = <T>(codec: Codec<T>, entries: Entries): T[] =>
  entries.flatMap(([, bytes]) => {
    const decoded = codec.decode(bytes);
    return decoded.ok ? [decoded.value] : [];
  });

/** Keeps a NEW-VIEW that proves by itself that its primary lied (V10), which is refused. One of each primary and epoch. */
export function keepLie(batch: Batch, authority: Authority, newView: SignedNewView): void {
  const { voter, epoch } = newView.newView;
  if (!checkProof(authority, voter, { kind: 'new-view', newView }).ok) return;
  batch.put(KEYS.heardLie(epoch, voter), signedNewViewCodec.encode(newView));
}

/** What stands in a store for forensics, of all epochs, as it is stored. What cannot be read is left out: the rest may be enough. */
export const transcriptOf = (commits: Entries, newViews: Entries, certificates: Entries): Transcript => ({
  ...EMPTY_TRANSCRIPT,
  commits: readable(commitCertificateCodec, commits),
  newViews: readable(signedNewViewCodec, newViews),
  certificates: readable(certificateCodec, certificates),
});

/** All that a node's store has for forensics. */
export function* readTranscript(): Reading<Sound<Transcript>> {
  const commits = yield* all(RANGES.heardCommits(1024));
  const newViews = yield* all(RANGES.heardNewViews(4));
  const lies = yield* all(RANGES.heardLies(4));
  const newest = yield* one(KEYS.certified);
  const decoded = newest === undefined ? undefined : certificateCodec.decode(newest);
  const last = decoded?.ok === true ? decoded.value.height : 0;
  const first = Math.max(1, last - HEARD_HEIGHTS) as Height;
  const certificates = yield* all(RANGES.certificates(first, last as Height, 1024));
  return ok(transcriptOf(commits, [...newViews, ...lies], certificates));
}
