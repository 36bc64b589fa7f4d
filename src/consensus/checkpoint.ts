/**
 * CHECKPOINT at every height (Castro & Liskov 1999, 4.3; every height instead of every K): a quorum of them on one block
 * hash is the block's finality certificate, and moves the window.
 */
import type { Hash, Height } from '../base/brand.ts';
import { invariant } from '../base/invariant.ts';
import type { Certificate, SignedVote } from '../ledger/vote.ts';
import { accuse } from './evidence.ts';
import { cast, checkBodies, order } from './normal-case.ts';
import { forgetPromises } from './promises.ts';
import { isOfUse, lowestCheckpoint } from './relevance.ts';
import { type Replica, stableHeight } from './replica.ts';
import { certificateOf, quorumHash } from './tally.ts';
import { madeProgress } from './timer.ts';
import { type Emit, voteMessage } from './transition.ts';
import { mark } from './marks.ts';

/** Our ledger executed a height. */
export function onExecuted(replica: Replica, height: Height, blockHash: Hash, emit: Emit): void {
  invariant(height === replica.executedHeight + 1, 'heights are executed in order, each once', {
    height,
    executed: replica.executedHeight,
  });
  replica.executedHeight = height;
  replica.orderedHeight = Math.max(replica.orderedHeight, height) as Height;
  replica.blockHashes.set(height, blockHash);
  agree(replica, replica.stable);
  declare(replica, height, blockHash, emit);
}

/** Multicasts our CHECKPOINT of a block that is durable here. */
export function declare(replica: Replica, height: Height, blockHash: Hash, emit: Emit): void {
  // So far below the certificate nobody counts it any more, and we would not remember our promise.
  if (height <= lowestCheckpoint(replica)) return;
  const signed = cast(replica, 'checkpoint', height, blockHash, emit);
  if (signed === null) return;
  mark('C1');
  emit({ kind: 'send', to: 'all', message: voteMessage(signed) });
  collect(replica, signed, emit);
}

/** A CHECKPOINT of another replica. It counts in every view, and between views. */
export function onCheckpoint(replica: Replica, signed: SignedVote, emit: Emit): void {
  if (isOfUse(replica, voteMessage(signed))) collect(replica, signed, emit);
}

function collect(replica: Replica, signed: SignedVote, emit: Emit): void {
  const { height } = signed.vote;
  const votes = replica.checkpoints.get(height) ?? new Map();
  replica.checkpoints.set(height, votes);
  const earlier = votes.get(signed.voter);
  if (earlier !== undefined) return accuse(replica, earlier, signed, emit);
  // Whoever signs another block than ours may have signed ours for others. They get to see this signature (N11).
  const ours = replica.blockHashes.get(height);
  if (ours !== undefined && ours !== signed.vote.hash && signed.voter !== replica.instance.self) {
    mark('N11');
    emit({ kind: 'send', to: 'all', message: voteMessage(signed) });
  }
  const { validators } = replica.instance;
  const before = quorumHash(validators, votes);
  votes.set(signed.voter, signed);
  const blockHash = quorumHash(validators, votes);
  if (blockHash === undefined || before !== undefined) return;
  const certificate = certificateOf(votes, blockHash);
  if (height > stableHeight(replica)) onCertificate(replica, certificate, emit);
  else {
    mark('C3');
    emit({ kind: 'certified-late', certificate });
  }
}

/** A newer finality certificate, the paper's stable checkpoint with its proof (4.3): both water marks move, and what is
 *  below is forgotten. */
export function onCertificate(replica: Replica, certificate: Certificate, emit: Emit): void {
  if (certificate.height <= stableHeight(replica)) return;
  agree(replica, certificate);
  mark('C2');
  replica.stable = certificate;
  emit({ kind: 'certified', certificate });
  if (replica.orderedHeight < certificate.height) {
    mark('C4');
    emit({ kind: 'behind', height: certificate.height, peer: null });
  }
  discard(replica);
  checkBodies(replica, false, emit);
}

/** State transfer is done as far as this certificate: the blocks up to it were fetched, and are durable here. */
export function onSynced(replica: Replica, certificate: Certificate, emit: Emit): void {
  if (certificate.height <= replica.executedHeight) return;
  mark('C5');
  replica.executedHeight = certificate.height;
  replica.orderedHeight = Math.max(replica.orderedHeight, certificate.height) as Height;
  replica.blockHashes.set(certificate.height, certificate.blockHash);
  agree(replica, replica.stable);
  if (certificate.height < stableHeight(replica)) {
    mark('C3');
    emit({ kind: 'certified-late', certificate });
  }
  onCertificate(replica, certificate, emit);
  discard(replica);
  madeProgress(replica);
  order(replica, emit);
}

/** The certificate for a body that is proposed: of those around the window, late CHECKPOINTs added, the one that names the most validators,
 *  and of these the newest. Null where nothing of the epoch is certified. */
export function widestCertificate({ instance, stable, checkpoints }: Replica): Certificate | null {
  let widest = stable;
  for (const [height, votes] of checkpoints) {
    const blockHash = stable !== null && height <= stable.height ? quorumHash(instance.validators, votes) : undefined;
    if (blockHash === undefined) continue;
    const certificate = certificateOf(votes, blockHash);
    if (widest === null || isWider(certificate, widest)) widest = certificate;
  }
  mark('C6');
  return widest;
}

const isWider = (a: Certificate, b: Certificate): boolean =>
  a.signatures.length > b.signatures.length || (a.signatures.length === b.signatures.length && a.height > b.height);

/** What a quorum certified is what we executed; else one of us runs other code, or more than a third lie. */
function agree(replica: Replica, certificate: Certificate | null): void {
  if (certificate === null) return;
  const ours = replica.blockHashes.get(certificate.height);
  invariant(ours === undefined || ours === certificate.blockHash, 'our block is the certified one', {
    height: certificate.height,
    ours,
    certified: certificate.blockHash,
  });
}

/** Garbage collection (4.3): forgets what the certificate has settled. */
function discard(replica: Replica): void {
  const low = lowestCheckpoint(replica);
  const stable = stableHeight(replica);
  // A height that is certified and was not ordered here comes by state transfer, so nothing of it has to be kept.
  for (const height of replica.slots.keys()) if (height <= stable) replica.slots.delete(height);
  for (const height of replica.checkpoints.keys()) if (height <= low) replica.checkpoints.delete(height);
  for (const height of replica.lastCommits.keys()) if (height <= low) replica.lastCommits.delete(height);
  for (const height of replica.blockHashes.keys()) if (height <= low) replica.blockHashes.delete(height);
  for (const [key, { height }] of replica.reported) if (height <= low) replica.reported.delete(key);
  forgetPromises(replica.promises, low);
}
