/** Everything that a parser and a signature check are there for, by turns. */
import type { Height, View } from '../base/brand.ts';
import type { StrategyFactory } from '../driver/wire/strategy.ts';
import { encodePeerMessage } from '../driver/wire/wire.ts';
import { otherHash, ownVote, resign } from './lies.ts';

const HUGE = Number.MAX_SAFE_INTEGER;

export const corrupt: StrategyFactory = (context) => {
  const past: Uint8Array[] = [];
  let turn = 0;
  return {
    name: 'corrupt',
    outgoing(outgoing) {
      const { to, message } = outgoing;
      if (message.kind === 'bytes') return [outgoing];
      const bytes = encodePeerMessage(message);
      const raw = (lie: Uint8Array) => ({ to, message: { kind: 'bytes' as const, bytes: lie } });
      const own = ownVote(context, message);
      past[++turn % 64] = bytes;
      if (turn % 7 === 0) return [outgoing, raw(past[(turn * 31) % 64] ?? bytes)];
      if (turn % 7 === 1) return [raw(bytes.map((byte, at) => (at === bytes.length - 1 ? byte ^ 1 : byte)))];
      if (turn % 7 === 2) return [raw(bytes.subarray(0, Math.max(1, turn % bytes.length)))];
      if (turn % 7 === 3) return [raw(bytes.map((byte, at) => (at >= 1 && at < 9 ? 0xff : byte)))];
      if (turn % 7 === 4) return [raw(new Uint8Array(bytes.length + 65_536).with(0, turn % 11))];
      if (turn % 7 === 5 && own !== null)
        return [{ to, message: { kind: 'vote', vote: resign(context, own, { hash: otherHash(own.vote.hash) }) } }];
      if (turn % 7 === 5 && message.kind === 'status')
        return [
          {
            to,
            message: { ...message, status: { ...message.status, view: HUGE as View, stableHeight: HUGE as Height } },
          },
        ];
      return [outgoing];
    },
  };
};
