/** How liars in view changes get view changes to lie in, where nobody fails. */
import { validatorAt } from '../ledger/validators.ts';
import type { Epoch, Height, ValidatorIndex, View } from '../base/brand.ts';
import type { Outgoing, StrategyFactory } from '../driver/wire/strategy.ts';
import { heightsOf, ownVote, primaryIn, signViewChange } from './lies.ts';

/** Heights that it orders as the first primary of an epoch. */
const TERM = 10;
/** It asks when so many of its STATUS messages to a peer in a row, a base timeout apart, have shown new blocks. */
const CALM_STATUSES = 3;

/** As the first primary of an epoch it soon falls silent, and is left. Where the next view would be its own, and nothing goes
 *  wrong, it asks for it alone, and the others, who cannot tell it from one that was cut off, come for it (V16). */
export const restless =
  (factory: StrategyFactory): StrategyFactory =>
  (context) => {
    const { validators, self } = context;
    const strategy = factory(context);
    // An observer is never primary.
    if (validatorAt(validators(), self) === undefined) return strategy;
    const calm = new Map<ValidatorIndex, { readonly height: Height; readonly statuses: number }>();
    const ask = (to: ValidatorIndex, epoch: Epoch, view: View): Outgoing => {
      const viewChange = signViewChange(context, { epoch, view, voter: self, stable: null, prepared: [] });
      return { to, message: { kind: 'view-change', viewChange } };
    };
    return {
      ...strategy,
      outgoing(outgoing) {
        const { to, message } = outgoing;
        const vote = ownVote(context, message)?.vote;
        const begun = vote?.kind === 'pre-prepare' && vote.view === 0 ? vote : undefined;
        if (begun !== undefined && begun.height >= heightsOf(context, begun.epoch).first + TERM) return [];
        if (message.kind !== 'status') return strategy.outgoing(outgoing);
        const { epoch, view, executedHeight } = message.status;
        const before = calm.get(to);
        const next = (view + 1) as View;
        const isNext = primaryIn(context, epoch, next) === self;
        const isCalm = isNext && before !== undefined && executedHeight > before.height;
        const statuses = isCalm ? before.statuses + 1 : 0;
        calm.set(to, { height: executedHeight, statuses });
        const lies = statuses >= CALM_STATUSES ? [ask(to, epoch, next)] : [];
        return [...strategy.outgoing(outgoing), ...lies];
      },
    };
  };
