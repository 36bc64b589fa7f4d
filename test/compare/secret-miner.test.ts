import { describe, expect, test } from 'vitest';
import { SecretMiner } from '../../src/compare/secret-miner.ts';
import { Quarry } from '../pow/kit.ts';

const quarry = new Quarry();
const PUBLIC = quarry.chain(quarry.first, 20);
const OWN = quarry.chain(quarry.first, 20);
const DEPTH = 3;

/** A miner that found and heard so many blocks, and what it decided last. */
function after(found: number, heard: number) {
  const miner = new SecretMiner(DEPTH);
  let last = miner.decide();
  for (const block of OWN.slice(0, found)) miner.found(block);
  for (const block of PUBLIC.slice(0, heard)) {
    miner.heard(block);
    last = miner.decide();
  }
  return { miner, ...last };
}

describe('who mines in secret', () => {
  test.each([
    ['waits while nothing would be undone', 5, 0],
    ['waits while too little would be undone', 5, DEPTH - 1],
    ['waits while its branch is as long as the other', DEPTH, DEPTH],
    ['waits six blocks behind', 1, 7],
  ])('%s', (_, found, heard) => {
    const { publish, follow } = after(found, heard);
    expect({ publish, follow }).toEqual({ publish: [], follow: [] });
  });

  test('shows its branch when it is longer and deep enough, and hears of the other', () => {
    const { publish, follow } = after(DEPTH + 1, DEPTH);
    expect(publish).toEqual(OWN.slice(0, DEPTH + 1));
    expect(follow).toEqual(PUBLIC.slice(0, DEPTH));
  });

  test('gives up seven blocks behind, and follows the others', () => {
    const { publish, follow } = after(1, 8);
    expect(publish).toEqual([]);
    expect(follow).toEqual(PUBLIC.slice(0, 8));
  });

  test('begins again where the branches met', () => {
    const { miner } = after(DEPTH + 1, DEPTH);
    const next = quarry.chain(OWN[DEPTH]?.id ?? quarry.first, DEPTH);
    const secret = quarry.chain(OWN[DEPTH]?.id ?? quarry.first, DEPTH + 1);
    for (const block of secret) miner.found(block);
    for (const block of next.slice(0, -1)) miner.heard(block);
    expect(miner.decide().publish).toEqual([]);
    for (const block of next.slice(-1)) miner.heard(block);
    expect(miner.decide()).toEqual({ publish: secret, follow: next });
  });
});
