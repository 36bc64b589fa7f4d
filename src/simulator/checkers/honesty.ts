/** What honest validators say: one vote in each place, none in a view that they left, and no VIEW-CHANGE that hides. */
import type { Epoch, Height, View } from '../../base/brand.ts';
import { toHex } from '../../codec/hex.ts';
import type { ViewChange } from '../../consensus/messages.ts';
import type { PeerMessage } from '../../driver/wire/wire.ts';
import type { Vote } from '../../ledger/vote.ts';
import type { Checker, Violate } from '../world/checker.ts';
import type { SimulatedNode } from '../world/node.ts';

interface Said {
  /** By place, what was signed there. */
  readonly votes: Map<string, string>;
  /** The newest COMMIT of each height. */
  readonly commits: Map<Height, Vote>;
  epoch: Epoch;
  /** The view that it moved to. */
  view: View;
}

/** Places remembered of each validator; older ones are settled. */
const PLACES_MAX = 20_000;

export function honesty(violate: Violate): Checker {
  const all = new Map<number, Said>();
  return {
    name: 'one vote',
    sent(node, message) {
      const said = all.get(node.slot) ?? { votes: new Map(), commits: new Map(), epoch: 0 as Epoch, view: 0 as View };
      all.set(node.slot, said);
      listen(node, said, message, (text) => violate(`node ${node.slot} ${text}`));
    },
  };
}

function listen(node: SimulatedNode, said: Said, message: PeerMessage, violate: Violate): void {
  if (message.kind === 'vote' || message.kind === 'pre-prepare') {
    if (message.vote.voter === node.validator) onVote(said, message.vote.vote, violate);
  } else if (message.kind === 'view-change') {
    const { viewChange, signature } = message.viewChange;
    if (viewChange.voter !== node.validator) return;
    if (once(said, `view-change/${viewChange.epoch}/${viewChange.view}`, toHex(signature), violate))
      onViewChange(said, viewChange, violate);
  } else if (message.kind === 'new-view') {
    const { newView, signature } = message.newView;
    if (newView.voter !== node.validator) return;
    once(said, `new-view/${newView.epoch}/${newView.view}`, toHex(signature), violate);
    for (const { vote } of newView.prePrepares) onVote(said, vote, violate);
  }
}

/** True the first time that something stands in this place. */
function once(said: Said, place: string, what: string, violate: Violate): boolean {
  const earlier = said.votes.get(place);
  if (earlier === what) return false;
  if (earlier !== undefined) violate(`signed twice at ${place}: ${earlier.slice(0, 8)} and ${what.slice(0, 8)}`);
  said.votes.set(place, what);
  if (said.votes.size > PLACES_MAX) {
    const oldest = said.votes.keys().next().value;
    if (oldest !== undefined) said.votes.delete(oldest);
  }
  return earlier === undefined;
}

function onVote(said: Said, vote: Vote, violate: Violate): void {
  const { kind, epoch, view, height, hash } = vote;
  if (!once(said, `${kind}/${epoch}/${view}/${height}`, hash, violate)) return;
  if (kind !== 'checkpoint' && epoch === said.epoch && view < said.view)
    violate(`cast a ${kind} in view ${view} after it moved to view ${said.view}`);
  if (kind === 'commit') said.commits.set(height, vote);
}

function onViewChange(said: Said, { epoch, view, stable, prepared }: ViewChange, violate: Violate): void {
  if (epoch === said.epoch && view < said.view) violate(`moved to view ${view} after view ${said.view}`);
  said.epoch = epoch;
  said.view = view;
  for (const [height, commit] of said.commits) {
    if (height <= (stable?.height ?? 0) || commit.epoch < epoch) {
      said.commits.delete(height);
      continue;
    }
    const shown = prepared.find((each) => each.height === height);
    const hides = shown === undefined || shown.view < commit.view;
    if (hides || (shown.view === commit.view && shown.bodyHash !== commit.hash))
      violate(`hid in its VIEW-CHANGE to view ${view} what it committed at height ${height} in view ${commit.view}`);
  }
}
