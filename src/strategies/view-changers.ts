/** Liars in view changes and in what they say of themselves. */
import type { Height, View } from '../base/brand.ts';
import type { PreparedCertificate, ViewChange } from '../consensus/messages.ts';
import { signersOf } from '../consensus/tally.ts';
import type { StrategyContext, StrategyFactory } from '../driver/wire/strategy.ts';
import { SKIPPED_BYTES } from '../ledger/block.ts';
import type { Certificate } from '../ledger/vote.ts';
import { heightsOf, inSecondHalf, otherHash, primaryIn, signViewChange } from './lies.ts';
import { beginningWith } from './new-views.ts';
import { liar } from './voters.ts';

const HUGE = Number.MAX_SAFE_INTEGER;
const NO_SIGNATURE = new Uint8Array(64);

/** Changes its own VIEW-CHANGEs, on their way and in the NEW-VIEWs that it begins. */
const changing =
  (name: string, changeFor: (context: StrategyContext) => (viewChange: ViewChange) => ViewChange): StrategyFactory =>
  (context) => {
    const change = changeFor(context);
    const beginner = beginningWith(name, change)(context);
    return {
      ...beginner,
      outgoing(outgoing) {
        const { to, message } = outgoing;
        if (message.kind !== 'view-change' || message.viewChange.viewChange.voter !== context.self)
          return beginner.outgoing(outgoing);
        const viewChange = signViewChange(context, change(message.viewChange.viewChange));
        return [{ to, message: { kind: 'view-change', viewChange } }];
      },
    };
  };

export const hidePrepared = changing('hide-prepared', () => (viewChange) => ({ ...viewChange, prepared: [] }));

/** Says that bodies were prepared which were not: others than those that were, and one more. */
export const forgePrepared = changing('forge-prepared', (context) => (viewChange) => {
  const { epoch, view, stable, prepared } = viewChange;
  const forged = prepared.map((each) => ({ ...each, bodyHash: otherHash(each.bodyHash) }));
  const low = prepared.at(-1)?.height ?? stable?.height ?? heightsOf(context, epoch).first - 1;
  const before = (view - 1) as View;
  const primary = primaryIn(context, epoch, before) ?? context.self;
  const voters = context
    .validators()
    .members.map(({ index }) => index)
    .filter((index) => index !== primary);
  const invented: PreparedCertificate = {
    epoch,
    view: before,
    height: (low + 1) as Height,
    bodyHash: otherHash(context.genesis.chainId),
    primary,
    prePrepareSignature: NO_SIGNATURE,
    prepares: signersOf(voters),
    prepareSignatures: voters.map(() => NO_SIGNATURE),
  };
  return { ...viewChange, prepared: [...forged, invented] };
});

/** Shows the certificates of its first view change in all later ones. */
export const stalePrepared = changing('stale-prepared', () => {
  let first: ViewChange | null = null;
  return (viewChange) => {
    first ??= viewChange;
    return { ...viewChange, stable: first.stable, prepared: first.prepared };
  };
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
export const forgeCertificate = liar('forge-certificate', ({ genesis, validators }, outgoing) => {
  const { to, message } = outgoing;
  if (message.kind !== 'status') return [outgoing];
  const { epoch, stableHeight } = message.status;
  const signers = validators().members.map(({ index }) => index);
  const certificate: Certificate = {
    epoch,
    height: (stableHeight + 1) as Height,
    blockHash: otherHash(genesis.chainId),
    signers: signersOf(signers),
    signatures: signers.map(() => NO_SIGNATURE),
  };
  return [outgoing, { to, message: { kind: 'certificate', certificate } }];
});

/** Claims heights and views that nobody has reached, and answers who asks for blocks with changed ones. */
export const lieStatus = liar('lie-status', (_, outgoing) => {
  const { to, message } = outgoing;
  if (message.kind === 'status') {
    const status = { ...message.status, stableHeight: HUGE as Height, executedHeight: HUGE as Height };
    return [{ to, message: { kind: 'status', status: { ...status, slots: [] } } }];
  }
  if (message.kind !== 'blocks') return [outgoing];
  // From even heights on without what was executed, as if it had been skipped.
  if ((message.blocks[0]?.header.height ?? 1) % 2 === 0) {
    const blocks = message.blocks.map((block) => {
      const { body, transactions } = block.fullBody;
      return { ...block, fullBody: { body, transactions: transactions.map(() => SKIPPED_BYTES) } };
    });
    return [{ to, message: { kind: 'blocks', blocks } }];
  }
  // The wrong header to one half, the right one with a wrong body to the other.
  const blocks = message.blocks.map(({ header, fullBody, certificate }) =>
    inSecondHalf(to)
      ? { header, fullBody: { ...fullBody, body: { ...fullBody.body, timestampMs: 1 } }, certificate }
      : { header: { ...header, stateRoot: otherHash(header.stateRoot) }, fullBody, certificate },
  );
  return [{ to, message: { kind: 'blocks', blocks } }];
});
