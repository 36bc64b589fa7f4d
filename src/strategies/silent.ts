/** Crashed, for all that others can tell. */
import type { StrategyFactory } from '../driver/wire/strategy.ts';

export const silent: StrategyFactory = () => ({ name: 'silent', outgoing: () => [] });
