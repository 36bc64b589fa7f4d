/** Liars as primaries. */
import { ForgetfulMap } from '../base/bounded.ts';
import { type Epoch, type Hash, type Height, type ValidatorIndex, type View, ZERO_HASH } from '../base/brand.ts';
import type { Outgoing, StrategyFactory } from '../driver/wire/strategy.ts';
import { type Body, bodyHash } from '../ledger/block.ts';
import type { Evidence } from '../ledger/evidence.ts';
import type { SignedVote } from '../ledger/vote.ts';
import { heightsOf, otherHash, ownVote, placeOf, primaryIn, resign } from './lies.ts';
import { liar } from './voters.ts';

/** Of a base timeout: what is left is for the way, and for the prepares and commits that follow. */
const SLOW = 0.9;
/** One STATUS in so many comes with slander: whoever gets it listens no more for a while. */
const SLANDER_STEP = 50;

/** Proposes another body than the honest replica would, to everybody, and stands by it. */
export const proposing =
  (name: string, change: (body: Body) => Body): StrategyFactory =>
  (context) => {
    const proposed = new ForgetfulMap<string, Hash>(256);
    return {
      name,
      outgoing(outgoing) {
        const { to, message } = outgoing;
        const vote = ownVote(context, message);
        if (vote === null || vote.vote.kind === 'checkpoint') return [outgoing];
        if (message.kind === 'pre-prepare') {
          const body = change(message.body);
          const hash = bodyHash(body);
          proposed.set(placeOf(vote.vote), hash);
          return [{ to, message: { kind: 'pre-prepare', vote: resign(context, vote, { hash }), body } }];
        }
        const hash = proposed.get(placeOf(vote.vote));
        return hash === undefined
          ? [outgoing]
          : [{ to, message: { kind: 'vote', vote: resign(context, vote, { hash }) } }];
      },
    };
  };

/** Leaves out half of all transactions, always the same. */
export const censor = proposing('censor', (body) => ({
  ...body,
  transactionIds: body.transactionIds.filter((id) => id < '8'),
}));

/** Bodies that no honest validator may prepare. */
export const invalidBody = proposing('invalid-body', (body) => ({
  ...body,
  proposer: (body.proposer + 1) as ValidatorIndex,
}));

/** Bodies with a time that no honest clock shows. */
export const wrongTime = proposing('wrong-time', (body) => ({ ...body, timestampMs: 1 }));

/** Made-up proof that an honest validator signed twice in this epoch, whose first height this is. */
function madeUp(self: ValidatorIndex, epoch: Epoch, height: Height): Evidence {
  const made = (hash: Hash): SignedVote => ({
    vote: { kind: 'prepare', epoch, view: 0 as View, height, hash },
    voter: (self === 0 ? 1 : 0) as ValidatorIndex,
    signature: new Uint8Array(64),
  });
  return { kind: 'equivocation', first: made(ZERO_HASH), second: made(otherHash(ZERO_HASH)) };
}

/** Made-up proof in each of its bodies, and with some of its STATUS. */
export const slander: StrategyFactory = (context) => {
  const first = madeUp(context.self, 0 as Epoch, 1 as Height);
  const bodies = proposing('slander', (body) => ({ ...body, evidence: [first] }))(context);
  let count = 0;
  return {
    name: 'slander',
    outgoing(outgoing) {
      const { to, message } = outgoing;
      if (message.kind !== 'status' || count++ % SLANDER_STEP !== 0) return bodies.outgoing(outgoing);
      const { epoch } = message.status;
      const height = heightsOf(context, epoch).first;
      return [outgoing, { to, message: { kind: 'evidence', evidence: [madeUp(context.self, epoch, height)] } }];
    },
  };
};

/** Proposes each body's transactions once more, at the height after, before they are executed. */
export const repeat = liar('repeat', (context, outgoing) => {
  const { to, message } = outgoing;
  if (message.kind !== 'pre-prepare' || message.body.transactionIds.length === 0) return [outgoing];
  const body = { ...message.body, timestampMs: message.body.timestampMs + 1 };
  const height = (message.vote.vote.height + 1) as Height;
  const vote = resign(context, message.vote, { height, hash: bodyHash(body) });
  return [outgoing, { to, message: { kind: 'pre-prepare', vote, body } }];
});

/** With each PREPARE a PRE-PREPARE of its own for the height after, of a body in the name of the primary. */
export const usurp: StrategyFactory = (context) => {
  let last: Body | null = null;
  return {
    name: 'usurp',
    incoming(_, message) {
      // What time it is.
      if (message.kind === 'pre-prepare') last = message.body;
    },
    outgoing(outgoing) {
      const { to, message } = outgoing;
      const vote = ownVote(context, message);
      if (vote === null || vote.vote.kind !== 'prepare' || last === null) return [outgoing];
      const proposer = primaryIn(context, vote.vote.epoch, vote.vote.view) ?? context.self;
      const body: Body = { ...last, proposer, certificate: null, transactionIds: [], evidence: [] };
      const height = (vote.vote.height + 1) as Height;
      const lie = resign(context, vote, { kind: 'pre-prepare', height, hash: bodyHash(body) });
      return [outgoing, { to, message: { kind: 'pre-prepare', vote: lie, body } }];
    },
  };
};

/** Proposes by hash, and gives neither bodies nor transactions to anyone. */
export const withhold = liar('withhold', (_, outgoing) => {
  const { to, message } = outgoing;
  if (message.kind === 'pre-prepare') return [{ to, message: { kind: 'vote', vote: message.vote } }];
  return message.kind === 'body' || message.kind === 'transactions' ? [] : [outgoing];
});

/** Proposes at the far end of the window, beyond gaps that it never fills. */
export const skip = liar('skip', (context, outgoing) => {
  const { to, message } = outgoing;
  if (message.kind !== 'pre-prepare') return [outgoing];
  const { window } = context.genesis.consensus;
  return [1, window - 1].map((gap): Outgoing => {
    const height = (message.vote.vote.height + gap) as Height;
    return { to, message: { ...message, vote: resign(context, message.vote, { height }) } };
  });
});

/** Holds each PRE-PREPARE back for nearly a base timeout, counted in its own STATUS messages. */
export const slow: StrategyFactory = ({ genesis: { consensus } }) => {
  const held: { readonly outgoing: Outgoing; statuses: number }[] = [];
  const apart = Math.max(1, Math.floor(consensus.baseTimeoutTicks / 8));
  const heldFor = Math.round((SLOW * consensus.baseTimeoutTicks) / apart);
  return {
    name: 'slow',
    outgoing(outgoing) {
      const { to, message } = outgoing;
      if (message.kind === 'pre-prepare') {
        held.push({ outgoing, statuses: 0 });
        return [];
      }
      if (message.kind !== 'status') return [outgoing];
      for (const each of held) if (each.outgoing.to === to) each.statuses += 1;
      const due = held.filter((each) => each.statuses >= heldFor);
      for (const each of due) held.splice(held.indexOf(each), 1);
      return [outgoing, ...due.map((each) => each.outgoing)];
    },
  };
};
