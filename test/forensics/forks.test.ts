/** Forks of coalitions of more than a third: each time culprits of more than a third are named, and nobody honest. */
import { describe, expect, test } from 'vitest';
import { makeFork, WAYS } from './fork-maker.ts';
import { judge } from './judge.ts';

const FORKS = 400;
const FIRST_SEED = Number(process.env['FORK_SEED'] ?? 1);

describe(`forks of the seeds from ${FIRST_SEED}`, () => {
  const forks = Array.from({ length: FORKS }, (_, i) => ({ seed: FIRST_SEED + i, fork: makeFork(FIRST_SEED + i) }));

  test('name more than a third, and nobody honest', () => {
    const wrong = forks.flatMap(({ seed, fork }) => judge(fork).faults.map((fault) => `${seed} ${fork.way}: ${fault}`));
    expect(wrong).toEqual([]);
  });

  test.each(WAYS)('are made in the way %s, by networks of all sizes, of equal and of skewed power', (way) => {
    const made = forks.filter(({ fork }) => fork.way === way).map(({ fork }) => fork.powers);
    expect(new Set(made.map(({ length }) => length))).toEqual(new Set([4, 7, 10]));
    expect(new Set(made.map((powers) => new Set(powers).size > 1))).toEqual(new Set([true, false]));
  });
});
