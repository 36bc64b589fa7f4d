import { describe, expect, test } from 'vitest';
import { History } from '../../src/miners/history.ts';
import { Quarry } from '../pow/kit.ts';

describe('an onlooker of miners', () => {
  test('sees a fork open, and close when all stand on the same of its branches', () => {
    const quarry = new Quarry();
    const history = new History(quarry.first, 2);
    const [a1, b1] = [quarry.block(quarry.first), quarry.block(quarry.first)];
    const b2 = quarry.block(b1.id);
    expect(history.found(a1)).toEqual({ kind: 'block', block: a1, forks: false });
    expect(history.stands(0, a1.id)).toEqual([]);
    expect(history.found(b1)).toEqual({ kind: 'block', block: b1, forks: true });
    expect(history.stands(1, b1.id)).toEqual([]);
    expect(history.hasOpenFork).toBe(true);
    history.found(b2);
    expect(history.stands(1, b2.id)).toEqual([]);
    expect(history.stands(0, b2.id)).toEqual([{ kind: 'closed', stays: b1, left: [a1] }]);
    expect([history.blocks, history.forks, history.hasOpenFork]).toEqual([3, 1, false]);
    expect(history.branch(b2.id)).toEqual([b1, b2]);
  });

  test('counts a fork of three branches once', () => {
    const quarry = new Quarry();
    const history = new History(quarry.first, 1);
    const blocks = [1, 2, 3].map(() => quarry.block(quarry.first));
    for (const block of blocks) history.found(block);
    expect(history.forks).toBe(1);
    expect(history.stands(0, blocks[1]!.id)).toEqual([
      { kind: 'closed', stays: blocks[1], left: [blocks[0], blocks[2]] },
    ]);
  });
});
