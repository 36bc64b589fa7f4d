/**
 * What one replica knows of one epoch, which is one instance of PBFT. Plain data: `step` (step.ts) is the only writer.
 * Nothing in here grows beyond the window times the number of validators.
 */
import type { Hash, Height, ValidatorIndex, View } from '../base/brand.ts';
import { type EpochSet, primaryOf } from '../ledger/epoch.ts';
import type { Offence } from '../ledger/offence.ts';
import type { Certificate, SignedVote } from '../ledger/vote.ts';
import type { CommitCertificate, PreparedCertificate, SignedNewView, SignedViewChange } from './messages.ts';
import type { Promises } from './promises.ts';

/** What is fixed for the whole epoch. */
export interface Instance extends EpochSet {
  readonly chainId: Hash;
  /** Null for an observer: it follows and signs nothing. */
  readonly self: ValidatorIndex | null;
  /** Heights above the newest certificate that may be in flight. */
  readonly window: number;
  /** The view-change timeout before any view has failed, in ticks; doubles with each view whose timer expires, up to the cap. */
  readonly baseTimeoutTicks: number;
  readonly timeoutCapTicks: number;
  /** The validator's signature of these bytes, 64 bytes. Deterministic. */
  readonly sign: (bytes: Uint8Array) => Uint8Array;
}

/** One height in flight. Votes are those of the current view, one for each voter. */
export interface Slot {
  readonly height: Height;
  /** The body that the primary of this view proposed. */
  prePrepare: SignedVote | null;
  /** Whether the driver was asked for the body, and what it said. */
  body: 'unchecked' | 'asked' | 'valid' | 'invalid';
  readonly prepares: Map<ValidatorIndex, SignedVote>;
  readonly commits: Map<ValidatorIndex, SignedVote>;
  /** Of the highest view in which this replica saw the height prepared. Survives view changes. */
  prepared: PreparedCertificate | null;
  /** The COMMITs by which a body was committed at this height, once it is (4.2 "committed-local"). Never changes. */
  committed: CommitCertificate | null;
}

export interface Replica {
  readonly instance: Instance;
  view: View;
  /** False between our VIEW-CHANGE to `view` and its NEW-VIEW: we take no part in any view. */
  active: boolean;
  /** The newest finality certificate; null where the epoch begins and nothing in it is certified. */
  stable: Certificate | null;
  /** Heights up to here were handed to the ledger in order, or came by state transfer. */
  orderedHeight: Height;
  /** Heights up to here are executed, their block durable. */
  executedHeight: Height;
  /** Heights above the certificate. */
  readonly slots: Map<Height, Slot>;
  /** CHECKPOINT votes around the certificate, one for each voter and height. */
  readonly checkpoints: Map<Height, Map<ValidatorIndex, SignedVote>>;
  /** Our own blocks' hashes, of the heights in `checkpoints`. */
  readonly blockHashes: Map<Height, Hash>;
  /** The COMMIT of the highest view of each other voter, of the heights in `checkpoints`. They outlive views: a VIEW-CHANGE that
   *  hides what its voter committed to is evidence (A4). */
  readonly lastCommits: Map<Height, Map<ValidatorIndex, SignedVote>>;
  /** The VIEW-CHANGE to the highest view, of each voter. */
  readonly viewChanges: Map<ValidatorIndex, SignedViewChange>;
  /** Who asks for a higher view than the active one, and since which tick; none of those that were followed. */
  readonly stranded: Map<ValidatorIndex, number>;
  /** Those for whose sake a view was left in this epoch. */
  readonly followed: Set<ValidatorIndex>;
  /** Ticks in which the active view kept us waiting while somebody asked for the next one, and how many views of this epoch were
   *  left after many of them. */
  readonly slow: { ticks: number; left: number };
  /** What began the current view; null in view 0. */
  newView: SignedNewView | null;
  /** What we signed, and so may not contradict. */
  readonly promises: Promises;
  /** Offences that were reported, by their place: each is reported once. Of the current view; those of CHECKPOINTs, which have
   *  none, and amnesia, which is seen in later ones, as long as CHECKPOINTs are kept. */
  readonly reported: Map<string, Offence>;
  /** What peers lack that every one of us could pass on to them. */
  readonly lacking: { readonly view: Map<ValidatorIndex, Lack>; readonly certificate: Map<ValidatorIndex, Lack> };
  readonly timer: Timer;
}

/** A peer said once more that it has got no further: whose turn it is to help. */
export interface Lack {
  /** Where it stands: its view, or the height of its certificate. */
  readonly at: View | Height;
  /** How often it has said so again. */
  readonly times: number;
}

export interface Timer {
  /** Ticks since this replica began. */
  now: number;
  /** When the current view has failed; null while nothing is awaited. */
  deadline: number | null;
  /** Views in a row whose timer expired here without a commit: the exponent of the timeout (V6). */
  failures: number;
  /** Since when we wait for VIEW-CHANGEs of a quorum; null when we do not. */
  quorumMissingSince: number | null;
  /** When each replica last said where it stands, and when the return of one last made us forget failures. */
  readonly heardAt: Map<ValidatorIndex, number>;
  forgivenAt: number;
  /** Replicas of a quorum's power are connected. */
  reach: boolean;
  /** The driver says that the primary owes a body. */
  demand: boolean;
  /** Last tick at which something was achieved, and at which a STATUS went out. */
  progressAt: number;
  statusAt: number;
}

export const stableHeight = (replica: Replica): Height =>
  replica.stable === null ? ((replica.instance.firstHeight - 1) as Height) : replica.stable.height;

/** The high-water mark (4.3, H = h + L): the last height that may be voted on now. Votes above it are dropped (`isOfUse`). An
 *  epoch's last height ends it too. */
export const windowEnd = (replica: Replica): Height =>
  Math.min(stableHeight(replica) + replica.instance.window, replica.instance.lastHeight) as Height;

export const inWindow = (replica: Replica, height: Height): boolean =>
  height > stableHeight(replica) && height <= windowEnd(replica);

export const primaryOfView = (replica: Replica, view: View): ValidatorIndex => primaryOf(replica.instance, view);

export const isPrimary = (replica: Replica): boolean =>
  replica.instance.self !== null && primaryOfView(replica, replica.view) === replica.instance.self;

/** The slot of a height inside the window; made when it is first needed. */
export function slotAt(replica: Replica, height: Height): Slot {
  const found = replica.slots.get(height);
  if (found !== undefined) return found;
  const slot: Slot = {
    height,
    prePrepare: null,
    body: 'unchecked',
    prepares: new Map(),
    commits: new Map(),
    prepared: null,
    committed: null,
  };
  replica.slots.set(height, slot);
  return slot;
}
