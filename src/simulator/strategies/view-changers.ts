/** Liars in view changes and in what they say of themselves. */
import type { Height, View } from '../../base/brand.ts';
import {
  type NewView,
  newViewSigningBytes,
  type SignedNewView,
  type SignedViewChange,
  type ViewChange,
  viewChangeSigningBytes,
} from '../../consensus/messages.ts';
import { newestCertificate } from '../../consensus/new-view.ts';
import { signersOf } from '../../consensus/tally.ts';
import type { StrategyContext, StrategyFactory } from '../../driver/strategy.ts';
import { NULL_BODY_HASH } from '../../ledger/block.ts';
import { type Certificate, type SignedVote, type Vote, voteSigningBytes } from '../../ledger/vote.ts';
import { inSecondHalf, otherHash, resign } from './lies.ts';
import { liar } from './voters.ts';

const HUGE = Number.MAX_SAFE_INTEGER;

function signViewChange({ genesis, signer }: StrategyContext, viewChange: ViewChange): SignedViewChange {
  return { viewChange, signature: signer.sign(viewChangeSigningBytes(genesis.chainId, viewChange)) };
}

function signNewView({ genesis, signer }: StrategyContext, newView: NewView): SignedNewView {
  return { newView, signature: signer.sign(newViewSigningBytes(genesis.chainId, newView)) };
}

/** VIEW-CHANGEs changed and signed again. */
const changing = (name: string, change: (viewChange: ViewChange) => ViewChange): StrategyFactory =>
  liar(name, (context, outgoing) => {
    const { to, message } = outgoing;
    if (message.kind !== 'view-change' || message.viewChange.viewChange.voter !== context.self) return [outgoing];
    return [
      {
        to,
        message: { kind: 'view-change', viewChange: signViewChange(context, change(message.viewChange.viewChange)) },
      },
    ];
  });

export const hidePrepared = changing('hide-prepared', (viewChange) => ({ ...viewChange, prepared: [] }));

/** Says that bodies were prepared which were not. */
export const forgePrepared = changing('forge-prepared', (viewChange) => ({
  ...viewChange,
  prepared: viewChange.prepared.map((prepared) => ({ ...prepared, bodyHash: otherHash(prepared.bodyHash) })),
}));

/** Shows the certificates of the first view change in all later ones. */
export const stalePrepared: StrategyFactory = (context) => {
  let first: ViewChange | null = null;
  const lie = changing('stale-prepared', (viewChange) => {
    first ??= viewChange;
    return { ...viewChange, stable: first.stable, prepared: first.prepared };
  });
  return lie(context);
};

const nullFilled = (context: StrategyContext, { prePrepares }: NewView): NewView['prePrepares'] =>
  prePrepares.map((each) => resign(context, each, { hash: NULL_BODY_HASH }));

/** A PRE-PREPARE of a body that nobody prepared, for the first height of the view. */
function invented({ genesis, self, signer }: StrategyContext, { epoch, view, viewChanges }: NewView): SignedVote {
  const low = newestCertificate(viewChanges)?.height ?? epoch * genesis.consensus.epochLength;
  const vote: Vote = {
    kind: 'pre-prepare',
    epoch,
    view,
    height: (low + 1) as Height,
    hash: otherHash(genesis.chainId),
  };
  return { vote, voter: self, signature: signer.sign(voteSigningBytes(genesis.chainId, vote)) };
}

/** NEW-VIEWs that drop, reorder or null-fill what has to be proposed again, by turns; where nothing has, that invent it. */
export const badNewView: StrategyFactory = (context) => ({
  name: 'bad-new-view',
  outgoing(outgoing) {
    const { to, message } = outgoing;
    if (message.kind !== 'new-view' || message.newView.newView.voter !== context.self) return [outgoing];
    const { newView } = message.newView;
    const turn = newView.view % 3;
    const changed =
      turn === 0
        ? newView.prePrepares.slice(1)
        : turn === 1
          ? newView.prePrepares.toReversed()
          : nullFilled(context, newView);
    const prePrepares = newView.prePrepares.length > 0 ? changed : [invented(context, newView)];
    return [{ to, message: { kind: 'new-view', newView: signNewView(context, { ...newView, prePrepares }) } }];
  },
});

/** NEW-VIEWs that nobody asked for but itself, who hides what it prepared; to every other one counted as often as a
 *  quorum. */
export const shortNewView = liar('short-new-view', (context, outgoing) => {
  const { to, message } = outgoing;
  if (message.kind !== 'new-view' || message.newView.newView.voter !== context.self) return [outgoing];
  const { newView } = message.newView;
  const own = newView.viewChanges.find(({ viewChange }) => viewChange.voter === context.self);
  if (own === undefined) return [outgoing];
  const hiding = signViewChange(context, { ...own.viewChange, prepared: [] });
  const viewChanges = to % 2 === 0 ? [hiding] : newView.viewChanges.map(() => hiding);
  const short = signNewView(context, { ...newView, viewChanges, prePrepares: [] });
  return [{ to, message: { kind: 'new-view', newView: short } }];
});

/** One NEW-VIEW for each half: from other VIEW-CHANGEs, or with null bodies where there are no others. */
export const twoNewViews = liar('two-new-views', (context, outgoing) => {
  const { to, message } = outgoing;
  if (message.kind !== 'new-view' || message.newView.newView.voter !== context.self) return [outgoing];
  if (!inSecondHalf(context, to)) return [outgoing];
  const { newView } = message.newView;
  const other = { ...newView, prePrepares: nullFilled(context, newView) };
  return [{ to, message: { kind: 'new-view', newView: signNewView(context, other) } }];
});

/** With each STATUS a VIEW-CHANGE to a higher view. */
export const spamViewChange: StrategyFactory = (context) => {
  let more = 0;
  return {
    name: 'spam-view-change',
    outgoing(outgoing) {
      const { to, message } = outgoing;
      if (message.kind !== 'status') return [outgoing];
      const view = (message.status.view + 1 + (more++ % 50)) as View;
      const { epoch } = message.status;
      const viewChange = signViewChange(context, { epoch, view, voter: context.self, stable: null, prepared: [] });
      return [outgoing, { to, message: { kind: 'view-change', viewChange } }];
    },
  };
};

/** With each STATUS a certificate that nobody signed, for the next height. */
export const forgeCertificate = liar('forge-certificate', ({ genesis }, outgoing) => {
  const { to, message } = outgoing;
  if (message.kind !== 'status') return [outgoing];
  const { epoch, stableHeight } = message.status;
  const signers = genesis.validators.validators.map(({ index }) => index);
  const certificate: Certificate = {
    epoch,
    height: (stableHeight + 1) as Height,
    blockHash: otherHash(genesis.chainId),
    signers: signersOf(signers),
    signatures: signers.map(() => new Uint8Array(64)),
  };
  return [outgoing, { to, message: { kind: 'certificate', certificate } }];
});

/** Claims heights and views that nobody has reached, and answers who asks for blocks with changed ones. */
export const lieStatus = liar('lie-status', (context, outgoing) => {
  const { to, message } = outgoing;
  if (message.kind === 'status') {
    const status = { ...message.status, stableHeight: HUGE as Height, executedHeight: HUGE as Height };
    return [{ to, message: { kind: 'status', status: { ...status, slots: [] } } }];
  }
  if (message.kind !== 'blocks') return [outgoing];
  // The wrong header to one half, the right one with a wrong body to the other.
  const blocks = message.blocks.map(({ header, fullBody, certificate }) =>
    inSecondHalf(context, to)
      ? { header, fullBody: { ...fullBody, body: { ...fullBody.body, timestampMs: 1 } }, certificate }
      : { header: { ...header, stateRoot: otherHash(header.stateRoot) }, fullBody, certificate },
  );
  return [{ to, message: { kind: 'blocks', blocks } }];
});
