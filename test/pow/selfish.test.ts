import { describe, expect, test } from 'vitest';
import { SelfishMiner, selfishRevenue, selfishThreshold } from '../../src/pow/selfish.ts';
import { BlockTree } from '../../src/pow/tree.ts';
import { haveVectors, readVectors } from '../crypto/vectors.ts';

describe('revenue and threshold', () => {
  test.each([
    [0, 1 / 3],
    [0.5, 1 / 4],
    [1, 0],
  ])('at γ = %d selfish mining pays from %d on', (gamma, threshold) => {
    expect(selfishThreshold(gamma)).toBeCloseTo(threshold, 12);
    expect(selfishRevenue(threshold, gamma)).toBeCloseTo(threshold, 12);
    expect(selfishRevenue(threshold + 0.01, gamma)).toBeGreaterThan(threshold + 0.01);
    if (threshold > 0) expect(selfishRevenue(threshold - 0.01, gamma)).toBeLessThan(threshold - 0.01);
  });

  test.each([
    [0.1, 0, 0.035641],
    [0.25, 0.5, 0.25],
    [0.4, 1, 0.567442],
    [0, 0.5, 0],
    [0.5, 0, 1],
    [0.7, 0, 1],
  ])('a share of %d at γ = %d gets %d of the blocks', (alpha, gamma, revenue) => {
    expect(selfishRevenue(alpha, gamma)).toBeCloseTo(revenue, 6);
  });

  test('is whole at one half, without a step', () => {
    for (const gamma of [0, 0.5, 1]) expect(selfishRevenue(0.5 - 1e-9, gamma)).toBeCloseTo(1, 7);
  });
});

type Tables = Readonly<Record<string, Readonly<Record<string, number>>>>;

describe.skipIf(!haveVectors)('published tables (../shared/vectors/proof-of-work.json)', () => {
  const vectors = (haveVectors ? readVectors('proof-of-work.json') : {}) as {
    selfish_threshold: Readonly<Record<string, number>>;
    selfish_revenue: Tables;
  };

  test('thresholds', () => {
    const printed = Object.entries(vectors.selfish_threshold);
    expect(printed.length).toBe(5);
    for (const [gamma, threshold] of printed) expect(selfishThreshold(Number(gamma))).toBeCloseTo(threshold, 14);
  });

  test('revenue, to all printed digits', () => {
    const tables = Object.entries(vectors.selfish_revenue);
    expect(tables.length).toBe(3);
    for (const [gamma, printed] of tables) {
      expect(Object.keys(printed).length).toBe(10);
      const found = Object.keys(printed).map((alpha) => [
        alpha,
        Number(selfishRevenue(Number(alpha), Number(gamma)).toFixed(6)),
      ]);
      expect(Object.fromEntries(found)).toEqual(printed);
    }
  });
});

/** Plays a story: `pool` blocks are found, in lower case, by the pool; `OTHERS`, in upper case, by others on the public tip, or
 *  on `X` in `Y>X`. Tells what was published after each. */
function play(story: string): { published: string[]; tip: string; head: string } {
  const tree = new BlockTree<string>('root', { depthMax: Infinity, blocksMax: Infinity, sideBytesMax: Infinity });
  const pool = new SelfishMiner(tree);
  const parents = new Map<string, string>();
  const published: string[] = [];
  for (const step of story.split(' ')) {
    const [id, parent = tree.tip.id] = step.split('>') as [string, string?];
    let now: readonly string[];
    if (id === id.toLowerCase()) {
      parents.set(id, pool.head);
      now = pool.found(id);
    } else {
      tree.add(id, parent, 1n);
      now = pool.heard();
    }
    for (const block of now) tree.add(block, parents.get(block)!, 1n);
    published.push(now.join(''));
  }
  return { published, tip: tree.tip.id, head: pool.head };
}

describe("the pool's strategy (algorithm 1)", () => {
  test.each([
    ['it keeps its first block to itself', 'a', [''], 'root', 'a'],
    ['others find one first: it goes on from theirs', 'A', [''], 'A', 'A'],
    ['its lead of one is caught up: it publishes, and both are equal', 'a A', ['', 'a'], 'A', 'a'],
    ['it wins the tie: it publishes at once', 'a A b', ['', 'a', 'b'], 'b', 'b'],
    ['others win the tie on their own block', 'a A B', ['', 'a', ''], 'B', 'B'],
    ['others win the tie on its block', 'a A B>a', ['', 'a', ''], 'B', 'B'],
    ['its lead of two is in danger: it publishes all', 'a b A', ['', '', 'ab'], 'b', 'b'],
    ['with a lead of three it publishes one for each of theirs', 'a b c A', ['', '', '', 'a'], 'A', 'c'],
    ['and all when they come near', 'a b c A B', ['', '', '', 'a', 'bc'], 'c', 'c'],
    ['also where they mine on what it published', 'a b c d A B>a C', ['', '', '', '', 'a', 'b', 'cd'], 'd', 'd'],
    ['after it has won, it begins anew', 'a b A c B', ['', '', 'ab', '', 'c'], 'B', 'c'],
    ['after it has lost, it begins anew', 'a A B b c', ['', 'a', '', '', ''], 'B', 'c'],
    ['a block beside the best branch changes nothing', 'A B a X>A', ['', '', '', ''], 'B', 'a'],
  ])('%s', (_, story, published, tip, head) => {
    expect(play(story)).toEqual({ published, tip, head });
  });
});
