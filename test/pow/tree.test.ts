import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { BlockTree } from '../../src/pow/tree.ts';

const LIMITS = { depthMax: 4, blocksMax: 12, sideBytesMax: Infinity };
const UNBOUNDED = { depthMax: Infinity, blocksMax: Infinity, sideBytesMax: Infinity };

/** A tree with a chain for each row: where it begins, and the ids of its blocks, each of work 1 where none is given. */
function treeOf(limits: typeof LIMITS, ...rows: readonly (readonly [string, string, bigint?])[]): BlockTree<string> {
  const tree = new BlockTree('root', limits);
  for (const [from, ids, work = 1n] of rows) {
    let parent = from;
    for (const id of ids.split(' ')) {
      expect(['tip', 'side']).toContain(tree.add(id, parent, work));
      parent = id;
    }
  }
  return tree;
}

describe('fork choice', () => {
  test('the longest chain of less work is refused', () => {
    const tree = treeOf(UNBOUNDED, ['root', 'a1 a2', 10n], ['root', 'b1 b2 b3 b4 b5 b6', 3n]);
    expect(tree.get('b6')?.height).toBe(6);
    expect(tree.tip).toMatchObject({ id: 'a2', height: 2, chainWork: 20n });
    expect(tree.add('b7', 'b6', 3n)).toBe('tip');
  });

  test('of branches with equal work the first that was seen stays', () => {
    const tree = treeOf(UNBOUNDED, ['root', 'a1'], ['root', 'b1'], ['b1', 'b2'], ['a1', 'a2']);
    expect(tree.tip.id).toBe('b2');
    expect(tree.add('a3', 'a2', 1n)).toBe('tip');
  });

  test('a block is known once, and an orphan until its parent is here', () => {
    const tree = treeOf(UNBOUNDED, ['root', 'a1']);
    expect(tree.add('a1', 'root', 1n)).toBe('known');
    expect(tree.add('a3', 'a2', 1n)).toBe('orphan');
    expect(tree.get('a3')).toBeUndefined();
  });

  test('numbers will do for ids', () => {
    const tree = new BlockTree(0, UNBOUNDED);
    expect([tree.add(1, 0, 1n), tree.add(2, 0, 1n), tree.add(3, 2, 1n)]).toEqual(['tip', 'side', 'tip']);
    expect(tree.path(1, 3)).toEqual({ undo: [1], redo: [2, 3] });
  });

  test('the tip is a block of most work, and of those the first that was seen', () => {
    const block = fc.tuple(fc.nat(), fc.bigInt({ min: 1n, max: 3n }));
    fc.assert(
      fc.property(fc.array(block, { maxLength: 40 }), (blocks) => {
        const tree = new BlockTree(0, UNBOUNDED);
        const works = [0n];
        for (const [index, [parent, work]] of blocks.entries()) {
          const at = parent % (index + 1);
          works.push(works[at]! + work);
          tree.add(index + 1, at, work);
        }
        const most = works.reduce((a, b) => (b > a ? b : a));
        expect(tree.tip).toMatchObject({ id: works.indexOf(most), chainWork: most });
      }),
    );
  });
});

describe('the way between two blocks', () => {
  const tree = treeOf(UNBOUNDED, ['root', 'a1 a2 a3'], ['a1', 'b2 b3 b4 b5']);

  test.each([
    ['a3', 'b5', ['a3', 'a2'], ['b2', 'b3', 'b4', 'b5']],
    ['b5', 'a3', ['b5', 'b4', 'b3', 'b2'], ['a2', 'a3']],
    ['a1', 'a3', [], ['a2', 'a3']],
    ['b3', 'root', ['b3', 'b2', 'a1'], []],
    ['a2', 'a2', [], []],
  ])('from %s to %s', (from, to, undo, redo) => {
    expect(tree.path(from, to)).toEqual({ undo, redo });
  });

  test('leads by ancestors', () => {
    expect([1, 2, 5, 6].map((height) => tree.ancestor('b5', height)?.id)).toEqual(['a1', 'b2', 'b5', undefined]);
  });
});

describe('an invalid block', () => {
  test('takes all that stands on it along, and the best of the others is the tip', () => {
    const tree = treeOf(UNBOUNDED, ['root', 'a1 a2'], ['root', 'b1 b2 b3 b4'], ['b2', 'c3']);
    expect([...tree.remove('b2')].sort()).toEqual(['b2', 'b3', 'b4', 'c3']);
    expect(tree.tip.id).toBe('a2');
    expect(tree.add('b3', 'b2', 9n)).toBe('orphan');
    expect(tree.size).toBe(4);
  });

  test('on the side leaves the tip where it is', () => {
    const tree = treeOf(UNBOUNDED, ['root', 'a1 a2'], ['root', 'b1'], ['root', 'c1']);
    tree.remove('b1');
    expect(tree.tip.id).toBe('a2');
    expect(tree.add('c2', 'c1', 5n)).toBe('tip');
  });
});

describe('bounds', () => {
  test('a branch that begins too deep finds no parent, however much work it has', () => {
    const tree = treeOf(LIMITS, ['root', 'a1 a2 a3 a4 a5']);
    expect(tree.prune()).toEqual(['root']);
    expect(tree.root).toMatchObject({ id: 'a1', height: 1, parent: null });
    expect(tree.add('b1', 'root', 1000n)).toBe('orphan');
    expect(tree.add('b2', 'a1', 1000n)).toBe('tip');
  });

  test('a branch that was left too deep below the tip is forgotten with what grew on it', () => {
    const tree = treeOf(LIMITS, ['root', 'a1 a2 a3 a4'], ['root', 'b1 b2 b3'], ['a1', 'c2'], ['a4', 'a5']);
    expect([...tree.prune()].sort()).toEqual(['b1', 'b2', 'b3', 'root']);
    expect(tree.add('c3', 'c2', 1n)).toBe('side');
    expect(tree.add('b4', 'b3', 1n)).toBe('orphan');
  });

  test('the way to a new tip is there until the tree is pruned, however deep it leads', () => {
    const tree = treeOf(LIMITS, ['root', 'a1 a2', 5n], ['root', 'b1 b2 b3 b4 b5 b6', 2n]);
    expect(tree.path('a2', tree.tip.id)).toMatchObject({ undo: ['a2', 'a1'] });
    expect(tree.prune()).toEqual(expect.arrayContaining(['root', 'a1', 'a2', 'b1']));
    expect(tree.root.id).toBe('b2');
  });

  test('where too many blocks are here the ends of branches go, least work first, never the best', () => {
    const tree = treeOf(LIMITS, ['root', 'a1 a2 a3 a4'], ['a3', 'b4']);
    const sides = Array.from({ length: 40 }, (_, index) => `s${index}`);
    for (const side of sides) {
      tree.add(side, 'root', 1n);
      tree.prune();
      expect(tree.size).toBeLessThanOrEqual(LIMITS.blocksMax);
    }
    expect(tree.tip.id).toBe('a4');
    // Those that were here first are not crowded out by those that came after them.
    expect(sides.filter((id) => tree.get(id) !== undefined)).toEqual(sides.slice(0, 6));
    expect(tree.get('b4')).toBeDefined();
  });

  test('the newest block goes only where no other end is left, so that a better branch can come block by block', () => {
    const tree = treeOf(LIMITS, ['root', 'a1 a2 a3 a4', 100n], ['a3', 's1 s2', 50n]);
    let parent = 'root';
    const gone: string[] = [];
    for (let i = 1; tree.get(parent) !== undefined; i++) {
      const id = `b${i}`;
      tree.add(id, parent, 1n);
      gone.push(...tree.prune(id));
      expect(tree.size).toBeLessThanOrEqual(LIMITS.blocksMax);
      parent = id;
    }
    expect(gone.slice(0, 2)).toEqual(['s2', 's1']);
    expect(gone.slice(2)).toEqual([parent]);
    expect(tree.tip.id).toBe('a4');
  });

  test('is bounded in bytes beside the best branch, which itself is never given up for them', () => {
    const tree = new BlockTree('root', { depthMax: 4, blocksMax: 100, sideBytesMax: 1000 });
    let parent = 'root';
    for (const id of ['a1', 'a2', 'a3', 'a4']) {
      tree.add(id, parent, 10n, 900);
      parent = id;
    }
    expect(tree.prune('a4')).toEqual([]);
    expect(tree.sideBytes).toBe(0);
    const sides = Array.from({ length: 30 }, (_, index) => `s${index}`);
    for (const side of sides) {
      tree.add(side, 'root', 1n, 400);
      tree.prune(side);
      expect(tree.sideBytes).toBeLessThanOrEqual(1000);
    }
    expect([tree.tip.id, tree.size, tree.sideBytes]).toEqual(['a4', 7, 800]);
    // A branch that comes to win has the room of the others; then the former one is beside it.
    for (const [id, on] of [
      ['b1', 'a2'],
      ['b2', 'b1'],
    ] as const) {
      expect(tree.add(id, on, 10n, 450)).toBe('side');
      tree.prune(id);
    }
    expect([tree.get('b2')?.height, tree.sideBytes]).toEqual([4, 900]);
    expect(tree.add('b3', 'b2', 10n, 450)).toBe('tip');
    expect(tree.prune('b3')).toEqual(expect.arrayContaining(['root', 'a4']));
    expect(tree.sideBytes).toBe(900);
    tree.remove('b1');
    expect([tree.tip.id, tree.sideBytes]).toEqual(['a3', 0]);
  });

  test('bytes of the best branch are never counted beside it, however far the root has risen', () => {
    const tree = new BlockTree(0, { depthMax: 4, blocksMax: 100, sideBytesMax: 1000 });
    for (let id = 1; id < 20; id++) {
      tree.add(id, id - 1, 10n, 900 + id);
      tree.add(-id, id - 1, 9n, 300);
      tree.prune(id);
      const sides = [...Array(id).keys()].filter((at) => tree.get(-1 - at) !== undefined).length;
      expect(tree.sideBytes).toBe(300 * sides);
      expect(sides).toBe(Math.min(id, 3));
    }
    expect(tree.root.height).toBe(15);
  });

  test('a tree too small for two branches is a bug', () => {
    expect(() => new BlockTree(0, { depthMax: 4, blocksMax: 9, sideBytesMax: Infinity })).toThrow(
      'two branches fit a tree',
    );
  });
});
