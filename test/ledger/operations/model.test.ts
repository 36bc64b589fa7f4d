/** The ledger does what its model says, of seed after seed; `LEDGER_SEED=7` tries that one alone. */
import { expect, test } from 'vitest';
import { differenceOf } from './against-model.ts';

const chosen = process.env['LEDGER_SEED'];
const seeds = chosen === undefined ? Array.from({ length: 12 }, (_, i) => i + 1) : [Number(chosen)];

test.each(seeds)('the ledger does what its model says, in the chains of seed %i', (seed) => {
  expect(differenceOf(seed)).toBeUndefined();
});
