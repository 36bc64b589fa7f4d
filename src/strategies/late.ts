/** A liar that uses up every timeout: as primary it begins its view at the last moment, and then does nothing. */
import type { ValidatorIndex } from '../base/brand.ts';
import type { Outgoing, StrategyFactory } from '../driver/wire/strategy.ts';
import { ownVote } from './lies.ts';

/** Ticks before the end of a base timeout at which the NEW-VIEW leaves: enough to arrive. */
const EARLY_TICKS = 4;

export const late: StrategyFactory = (context) => {
  const { baseTimeoutTicks, timeoutCapTicks } = context.genesis.consensus;
  let tick = 0;
  /** By receiver, the NEW-VIEW that is kept back for it, and when it would have left. */
  const kept = new Map<ValidatorIndex, { readonly lie: Outgoing; readonly view: number; readonly sinceTick: number }>();
  /** Each view in a row that fails doubles the timeout. */
  const timeoutTicks = (view: number): number => Math.min(baseTimeoutTicks * 2 ** Math.min(view, 30), timeoutCapTicks);
  return {
    name: 'late',
    outgoing(outgoing) {
      const { to, message } = outgoing;
      if (message.kind === 'new-view' && message.newView.newView.voter === context.self) {
        const { view } = message.newView.newView;
        if (kept.get(to)?.view !== view) kept.set(to, { lie: outgoing, view, sinceTick: tick });
        return [];
      }
      return ownVote(context, message) === null ? [outgoing] : [];
    },
    tick() {
      tick += 1;
      const due = [...kept].filter(([, { view, sinceTick }]) => tick - sinceTick === timeoutTicks(view) - EARLY_TICKS);
      return due.map(([, { lie }]) => lie);
    },
  };
};
