/** A replica from what was durable when it stopped: the same promises, whatever else was lost. */
import type { Hash, Height, View } from '../base/brand.ts';
import type { Certificate } from '../ledger/vote.ts';
import { declare } from './checkpoint.ts';
import { mark } from './marks.ts';
import { adopt, checkBodies } from './normal-case.ts';
import { type PromiseRecord, promised, remember } from './promises.ts';
import { type Instance, inWindow, type Replica, slotAt, stableHeight } from './replica.ts';
import { sendStatus } from './status.ts';
import { startTimer } from './timer.ts';
import type { Effect, Emit } from './transition.ts';

export interface Recovered {
  /** The newest finality certificate of the epoch that was kept, if any. */
  readonly stable: Certificate | null;
  /** Executed blocks from the certificate's on (or from the window below it), ascending and ending with the last. */
  readonly blocks: readonly { readonly height: Height; readonly hash: Hash }[];
  /** The height of the last executed block. */
  readonly executedHeight: Height;
  /** Records of this epoch, in any order. */
  readonly records: readonly PromiseRecord[];
}

/** What a replica starts from at the beginning of an epoch. */
export const nothingRecovered = (instance: Instance): Recovered => ({
  stable: null,
  blocks: [],
  executedHeight: (instance.firstHeight - 1) as Height,
  records: [],
});

/** The replica, and the effects with which it takes up its part again. */
export function recoverReplica(
  instance: Instance,
  recovered: Recovered,
): { readonly replica: Replica; readonly effects: readonly Effect[] } {
  const replica: Replica = {
    instance,
    view: 0 as View,
    active: true,
    stable: recovered.stable,
    orderedHeight: recovered.executedHeight,
    executedHeight: recovered.executedHeight,
    slots: new Map(),
    checkpoints: new Map(),
    blockHashes: new Map(recovered.blocks.map(({ height, hash }) => [height, hash])),
    lastCommits: new Map(),
    viewChanges: new Map(),
    stranded: new Map(),
    followed: new Set(),
    slow: { ticks: 0, left: 0 },
    newView: null,
    promises: { votes: new Map() },
    reported: new Map(),
    lacking: { view: new Map(), certificate: new Map() },
    timer: {
      now: 0,
      deadline: null,
      failures: 0,
      quorumMissingSince: null,
      heardAt: new Map(),
      forgivenAt: Number.NEGATIVE_INFINITY,
      reach: false,
      demand: false,
      progressAt: 0,
      statusAt: 0,
    },
  };
  const effects: Effect[] = [];
  const emit: Emit = (effect) => effects.push(effect);
  restoreView(replica, recovered.records);
  restoreVotes(replica, recovered.records);
  if (!replica.active) replica.timer.quorumMissingSince = 0;
  if (replica.orderedHeight < stableHeight(replica))
    emit({ kind: 'behind', height: stableHeight(replica), peer: null });
  // It crashed after a block was durable, and before our CHECKPOINT of it was.
  for (const { height, hash } of recovered.blocks)
    if (height > stableHeight(replica) && promised(replica.promises, 'checkpoint', 0 as View, height) === undefined) {
      mark('P6');
      declare(replica, height, hash, emit);
    }
  checkBodies(replica, true, emit);
  startTimer(replica);
  sendStatus(replica, 'all', emit);
  return { replica, effects };
}

/** The highest view that we moved to or entered. */
function restoreView(replica: Replica, records: readonly PromiseRecord[]): void {
  for (const record of records) {
    if (record.kind === 'view-change' && record.viewChange.viewChange.view > replica.view) {
      mark('P4');
      replica.view = record.viewChange.viewChange.view;
      replica.active = false;
      replica.newView = null;
      replica.viewChanges.clear();
      replica.viewChanges.set(record.viewChange.viewChange.voter, record.viewChange);
    }
    if (record.kind === 'new-view' && record.newView.newView.view >= replica.view) {
      replica.view = record.newView.newView.view;
      replica.active = true;
      replica.newView = record.newView;
      replica.viewChanges.clear();
    }
  }
  if (!replica.active || replica.newView === null) return;
  for (const prePrepare of replica.newView.newView.prePrepares)
    if (inWindow(replica, prePrepare.vote.height)) adopt(replica, slotAt(replica, prePrepare.vote.height), prePrepare);
}

function restoreVotes(replica: Replica, records: readonly PromiseRecord[]): void {
  const low = stableHeight(replica) - replica.instance.window;
  for (const record of records) {
    if (record.kind === 'prepared') {
      const { prepared } = record;
      if (!inWindow(replica, prepared.height)) continue;
      const slot = slotAt(replica, prepared.height);
      if (slot.prepared === null || slot.prepared.view < prepared.view) slot.prepared = prepared;
    }
    if (record.kind !== 'vote' || record.vote.vote.height <= low) continue;
    const { vote, voter } = record.vote;
    remember(replica.promises, record.vote);
    if (vote.kind === 'checkpoint') {
      const votes = replica.checkpoints.get(vote.height) ?? new Map();
      replica.checkpoints.set(vote.height, votes.set(voter, record.vote));
      continue;
    }
    if (!replica.active || vote.view !== replica.view || !inWindow(replica, vote.height)) continue;
    mark('P5');
    const slot = slotAt(replica, vote.height);
    if (vote.kind === 'prepare') slot.prepares.set(voter, record.vote);
    if (vote.kind === 'commit') slot.commits.set(voter, record.vote);
    if (vote.kind === 'pre-prepare' && slot.prePrepare === null) adopt(replica, slot, record.vote);
  }
}
