/** Liars in their votes. */
import type { Epoch, Height, ValidatorIndex, View } from '../base/brand.ts';
import type { Outgoing, StrategyContext, StrategyFactory } from '../driver/wire/strategy.ts';
import { encodePeerMessage } from '../driver/wire/wire.ts';
import { type SignedVote, type VoteKind, voteSigningBytes } from '../ledger/vote.ts';
import { inSecondHalf, otherHash, ownVote, resign } from './lies.ts';

/** A liar with no memory: a function from what the honest replica sends to what is sent. */
export const liar =
  (name: string, lie: (context: StrategyContext, outgoing: Outgoing) => readonly Outgoing[]): StrategyFactory =>
  (context) => ({ name, outgoing: (outgoing) => lie(context, outgoing) });

const twoVotes =
  (kinds: readonly VoteKind[]) =>
  (context: StrategyContext, outgoing: Outgoing): readonly Outgoing[] => {
    const vote = ownVote(context, outgoing.message);
    if (vote === null || !kinds.includes(vote.vote.kind)) return [outgoing];
    const other = resign(context, vote, { hash: otherHash(vote.vote.hash) });
    const lie: Outgoing = { to: outgoing.to, message: { kind: 'vote', vote: other } };
    return inSecondHalf(outgoing.to) ? [lie, outgoing] : [outgoing, lie];
  };

export const doubleVote = liar('double-vote', twoVotes(['pre-prepare', 'prepare', 'commit']));

export const doubleCheckpoint = liar('double-checkpoint', twoVotes(['checkpoint']));

/** Its votes reach one half only. */
export const favour = liar('favour', (context, outgoing) =>
  ownVote(context, outgoing.message) !== null && inSecondHalf(outgoing.to) ? [] : [outgoing],
);

/** Each of its votes also in the name of everybody else. */
export const impersonate = liar('impersonate', (context, outgoing) => {
  const vote = ownVote(context, outgoing.message);
  if (vote === null || vote.vote.kind === 'pre-prepare') return [outgoing];
  const others = context.validators().members.filter(({ index }) => index !== context.self);
  const lies = others.map(({ index: voter }): Outgoing => {
    return { to: outgoing.to, message: { kind: 'vote', vote: { ...vote, voter } } };
  });
  return [outgoing, ...lies];
});

/** How many heights ahead of its own it votes, by turns. */
const STRAY_HEIGHTS = 16;

/** With each STATUS a PREPARE and a COMMIT at a height to come, for a body that nobody has. */
export const stray: StrategyFactory = (context) => {
  const { genesis, self, signer } = context;
  let turn = 0;
  return {
    name: 'stray',
    outgoing(outgoing) {
      const { to, message } = outgoing;
      if (message.kind !== 'status') return [outgoing];
      const { epoch, view, executedHeight } = message.status;
      const height = (executedHeight + 1 + (turn++ % STRAY_HEIGHTS)) as Height;
      const lies = (['prepare', 'commit'] as const).map((kind): Outgoing => {
        const vote = { kind, epoch, view, height, hash: otherHash(genesis.chainId) };
        const signature = signer.sign(voteSigningBytes(genesis.chainId, vote));
        return { to, message: { kind: 'vote', vote: { vote, voter: self, signature } } };
      });
      return [outgoing, ...lies];
    },
  };
};

/** Every message again, later, and its votes also as those of another view, another epoch and another chain. */
export const replay: StrategyFactory = (context) => {
  const past: Uint8Array[] = [];
  let count = 0;
  let turn = 0;
  const otherChain = otherHash(context.genesis.chainId);
  /** The vote as that of the next or last view or epoch, or of another chain, by turns. */
  const elsewhere = (signed: SignedVote): SignedVote => {
    const { kind, epoch, view } = signed.vote;
    const step = turn++ % 2 === 0 ? 1 : -1;
    if (turn % 3 === 0) return { ...signed, signature: context.signer.sign(voteSigningBytes(otherChain, signed.vote)) };
    if (turn % 3 === 1 || kind === 'checkpoint')
      return resign(context, signed, { epoch: Math.max(0, epoch + step) as Epoch });
    return resign(context, signed, { view: Math.max(0, view + step) as View });
  };
  return {
    name: 'replay',
    outgoing(outgoing) {
      const { to, message } = outgoing;
      if (message.kind === 'bytes') return [outgoing];
      const old = past[(count * 31) % 256];
      past[count++ % 256] = encodePeerMessage(message);
      const lies: Outgoing[] = old === undefined ? [] : [{ to, message: { kind: 'bytes', bytes: old } }];
      const signed = ownVote(context, message);
      if (signed !== null && count % 5 === 0) lies.push({ to, message: { kind: 'vote', vote: elsewhere(signed) } });
      return [outgoing, ...lies];
    },
  };
};

/** Sends to each peer 200 messages, then nothing for as many; it hears all the time, and forgets nothing. */
export const returning: StrategyFactory = () => {
  const counts = new Map<ValidatorIndex, number>();
  return {
    name: 'return',
    outgoing(outgoing) {
      const count = (counts.get(outgoing.to) ?? 0) + 1;
      counts.set(outgoing.to, count);
      return count % 400 < 200 ? [outgoing] : [];
    },
  };
};
