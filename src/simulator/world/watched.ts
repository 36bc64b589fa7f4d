/** A strategy, each lie of which is noted. */
import type { Outgoing, StrategyFactory } from '../../driver/wire/strategy.ts';
import { encodePeerMessage } from '../../driver/wire/wire.ts';
import type { Fate } from './trace.ts';

export function watched(
  factory: StrategyFactory,
  said: (fate: Fate, to: number, bytes: Uint8Array) => void,
): StrategyFactory {
  const note = (fate: Fate, { to, message }: Outgoing): void =>
    said(fate, to, message.kind === 'bytes' ? message.bytes : encodePeerMessage(message));
  return (context) => {
    const strategy = factory(context);
    return {
      ...strategy,
      outgoing(honest) {
        const told = strategy.outgoing(honest);
        const isHonest = ({ to, message }: Outgoing): boolean => to === honest.to && message === honest.message;
        if (!told.some(isHonest)) note('withheld', honest);
        for (const each of told) if (!isHonest(each)) note('lie', each);
        return told;
      },
      tick() {
        const told = strategy.tick?.() ?? [];
        for (const each of told) note('lie', each);
        return told;
      },
    };
  };
}
