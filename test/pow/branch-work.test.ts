/** What a place in the tree costs, and that most work wins all the same. */
import { describe, expect, test } from 'vitest';
import type { PowBlock } from '../../src/pow/block.ts';
import { isTooLight } from '../../src/pow/branch-work.ts';
import type { Chain } from '../../src/pow/chain.ts';
import { BRANCH_DEPTH_MAX, EASIER_MAX, sideBytesMax, TREE_BLOCKS_MAX } from '../../src/pow/limits.ts';
import { PowNode } from '../../src/pow/node.ts';
import { targetOf, workOf } from '../../src/pow/target.ts';
import { BlockTree } from '../../src/pow/tree.ts';
import { GENESIS, LATE_S, newChain, Quarry, RULES, settings } from './kit.ts';
import { Wires } from './wires.ts';

const UNBOUNDED = { depthMax: Infinity, blocksMax: Infinity, sideBytesMax: Infinity };
/** Each period may be four times as easy as the one before. */
const EASY = { ...RULES, retargetBlocks: 10, periodS: 100 };

const workOfBlock = ({ header }: PowBlock): number => {
  const target = targetOf(header.bits);
  if (!target.ok) throw new Error(target.error.message);
  return Number(workOf(target.value));
};
const sum = (numbers: readonly number[]): number => numbers.reduce((a, b) => a + b, 0);

/** How many of these come to stand in the tree. */
const taken = (chain: Chain, blocks: readonly PowBlock[]): PowBlock[] =>
  blocks.filter((block) => ['tip', 'side'].includes(chain.add(block, LATE_S).kind));

describe('a branch beside the best one', () => {
  // Four blocks of work 16 on the root; then another branch, which leaves at the root.
  const rows: readonly (readonly [string, readonly bigint[], bigint, bigint, boolean])[] = [
    ['as hard', [], 16n, 0n, false],
    ['a quarter as hard', [4n, 4n], 4n, 0n, false],
    ['easier than a quarter', [4n, 4n], 3n, 0n, true],
    ['easier, but what waits for it makes it no more than equal', [4n, 4n], 3n, 53n, true],
    ['easier, but what waits for it makes it the best', [4n, 4n], 3n, 54n, false],
    ['longer than the best one, and a quarter as hard', [16n, 16n, 16n], 4n, 0n, false],
    ['easier than all, but already the best', [16n, 16n, 16n, 16n], 1n, 0n, false],
  ];

  test.each(rows)('may be %s', (_, works, work, waiting, expected) => {
    const tree = new BlockTree('root', UNBOUNDED);
    for (const [index, id] of ['a1', 'a2', 'a3', 'a4'].entries()) tree.add(id, index === 0 ? 'root' : `a${index}`, 16n);
    for (const [index, each] of works.entries()) tree.add(`b${index + 1}`, index === 0 ? 'root' : `b${index}`, each);
    expect(isTooLight(tree, works.length === 0 ? 'root' : `b${works.length}`, work, () => waiting)).toBe(expected);
  });

  test('cannot fill the tree with blocks that times that lie make easy: each costs a quarter of an honest one', () => {
    const quarry = new Quarry(EASY);
    const best = quarry.chain(quarry.first, BRANCH_DEPTH_MAX, 10);
    const chain = newChain({ rules: EASY });
    expect(taken(chain, best).length).toBe(best.length);
    const easy = quarry.chain(quarry.first, TREE_BLOCKS_MAX - best.length - 1, 1000);
    const stored = taken(chain, easy);
    const honest = workOfBlock(best[0]!);
    expect(sum(easy.map(workOfBlock)) / honest).toBeLessThan(70);
    expect((stored.length * honest) / sum(stored.map(workOfBlock))).toBeLessThanOrEqual(Number(EASIER_MAX));
    expect(stored.length).toBeLessThan(100);
    expect(chain.add(easy[stored.length]!, LATE_S)).toMatchObject({ kind: 'refused', code: 'BRANCH_TOO_LIGHT' });
    expect(chain.knows(easy[stored.length]!.id)).toBe(false);
  });

  test('comes to win though it begins with blocks that are too easy, once enough waits for them', () => {
    const quarry = new Quarry(EASY);
    const best = quarry.chain(quarry.first, 40, 10);
    // Slow periods, each easier than the one before; then fast ones, until it has the most work.
    const slow = quarry.chain(quarry.first, 80, 1000);
    const fast: PowBlock[] = [];
    for (let at = slow.at(-1)!; sum([...slow, ...fast].map(workOfBlock)) <= sum(best.map(workOfBlock)); fast.push(at))
      at = quarry.block(at.id);
    const [wires, node] = [new Wires(), new PowNode({ ...settings({ rules: EASY }), miner: 0 })];
    const other = new PowNode({ ...settings({ rules: EASY }), miner: 1 });
    for (const block of best) node.step({ kind: 'block', from: 'before', block }, LATE_S);
    for (const block of [...slow, ...fast]) other.step({ kind: 'block', from: 'before', block }, LATE_S);
    wires.join('late', node);
    wires.join('other', other);
    // One announcement for each block, as when the branch grows before the node's eyes.
    for (const block of slow) wires.announce('other', 'late', block);
    const has = ({ id }: PowBlock): boolean => node.step({ kind: 'ask', from: 'peer', id }, LATE_S).length > 0;
    expect([has(slow[10]!), has(slow[70]!)]).toEqual([true, false]);
    for (const block of fast) wires.announce('other', 'late', block);
    expect(node.tip.id).toBe(fast.at(-1)?.id);
  });
});

describe('room for bytes', () => {
  test('beside the best branch is that of one full branch, not that of all blocks of the tree', () => {
    const full = sideBytesMax(GENESIS.ledger.blockWeightMax) / BRANCH_DEPTH_MAX;
    // 2,000 transactions of 465 bytes and an offset are a full block of the development genesis; data take half as much again.
    expect(full).toBeGreaterThan(2000 * (465 + 4));
    expect(full).toBeLessThan(1_500_000);
  });

  test('is kept by the chain, and a heavier branch that comes late still wins', () => {
    const quarry = new Quarry();
    const bytes = new Uint8Array(1000);
    const grow = (count: number): PowBlock[] => quarry.chain(quarry.first, count).map((block) => ({ ...block, bytes }));
    const chain = newChain({ limits: { depthMax: 20, blocksMax: 200, sideBytesMax: 20_000 } });
    taken(chain, grow(18));
    for (let i = 0; i < 5; i++) {
      taken(chain, grow(15));
      expect(chain.tree.sideBytes).toBeLessThanOrEqual(20_000);
      expect(chain.tree.sideBytes).toBeGreaterThanOrEqual(15_000);
    }
    const better = grow(19);
    expect(taken(chain, better).length).toBe(19);
    expect(chain.tree.tip.id).toBe(better.at(-1)?.id);
    expect(chain.tree.sideBytes).toBeLessThanOrEqual(20_000);
  });
});
