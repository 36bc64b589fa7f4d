/** A ninth of the 3,600 Twins, with every first round and every next primary after it among them; `npm run hunt -- --search twins` plays all.
 *  A quarter of the first rounds to a file, so that several cores share them. */
import { expect, test } from 'vitest';
import { present } from '../../../src/base/invariant.ts';
import { installNodeSha256 } from '../../../src/crypto/node-sha256.ts';
import { runTwins, TWINS_ROUNDS, twinsRounds } from '../../../src/simulator/search/twins.ts';

const MINUTE = 60_000;
const PART = 9;

/** `quarter`: the primary of the first round. */
export function testTwins(quarter: 0 | 1 | 2 | 3): void {
  installNodeSha256();
  const firsts = Array.from({ length: TWINS_ROUNDS }, (_, first) => ({
    first: first * TWINS_ROUNDS,
    ...present(twinsRounds(first * TWINS_ROUNDS)[0], 'the first round'),
  }))
    .filter(({ primary }) => primary === quarter)
    .map((round) => ({ ...round, together: [0, 1, 2, 3].filter((slot) => (round.side >> slot) & 1).join(' ') }));

  test.for(firsts)(
    'one key on two replicas breaks no promise: first primary $primary, nodes $together apart from the others',
    { timeout: 2 * MINUTE },
    ({ first }) => {
      // Another ninth of the second rounds for each first one.
      const begin = first + ((first / TWINS_ROUNDS) % PART);
      for (let scenario = begin; scenario < first + TWINS_ROUNDS; scenario += PART)
        expect(runTwins(scenario).violations, `npm run hunt -- --search twins --seed ${scenario} --count 1`).toEqual(
          [],
        );
    },
  );
}
