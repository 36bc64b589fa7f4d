/** All the ways in which a validator can be made to lie, by name. */
import type { StrategyFactory } from '../../driver/strategy.ts';
import { corrupt } from './corrupt.ts';
import { equivocate } from './equivocate.ts';
import { silent } from './silent.ts';

export interface Liar {
  /** One sentence, without a subject: what it does. */
  readonly describe: string;
  readonly factory: StrategyFactory;
}

export const strategies: ReadonlyMap<string, Liar> = new Map([
  ['silent', { describe: 'says nothing', factory: silent }],
  [
    'equivocate',
    {
      describe: 'as primary sends two bodies to two halves, and votes for both; as backup votes twice',
      factory: equivocate,
    },
  ],
  [
    'corrupt',
    { describe: 'sends bad signatures, wrong hashes, stale, malformed and oversized messages', factory: corrupt },
  ],
]);
