/** A liar that is honest until clients come, as those of the other protocols have nothing to lie about before. */
import type { StrategyFactory } from '../driver/wire/strategy.ts';

/** One that begins to lie after so many milliseconds, by its ticks. Until then it hears what it would hear. */
export const honestAtFirst =
  (ms: number, factory: StrategyFactory): StrategyFactory =>
  (context) => {
    const liar = factory(context);
    let untilTick = Math.ceil(ms / context.genesis.consensus.tickMs);
    return {
      name: liar.name,
      incoming: (from, message) => liar.incoming?.(from, message),
      outgoing: (honest) => (untilTick > 0 ? [honest] : liar.outgoing(honest)),
      tick() {
        const lies = liar.tick?.() ?? [];
        if (untilTick === 0) return lies;
        untilTick -= 1;
        return [];
      },
    };
  };
