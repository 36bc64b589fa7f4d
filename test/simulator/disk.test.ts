/** What a simulated disk forgets, and that nobody starts from a disk that forgot. */
import { describe, expect, test } from 'vitest';
import { installNodeSha256 } from '../../src/crypto/node-sha256.ts';
import type { Store, StoreOperation } from '../../src/driver/ports.ts';
import { SimulatedDisk } from '../../src/simulator/world/disk.ts';
import { Random } from '../../src/base/random.ts';
import { Simulation } from '../../src/simulator/simulation.ts';

installNodeSha256();

const put = (key: string, byte: number): StoreOperation => ({ kind: 'put', key, value: Uint8Array.of(byte) });

describe('a disk that loses batches', () => {
  test('holds what the others left: earlier values come back where no later batch wrote', () => {
    const seen = new Set<number>();
    const random = new Random(1);
    for (let run = 0; run < 200; run++) {
      const disk = new SimulatedDisk(random);
      const store: Store = disk.open(
        (_delayMs, run) => run(),
        () => {},
      );
      const batches = Array.from({ length: 6 }, (_, i) => [put('shared', i), put(`own/${i}`, i), put(`${i % 2}`, i)]);
      for (const batch of batches) store.write(batch, () => {});
      const lost = disk.loseBatches();
      expect(disk.hasHole).toBe(true);
      const kept = batches.flatMap((_, i) => (disk.get(`own/${i}`) === undefined ? [] : [i]));
      expect(kept).toHaveLength(6 - lost);
      expect(kept.at(-1)).toBe(5);
      expect(disk.get('shared')).toEqual(Uint8Array.of(5));
      for (const parity of [0, 1]) {
        const newest = kept.filter((i) => i % 2 === parity).at(-1);
        expect(disk.get(`${parity}`)).toEqual(newest === undefined ? undefined : Uint8Array.of(newest));
      }
      seen.add(lost);
    }
    expect(seen).toEqual(new Set([1, 2, 3, 4, 5]));
  });

  test('has nothing to lose from the middle of one batch', () => {
    const disk = new SimulatedDisk(new Random(1));
    disk
      .open(
        (_delayMs, run) => run(),
        () => {},
      )
      .write([put('a', 1)], () => {});
    expect([disk.loseBatches(), disk.hasHole]).toEqual([0, false]);
  });

  test('stops its node, which signs nothing any more, while the others go on', () => {
    for (let seed = 1; seed <= 20; seed++) {
      const simulation = new Simulation({ seed, powers: [1n, 1n, 1n, 1n], liars: new Map() });
      simulation.startAll();
      simulation.clients.load(100);
      simulation.run(new Random(seed).between(200, 3000));
      const node = simulation.node(seed % 4);
      node.crash();
      node.damaged = true;
      expect(node.disk.loseBatches()).toBeGreaterThan(0);
      node.start();
      simulation.run(3000);
      expect([seed, node.state, simulation.violations]).toEqual([seed, 'broken', []]);
    }
  });
});
