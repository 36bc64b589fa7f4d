/** Liars in what they pass on. */
import type { ValidatorIndex } from '../base/brand.ts';
import type { StrategyFactory } from '../driver/wire/strategy.ts';
import { primaryIn } from './lies.ts';
import { proposing } from './primaries.ts';
import { doubleCheckpoint } from './voters.ts';

/** Signs CHECKPOINTs of two blocks, puts no evidence into its bodies, and passes none on. */
export const conceal: StrategyFactory = (context) => {
  const bodies = proposing('conceal', (body) => ({ ...body, evidence: [] }))(context);
  const votes = doubleCheckpoint(context);
  return {
    name: 'conceal',
    outgoing: (outgoing) =>
      outgoing.message.kind === 'evidence' ? [] : bodies.outgoing(outgoing).flatMap((each) => votes.outgoing(each)),
  };
};

/** What clients give it reaches one backup alone: the one after the primary. */
export const whisper: StrategyFactory = (context) => {
  let chosen: ValidatorIndex | null = null;
  return {
    name: 'whisper',
    outgoing(outgoing) {
      const { to, message } = outgoing;
      if (message.kind === 'status') {
        const primary = primaryIn(context, message.status.epoch, message.status.view);
        const backups = context.validators().members.filter(({ index }) => index !== primary && index !== context.self);
        chosen = (backups.find(({ index }) => primary !== undefined && index > primary) ?? backups[0])?.index ?? null;
      }
      return message.kind === 'transactions' && to !== chosen ? [] : [outgoing];
    },
  };
};
