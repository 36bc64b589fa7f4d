import { describe, expect, test } from 'vitest';
import type { PowBlock } from '../../src/pow/block.ts';
import { Orphans } from '../../src/pow/orphans.ts';
import { workOfBits } from '../../src/pow/target.ts';
import { FIRST_BITS, Quarry } from './kit.ts';

const UNBOUNDED = { countMax: 1000, bytesMax: 1_000_000 };

/** Of each block of these tests. */
const WORK = workOfBits(FIRST_BITS);

const quarry = new Quarry();
const [a1, a2, a3, a4] = quarry.chain(quarry.first, 4) as [PowBlock, PowBlock, PowBlock, PowBlock];
/** Blocks whose parents nobody will ever see. */
const strays = (count: number): PowBlock[] =>
  Array.from({ length: count }, () => quarry.block(quarry.block(quarry.first).id));

describe('orphans', () => {
  test('come out when their parent is there, in the order in which they came', () => {
    const orphans = new Orphans(UNBOUNDED);
    const other = quarry.block(a1.id);
    for (const block of [a3, other, a2]) orphans.add(block, 'peer');
    expect(orphans.takeChildren(a1.id).map(({ block }) => block.id)).toEqual([other.id, a2.id]);
    expect([orphans.size, orphans.has(a3.id), orphans.has(a2.id)]).toEqual([1, true, false]);
    expect(orphans.takeChildren(a1.id)).toEqual([]);
  });

  test('tell which block has to come first', () => {
    const orphans = new Orphans(UNBOUNDED);
    orphans.add(a4, 'peer');
    expect(orphans.missing(a4.id, () => false)).toBe(a3.id);
    orphans.add(a3, 'other');
    expect(orphans.missing(a4.id, () => false)).toBe(a2.id);
    expect(orphans.missing(a1.id, () => false)).toBe(a1.id);
  });

  test('without room for their contents are known all the same, with what is missing and the work in them', () => {
    const orphans = new Orphans({ ...UNBOUNDED, bytesMax: a1.bytes.length });
    for (const block of [a4, a3, a2]) orphans.add(block, 'peer');
    expect([orphans.size, orphans.bytes]).toEqual([3, a2.bytes.length]);
    expect([a2, a3, a4].map(({ id }) => orphans.senderOf(id))).toEqual(['peer', null, null]);
    expect(orphans.missing(a4.id, () => false)).toBe(a1.id);
    expect([orphans.workAbove(a1.id), orphans.workAbove(a3.id)]).toEqual([3n * WORK, WORK]);
    expect(orphans.takeChildren(a1.id).map(({ block }) => block.id)).toEqual([a2.id]);
    expect(orphans.takeChildren(a2.id)).toEqual([]);
    expect(orphans.lostChildren(a2.id)).toMatchObject([{ id: a3.id, from: 'peer' }]);
    expect(orphans.missing(a4.id, (id) => id === a2.id)).toBe(a3.id);
    // Its content comes again, of another peer.
    orphans.add(a3, 'other');
    expect([orphans.senderOf(a3.id), orphans.bytes, orphans.size]).toEqual(['other', a3.bytes.length, 2]);
    expect(orphans.dropBranch(a2.id)).toEqual([a3.id, a4.id]);
    expect([orphans.bytes, orphans.size]).toEqual([0, 0]);
  });

  test('that stand on what is invalid are dropped with their descendants', () => {
    const orphans = new Orphans(UNBOUNDED);
    for (const block of [a4, a3, ...strays(1)]) orphans.add(block, 'peer');
    orphans.dropBranch(a2.id);
    expect(orphans.size).toBe(1);
    expect(orphans.bytes).toBeGreaterThan(0);
  });
});

describe('a flood of orphans', () => {
  test('crowds out itself, and never what another peer sent', () => {
    const orphans = new Orphans({ ...UNBOUNDED, countMax: 20 });
    for (const block of [a4, a3]) orphans.add(block, 'honest');
    const flood = strays(500);
    for (const block of flood) {
      orphans.add(block, 'flooder');
      expect(orphans.size).toBeLessThanOrEqual(20);
    }
    expect([orphans.has(a4.id), orphans.has(a3.id)]).toEqual([true, true]);
    // The newest are here, since the oldest have waited in vain for longest.
    expect(flood.map(({ id }) => orphans.has(id))).toEqual(flood.map((_, index) => index >= 482));
  });

  test('is bounded in bytes as well', () => {
    const size = a1.bytes.length;
    const orphans = new Orphans({ ...UNBOUNDED, bytesMax: 10 * size });
    orphans.add(a4, 'honest');
    for (const block of strays(100)) {
      orphans.add(block, 'flooder');
      expect(orphans.bytes).toBeLessThanOrEqual(10 * size);
    }
    expect(orphans.has(a4.id)).toBe(true);
    orphans.takeChildren(a3.id);
    expect(orphans.bytes).toBe(9 * size);
  });

  test('from many peers leaves each its part', () => {
    const orphans = new Orphans({ ...UNBOUNDED, countMax: 20 });
    orphans.add(a4, 'honest');
    for (const [index, block] of strays(400).entries()) orphans.add(block, `flooder ${index % 4}`);
    expect(orphans.size).toBe(20);
    expect(orphans.has(a4.id)).toBe(true);
  });
});
