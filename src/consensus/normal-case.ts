/** The normal case: PRE-PREPARE, PREPARE, COMMIT (Castro & Liskov 1999, 4.2). */
import type { Hash, Height, ValidatorIndex, View } from '../base/brand.ts';
import { invariant } from '../base/invariant.ts';
import type { SignedVote, Vote, VoteKind } from '../ledger/vote.ts';
import { voteSigningBytes } from '../ledger/vote.ts';
import { accuse, accuseOfAmnesia } from './evidence.ts';
import { promised, remember } from './promises.ts';
import { isOfUse } from './relevance.ts';
import { inWindow, isPrimary, primaryOfView, type Replica, type Slot, slotAt, stableHeight } from './replica.ts';
import { commitCertificateOf, preparedOf, quorumHash } from './tally.ts';
import { madeProgress, startTimer } from './timer.ts';
import { type Emit, voteMessage } from './transition.ts';
import { mark } from './marks.ts';

/**
 * Signs, remembers and persists a vote of ours; null when we promised otherwise (before a crash, say) or only observe.
 * The one place where votes are signed. The same vote is never signed twice: it is given again.
 */
export function cast(replica: Replica, kind: VoteKind, height: Height, hash: Hash, emit: Emit): SignedVote | null {
  const { self, epoch, chainId, sign } = replica.instance;
  if (self === null) return null;
  const view = (kind === 'checkpoint' ? 0 : replica.view) as View;
  const earlier = promised(replica.promises, kind, view, height);
  if (earlier !== undefined) {
    mark(earlier.vote.hash === hash ? 'P2' : 'P3');
    return earlier.vote.hash === hash ? earlier : null;
  }
  const vote: Vote = { kind, epoch, view, height, hash };
  const signed = { vote, voter: self, signature: sign(voteSigningBytes(chainId, vote)) };
  remember(replica.promises, signed);
  mark('P1');
  emit({ kind: 'persist', record: { kind: 'vote', vote: signed } });
  return signed;
}

/** Where the primary may propose next; null while it may not: not primary, between views, behind, or the window is full. */
export function nextProposal(replica: Replica): { readonly view: View; readonly height: Height } | null {
  if (!replica.active || !isPrimary(replica) || replica.executedHeight < stableHeight(replica)) return null;
  let last = Math.max(stableHeight(replica), replica.orderedHeight);
  for (const slot of replica.slots.values()) if (slot.prePrepare !== null) last = Math.max(last, slot.height);
  for (const { vote } of replica.promises.votes.values())
    if (vote.kind === 'pre-prepare' && vote.view === replica.view) last = Math.max(last, vote.height);
  const height = (last + 1) as Height;
  if (height > replica.instance.lastHeight) mark('E1');
  return inWindow(replica, height) ? { view: replica.view, height } : null;
}

/** The primary multicasts its PRE-PREPARE. The body is durable already. */
export function propose(replica: Replica, view: View, height: Height, bodyHash: Hash, emit: Emit): void {
  const next = nextProposal(replica);
  if (next === null || next.view !== view || next.height !== height) return;
  const signed = cast(replica, 'pre-prepare', height, bodyHash, emit);
  if (signed === null) return;
  const slot = slotAt(replica, height);
  slot.prePrepare = signed;
  slot.body = 'valid';
  mark('N1');
  emit({ kind: 'send', to: 'all', message: voteMessage(signed) });
  startTimer(replica);
  advance(replica, slot, emit);
}

/** A PRE-PREPARE, PREPARE or COMMIT of another replica. Votes for other views and beyond the window are dropped: STATUS
 *  brings them back when they are of use. */
export function onVote(replica: Replica, signed: SignedVote, emit: Emit): void {
  const { vote } = signed;
  if (!isOfUse(replica, voteMessage(signed))) return;
  const slot = slotAt(replica, vote.height);
  switch (vote.kind) {
    case 'pre-prepare':
      return onPrePrepare(replica, slot, signed, emit);
    case 'prepare':
      // The PRE-PREPARE is the primary's PREPARE: it has no other.
      if (signed.voter === primaryOfView(replica, vote.view)) return;
      if (!store(replica, slot.prepares, signed, emit)) return;
      expose(slot, signed, emit);
      return advance(replica, slot, emit);
    case 'commit':
      if (!store(replica, slot.commits, signed, emit)) return;
      holdToCommit(replica, slot, signed, emit);
      expose(slot, signed, emit);
      return advance(replica, slot, emit);
    case 'checkpoint':
      invariant(false, 'CHECKPOINTs have no view');
  }
}

/** Keeps the first vote of each voter. False when there is nothing new. */
function store(replica: Replica, votes: Map<number, SignedVote>, signed: SignedVote, emit: Emit): boolean {
  const earlier = votes.get(signed.voter);
  if (earlier !== undefined) {
    accuse(replica, earlier, signed, emit);
    return false;
  }
  votes.set(signed.voter, signed);
  startTimer(replica);
  return true;
}

/** Looks whether the voter of a new COMMIT hid it in a VIEW-CHANGE before, and keeps it for those to come (A4). */
function holdToCommit(replica: Replica, slot: Slot, commit: SignedVote, emit: Emit): void {
  const { voter } = commit;
  const ahead = replica.viewChanges.get(voter);
  if (ahead !== undefined) accuseOfAmnesia(replica, commit, ahead, emit);
  const commits = replica.lastCommits.get(slot.height) ?? new Map<ValidatorIndex, SignedVote>();
  replica.lastCommits.set(slot.height, commits.set(voter, commit));
}

/** Somebody votes for another body than the one that the primary sent us (N11). If the voter is honest, the primary
 *  sent it another PRE-PREPARE: we show it ours, and it holds two signatures of the primary. If the voter lies, it may
 *  have sent others a different vote: we show them this one, and they hold two signatures of the voter. Either way
 *  somebody honest has proof. */
function expose(slot: Slot, signed: SignedVote, emit: Emit): void {
  if (slot.prePrepare === null || slot.prePrepare.vote.hash === signed.vote.hash) return;
  mark('N11');
  emit({ kind: 'send', to: signed.voter, message: voteMessage(slot.prePrepare) });
  emit({ kind: 'send', to: 'all', message: voteMessage(signed) });
}

function onPrePrepare(replica: Replica, slot: Slot, signed: SignedVote, emit: Emit): void {
  if (slot.prePrepare !== null) {
    accuse(replica, slot.prePrepare, signed, emit);
    return;
  }
  mark('N2');
  adopt(replica, slot, signed);
  for (const earlier of [...slot.prepares.values(), ...slot.commits.values()]) expose(slot, earlier, emit);
  checkBodies(replica, false, emit);
  advance(replica, slot, emit);
}

/** Takes a PRE-PREPARE as the one of its view and height. */
export function adopt(replica: Replica, slot: Slot, prePrepare: SignedVote): void {
  slot.prePrepare = prePrepare;
  slot.body = 'unchecked';
  startTimer(replica);
}

/** Asks the driver whether the bodies are valid whose turn it is: by growing height and without a gap, so that a
 *  primary that skips a height gets no vote beyond it. `repeat`: they were proposed in an earlier view (V12). */
export function checkBodies(replica: Replica, repeat: boolean, emit: Emit): void {
  for (let height = stableHeight(replica) + 1; ; height++) {
    const slot = replica.slots.get(height as Height);
    if (slot === undefined) return;
    if (slot.prePrepare === null) {
      if (slot.committed !== null) continue;
      return;
    }
    if (slot.body !== 'unchecked') continue;
    slot.body = 'asked';
    mark(repeat ? 'V12' : 'N4');
    const { view, hash } = slot.prePrepare.vote;
    emit({ kind: 'check-body', view, height: slot.height, bodyHash: hash, repeat });
  }
}

/** The driver has the body, durable, and found it valid or not. */
export function onBodyChecked(replica: Replica, slot: Slot, valid: boolean, emit: Emit): void {
  slot.body = valid ? 'valid' : 'invalid';
  if (valid) advance(replica, slot, emit);
}

/** Does what follows from the votes of a height: our PREPARE, our COMMIT, and that the body is committed. */
function advance(replica: Replica, slot: Slot, emit: Emit): void {
  prepare(replica, slot, emit);
  commit(replica, slot, emit);
  const { validators } = replica.instance;
  const committed = quorumHash(validators, slot.commits);
  // A quorum of COMMITs proves the commit even to a replica that missed the PREPAREs: each honest one among them prepared.
  if (committed === undefined) return;
  invariant(slot.committed === null || slot.committed.bodyHash === committed, 'one body is committed at each height', {
    height: slot.height,
  });
  if (slot.committed !== null) return;
  mark('N8');
  slot.committed = commitCertificateOf(slot.commits, committed);
  order(replica, emit);
}

function prepare(replica: Replica, slot: Slot, emit: Emit): void {
  const { self } = replica.instance;
  if (self === null || slot.prePrepare === null || slot.body !== 'valid' || isPrimary(replica)) return;
  if (slot.prepares.has(self)) return;
  const signed = cast(replica, 'prepare', slot.height, slot.prePrepare.vote.hash, emit);
  if (signed === null) return;
  mark('N5');
  slot.prepares.set(self, signed);
  emit({ kind: 'send', to: 'all', message: voteMessage(signed) });
}

/** Multicasts COMMIT where the body is prepared (4.2). The certificate is durable first: a later VIEW-CHANGE has to
 *  carry it. */
function commit(replica: Replica, slot: Slot, emit: Emit): void {
  const { self, validators } = replica.instance;
  if (self === null || slot.body !== 'valid' || slot.commits.has(self)) return;
  const prepared = preparedOf(validators, slot);
  if (prepared === undefined) return;
  mark('N7');
  slot.prepared = prepared;
  emit({ kind: 'persist', record: { kind: 'prepared', prepared } });
  const signed = cast(replica, 'commit', slot.height, prepared.bodyHash, emit);
  if (signed === null) return;
  slot.commits.set(self, signed);
  emit({ kind: 'send', to: 'all', message: voteMessage(signed) });
}

/** Hands committed bodies to the ledger, in the order of heights (4.2 "committed-local"). */
export function order(replica: Replica, emit: Emit): void {
  for (;;) {
    const height = (replica.orderedHeight + 1) as Height;
    const committed = replica.slots.get(height)?.committed;
    if (committed === undefined || committed === null) return;
    mark('N9');
    replica.orderedHeight = height;
    madeProgress(replica);
    emit({ kind: 'execute', height, bodyHash: committed.bodyHash, commits: committed });
  }
}
