import { describe, expect, test } from 'vitest';
import { installNodeSha256 } from '../../src/crypto/node-sha256.ts';
import { runFuzz } from '../../src/simulator/fuzz.ts';
import { TWINS_SCENARIOS, twinsRounds } from '../../src/simulator/twins.ts';

installNodeSha256();

test('twins are all pairs of primaries and splits in two rounds, each once', () => {
  expect(TWINS_SCENARIOS).toBe(3600);
  const seen = new Set(Array.from({ length: TWINS_SCENARIOS }, (_, n) => JSON.stringify(twinsRounds(n))));
  expect(seen.size).toBe(TWINS_SCENARIOS);
});

describe('messages mutated by round', () => {
  const cases = [0, 1, 2].flatMap((lies) => [0, 1, 2].map((splits) => [lies, splits] as const));

  test.for(cases)('%i process faults and %i network faults break no promise', ([lies, splits]) => {
    for (let seed = 1; seed <= 4; seed++) expect(runFuzz(seed, lies, splits).violations, `seed ${seed}`).toEqual([]);
  });
});
