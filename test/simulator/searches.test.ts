import { describe, expect, test } from 'vitest';
import { installNodeSha256 } from '../../src/crypto/node-sha256.ts';
import { runFuzz } from '../../src/simulator/fuzz.ts';
import { runTwins, TWINS_SCENARIOS, twinsRounds } from '../../src/simulator/twins.ts';

installNodeSha256();

/** All of them with TREFOIL_TWINS=all; else one in this many. */
const STEP = process.env['TREFOIL_TWINS'] === 'all' ? 1 : 73;

describe('twins', () => {
  test('are all pairs of primaries and splits in two rounds, each once', () => {
    expect(TWINS_SCENARIOS).toBe(3600);
    const seen = new Set(Array.from({ length: TWINS_SCENARIOS }, (_, n) => JSON.stringify(twinsRounds(n))));
    expect(seen.size).toBe(TWINS_SCENARIOS);
  });

  test('one key on two replicas breaks no promise', { timeout: 600_000 }, () => {
    for (let scenario = 0; scenario < TWINS_SCENARIOS; scenario += STEP)
      expect(runTwins(scenario).violations, `scenario ${scenario}`).toEqual([]);
  });
});

describe('messages mutated by round', () => {
  const cases = [0, 1, 2].flatMap((lies) => [0, 1, 2].map((splits) => [lies, splits] as const));

  test.for(cases)('%i process faults and %i network faults break no promise', ([lies, splits]) => {
    for (let seed = 1; seed <= 4; seed++) expect(runFuzz(seed, lies, splits).violations, `seed ${seed}`).toEqual([]);
  });
});
