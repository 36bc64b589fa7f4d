import { describe, expect, test } from 'vitest';
import { present } from '../../src/base/invariant.ts';
import { installNodeSha256 } from '../../src/crypto/node-sha256.ts';
import { decodePeerMessage, encodePeerMessage, type PeerMessage } from '../../src/driver/wire/wire.ts';
import { bodyHash } from '../../src/ledger/block.ts';
import { runFuzz } from '../../src/simulator/search/fuzz.ts';
import { mutationsOf, signerOf } from '../../src/simulator/search/mutations.ts';
import { Simulation } from '../../src/simulator/simulation.ts';
import { TWINS_SCENARIOS, twinsRounds } from '../../src/simulator/search/twins.ts';
import { contextOf } from '../strategies/context.ts';

installNodeSha256();

test('twins are all pairs of primaries and splits in two rounds, each once', () => {
  expect(TWINS_SCENARIOS).toBe(3600);
  const seen = new Set(Array.from({ length: TWINS_SCENARIOS }, (_, n) => JSON.stringify(twinsRounds(n))));
  expect(seen.size).toBe(TWINS_SCENARIOS);
});

describe('messages mutated by round', () => {
  const cases = [0, 1, 2].flatMap((lies) => [0, 1, 2].map((splits) => [lies, splits] as const));

  test.for(cases)('%i process faults and %i network faults break no promise', ([lies, splits]) => {
    for (let seed = 1; seed <= 4; seed++) {
      const { simulation, lies: told } = runFuzz(seed, lies, splits);
      expect(simulation.violations, `seed ${seed}`).toEqual([]);
      expect(told.length > 0, `seed ${seed} lies`).toBe(lies > 0);
    }
  });
});

describe('a mutation', () => {
  const simulation = new Simulation({ seed: 3, powers: [1n, 1n, 1n, 1n], liars: new Map() });
  const messages: PeerMessage[] = [];
  simulation.filter = (from, _, bytes) => {
    const decoded = decodePeerMessage(bytes);
    if (decoded.ok && signerOf(decoded.value) === from.validator) messages.push(decoded.value);
    // Nobody commits at first: so there is something prepared when the view changes.
    return (
      decoded.ok &&
      !(simulation.nowMs < 8000 && decoded.value.kind === 'vote' && decoded.value.vote.vote.kind === 'commit')
    );
  };
  simulation.startAll();
  simulation.clients.load(200);
  simulation.run(12_000);

  test.for(['vote', 'pre-prepare', 'view-change', 'new-view'] as const)('changes what a %s says', (kind) => {
    const some = messages.filter((message) => message.kind === kind);
    const names = new Set<string>();
    for (const message of some) {
      // With the signature that it has, it is the same only if all that is signed is the same.
      const [signature] =
        message.kind === 'vote' || message.kind === 'pre-prepare'
          ? [message.vote.signature]
          : message.kind === 'view-change'
            ? [message.viewChange.signature]
            : message.kind === 'new-view'
              ? [message.newView.signature]
              : [];
      const signer = { sign: () => present(signature, 'a signature') };
      const context = contextOf(simulation.genesis, present(signerOf(message), 'who signed it'), signer);
      for (const [name, changed] of mutationsOf(context, message)) {
        names.add(name);
        expect(encodePeerMessage(changed)).not.toEqual(encodePeerMessage(message));
        expect(decodePeerMessage(encodePeerMessage(changed))).toEqual({ ok: true, value: changed });
        if (name === 'another body' && changed.kind === 'pre-prepare')
          expect(bodyHash(changed.body)).toBe(changed.vote.vote.hash);
      }
    }
    expect(names.size).toBeGreaterThanOrEqual(kind === 'vote' || kind === 'pre-prepare' ? 5 : 6);
  });
});
