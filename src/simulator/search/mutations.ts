/** Small changes of the messages that a validator signs. Each is signed again, and never what it was. */
import type { Hash, Height, ValidatorIndex, View } from '../../base/brand.ts';
import type { NewView, ViewChange } from '../../consensus/messages.ts';
import type { StrategyContext } from '../../driver/wire/strategy.ts';
import type { PeerMessage } from '../../driver/wire/wire.ts';
import { bodyHash } from '../../ledger/block.ts';
import type { Vote } from '../../ledger/vote.ts';
import { otherHash, resign, signNewView, signViewChange } from '../../strategies/lies.ts';

export type Mutation = 'height + 1' | 'height - 1' | 'view + 1' | 'view - 1' | 'another body' | 'less';

/** Who signed a message that belongs to a round; null for all others. */
export function signerOf(message: PeerMessage): ValidatorIndex | null {
  if (message.kind === 'vote' || message.kind === 'pre-prepare') return message.vote.voter;
  if (message.kind === 'view-change') return message.viewChange.viewChange.voter;
  return message.kind === 'new-view' ? message.newView.newView.voter : null;
}

/** What can become of a message that we signed: the changes that change it. */
export function mutationsOf(context: StrategyContext, message: PeerMessage): ReadonlyMap<Mutation, PeerMessage> {
  if (message.kind === 'vote' || message.kind === 'pre-prepare') return votes(context, message);
  if (message.kind === 'view-change') return viewChanges(context, message.viewChange.viewChange);
  return message.kind === 'new-view' ? newViews(context, message.newView.newView) : new Map();
}

const next = <N extends Height | View>(number: N): N => (number + 1) as N;
const previous = <N extends Height | View>(number: N): N => (number - 1) as N;

function votes(
  context: StrategyContext,
  message: Extract<PeerMessage, { kind: 'vote' | 'pre-prepare' }>,
): Map<Mutation, PeerMessage> {
  const { view, height, hash } = message.vote.vote;
  const changed = (change: Partial<Vote>): PeerMessage => ({
    ...message,
    vote: resign(context, message.vote, change),
  });
  const mutations = new Map<Mutation, PeerMessage>([
    ['height + 1', changed({ height: next(height) })],
    ['view + 1', changed({ view: next(view) })],
  ]);
  if (height > 1) mutations.set('height - 1', changed({ height: previous(height) }));
  if (view > 0) mutations.set('view - 1', changed({ view: previous(view) }));
  if (message.kind === 'vote') return mutations.set('another body', changed({ hash: otherHash(hash) }));
  // As valid as the first one: nobody can tell it from what an honest primary proposes.
  const body = { ...message.body, timestampMs: message.body.timestampMs + 1 };
  const vote = resign(context, message.vote, { hash: bodyHash(body) });
  return mutations.set('another body', { kind: 'pre-prepare', vote, body });
}

function viewChanges(context: StrategyContext, old: ViewChange): Map<Mutation, PeerMessage> {
  const mutations = new Map<Mutation, PeerMessage>();
  const add = (name: Mutation, change: Partial<ViewChange>): void => {
    mutations.set(name, { kind: 'view-change', viewChange: signViewChange(context, { ...old, ...change }) });
  };
  const { view, prepared, stable } = old;
  const last = prepared.at(-1);
  const instead = (change: { height?: Height; bodyHash?: Hash }): Partial<ViewChange> =>
    last === undefined ? {} : { prepared: [...prepared.slice(0, -1), { ...last, ...change }] };
  add('view + 1', { view: next(view) });
  if (view > 0) add('view - 1', { view: previous(view) });
  if (last !== undefined) {
    add('height + 1', instead({ height: next(last.height) }));
    add('height - 1', instead({ height: previous(last.height) }));
    add('another body', instead({ bodyHash: otherHash(last.bodyHash) }));
    add('less', { prepared: prepared.slice(0, -1) });
  } else if (stable !== null) add('less', { stable: null });
  return mutations;
}

function newViews(context: StrategyContext, old: NewView): Map<Mutation, PeerMessage> {
  const mutations = new Map<Mutation, PeerMessage>();
  const add = (name: Mutation, change: Partial<NewView>): void => {
    mutations.set(name, { kind: 'new-view', newView: signNewView(context, { ...old, ...change }) });
  };
  const { view, viewChanges: asked, prePrepares } = old;
  const last = prePrepares.at(-1);
  const instead = (change: Partial<Vote>): Partial<NewView> =>
    last === undefined ? {} : { prePrepares: [...prePrepares.slice(0, -1), resign(context, last, change)] };
  add('view + 1', { view: next(view) });
  if (view > 0) add('view - 1', { view: previous(view) });
  if (last !== undefined) {
    add('height + 1', instead({ height: next(last.vote.height) }));
    add('height - 1', instead({ height: previous(last.vote.height) }));
    add('another body', instead({ hash: otherHash(last.vote.hash) }));
    add('less', { prePrepares: prePrepares.slice(0, -1) });
  } else add('less', { viewChanges: asked.slice(0, -1) });
  return mutations;
}
