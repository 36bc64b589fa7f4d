import { expect, test } from 'vitest';
import type { Hash } from '../../src/base/brand.ts';
import { present } from '../../src/base/invariant.ts';
import { Meter } from '../../src/compare/meter.ts';
import { BLOCK_MS, pow } from '../../src/compare/pow-network.ts';
import { scenarios } from '../../src/compare/scenario.ts';
import { START_MS } from '../../src/simulator/world/keys.ts';

/** Notes which blocks found their place at which node. */
class Notes extends Meter {
  readonly seen = new Map<number, Set<Hash>>();

  override saw(node: number, height: number, id: Hash): void {
    super.saw(node, height, id);
    const mine = this.seen.get(node) ?? new Set();
    this.seen.set(node, mine.add(id));
  }
}

/** Blocks for which one of four miners is alone. It finds some fifty of its own. */
const AWAY = 200;
/** Blocks from the healing to the end: that many times somebody announces something. */
const AFTER = 10;

test.each([1, 2, 3])('a miner that was cut off for two hundred blocks has all of them soon after (seed %d)', (seed) => {
  const calm = present(
    scenarios.find(({ name }) => name === 'calm'),
    'calm',
  );
  const made: Notes[] = [];
  const network = pow.network(calm, seed, (honest) => {
    const notes = new Notes(honest);
    made.push(notes);
    return notes;
  });
  const notes = present(made[0], 'the first meter');
  const runUntil = (ms: number): void => {
    while (network.scheduler.runNext(START_MS + ms));
  };
  const of = (node: number): Set<Hash> => new Set(notes.seen.get(node));
  network.start();
  network.cut([3]);
  runUntil(AWAY * BLOCK_MS);
  const [missed, own] = [of(0), of(3)];
  network.heal();
  runUntil((AWAY + AFTER) * BLOCK_MS);
  const caughtUp = of(3);
  expect(missed.size).toBeGreaterThan(100);
  expect(own.size).toBeGreaterThan(20);
  expect([...missed].filter((id) => own.has(id))).toEqual([]);
  expect([...missed].filter((id) => !caughtUp.has(id))).toEqual([]);
  expect(notes.result(AFTER * BLOCK_MS).deepestReorganisation).toBeGreaterThan(20);
});
