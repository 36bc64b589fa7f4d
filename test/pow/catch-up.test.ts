/** A node that was away, and comes to where the others are, whatever its other peers do. */
import { describe, expect, test } from 'vitest';
import { Random } from '../../src/base/random.ts';
import type { PowBlock } from '../../src/pow/block.ts';
import { BRANCH_DEPTH_MAX, ORPHAN_BYTES_MAX, ORPHANS_MAX } from '../../src/pow/limits.ts';
import { PowNode } from '../../src/pow/node.ts';
import { LATE_S, pay, Quarry, settings } from './kit.ts';
import { type Stranger, Wires } from './wires.ts';

/** As many bytes as a block of the development genesis has that is full. One array for all, since only its length matters. */
const FULL = new Uint8Array(932_000);
/** Full blocks that wait with their content. */
const HELD = Math.floor(ORPHAN_BYTES_MAX / FULL.length);

/** How often a peer says again what it has. */
const ANNOUNCED = 10;

const newNode = (): PowNode => new PowNode({ ...settings(), miner: 0 });
const full = (block: PowBlock): PowBlock => ({ ...block, bytes: FULL });
const fullChain = (quarry: Quarry, count: number, gapS = 10): PowBlock[] =>
  quarry.chain(quarry.first, count, gapS).map(full);
function fill(node: PowNode, blocks: readonly PowBlock[]): PowNode {
  for (const block of blocks) node.step({ kind: 'block', from: 'before', block }, LATE_S);
  return node;
}
const last = (blocks: readonly PowBlock[]): PowBlock => blocks.at(-1)!;

describe('a node that is behind by full blocks', () => {
  test.each([1, HELD, HELD + 1, HELD + 2, 120, BRANCH_DEPTH_MAX])('by %d ends at the tip', (distance) => {
    const blocks = fullChain(new Quarry(), distance);
    const [wires, node] = [new Wires(), newNode()];
    wires.join('honest', fill(newNode(), blocks));
    wires.join('late', node);
    wires.announce('honest', 'late', last(blocks));
    expect(node.tip.id).toBe(last(blocks).id);
    // Each block once, and once more where there was no room for its content. The oldest has its place when it comes.
    expect(wires.blocks).toBe(distance + Math.max(0, distance - 1 - HELD));
  });

  test('on a branch of its own ends at the tip, over as many full blocks as may be', () => {
    const quarry = new Quarry();
    const [own, theirs] = [fullChain(quarry, BRANCH_DEPTH_MAX - 8), fullChain(quarry, BRANCH_DEPTH_MAX)];
    const [wires, node] = [new Wires(), fill(newNode(), own)];
    wires.join('honest', fill(newNode(), theirs));
    wires.join('late', node);
    wires.announce('honest', 'late', last(theirs));
    expect(node.tip.id).toBe(last(theirs).id);
  });

  const quarry = new Quarry();
  const blocks = fullChain(quarry, 120);
  const byId = new Map(blocks.map((block) => [block.id, block]));
  const answer = (id: string): PowBlock[] => [byId.get(id as never)].flatMap((block) => block ?? []);
  const stray = full(quarry.block(quarry.block(quarry.first).id));
  const peers: readonly (readonly [string, () => Stranger])[] = [
    ['answers nothing', () => () => []],
    [
      'answers with another content',
      () => (said) =>
        said.kind === 'ask'
          ? answer(said.id).map((block) => ({
              kind: 'block',
              from: 'liar',
              block: { ...block, transactions: [pay(0, 0)] },
            }))
          : [],
    ],
    [
      'answers with a block that nobody asked for',
      () => (said) => (said.kind === 'ask' ? [{ kind: 'block', from: 'liar', block: stray }] : []),
    ],
    [
      'answers every second question',
      () => {
        let asked = 0;
        return (said) => {
          if (said.kind !== 'ask') return [];
          asked += 1;
          return asked % 2 === 0 ? [] : answer(said.id).map((block) => ({ kind: 'block', from: 'liar', block }));
        };
      },
    ],
  ];

  test.each(peers)('ends at the tip though another peer announces the same and %s', (_, stranger) => {
    const [wires, node] = [new Wires(), newNode()];
    wires.join('liar', stranger());
    wires.join('honest', fill(newNode(), blocks));
    wires.join('late', node);
    wires.announce('liar', 'late', last(blocks));
    wires.announce('honest', 'late', last(blocks));
    expect(node.tip.id).toBe(last(blocks).id);
  });

  test.each([0, 60, 119])('ends at the tip though a peer that is silent has sent all from %d on before', (from) => {
    const [wires, node] = [new Wires(), newNode()];
    wires.join('late', node);
    for (const block of blocks.slice(from).toReversed().slice(0, -1))
      node.step({ kind: 'block', from: 'liar', block }, LATE_S);
    wires.join('honest', fill(newNode(), blocks));
    wires.announce('honest', 'late', last(blocks));
    expect(node.tip.id).toBe(last(blocks).id);
  });

  test.each([1, 2, 3])('ends at the tip though every tenth message is lost, as new blocks come (seed %d)', (seed) => {
    const random = new Random(seed);
    const [wires, honest, node] = [new Wires(() => random.chance(0.1)), fill(newNode(), blocks), newNode()];
    wires.join('honest', honest);
    wires.join('late', node);
    let tip = last(blocks);
    for (let round = 0; round < 200 && node.tip.id !== tip.id; round++) {
      tip = full(quarry.block(tip.id));
      fill(honest, [tip]);
      wires.announce('honest', 'late', tip);
    }
    expect(node.tip.id).toBe(tip.id);
  });

  test('ends at the tip though many peers have filled the room for what waits, and one of them with a part of the branch', () => {
    const [wires, node] = [new Wires(), newNode()];
    const send = (from: string, block: PowBlock): void => void node.step({ kind: 'block', from, block }, LATE_S);
    wires.join('late', node);
    wires.join('honest', fill(newNode(), blocks));
    for (const block of blocks.slice(20, 60)) send('liar', block);
    const nobody = quarry.block(quarry.first);
    for (let i = 0; i < 2 * ORPHANS_MAX; i++) send(`flooder ${i % 100}`, full(quarry.block(nobody.id)));
    wires.announce('honest', 'late', last(blocks));
    expect(node.tip.id).toBe(last(blocks).id);
  });

  test('ends at the tip though blocks that nobody has wait for each of the branch, where there is room for a few of it', () => {
    const [wires, node] = [new Wires(), newNode()];
    const send = (from: string, block: PowBlock): void => void node.step({ kind: 'block', from, block }, LATE_S);
    wires.join('late', node);
    wires.join('honest', fill(newNode(), blocks));
    const nobody = quarry.block(quarry.first);
    // Each peer has so few that the honest one, with more than any of them, loses its oldest.
    for (const [index, { id }] of blocks.entries()) send(`liar ${index}`, full(quarry.block(id)));
    for (let i = 0; i < ORPHANS_MAX; i++) send(`flooder ${i % 50}`, quarry.block(nobody.id));
    // Of what waits for the branch only the headers stay.
    for (let i = 0; i < 3 * HELD; i++) send(`liar ${i % blocks.length}`, full(quarry.block(nobody.id)));
    wires.announce('honest', 'late', last(blocks));
    expect(node.tip.id).toBe(last(blocks).id);
  });

  test('ends at the tip though the peer speaks of another branch meanwhile, and of nothing after that', () => {
    const [wires, node] = [new Wires(), newNode()];
    const side = full(quarry.block(blocks[50]!.id));
    let said = 0;
    wires.join('late', node);
    wires.join('honest', (question) => {
      if (question.kind !== 'ask') return [];
      said += 1;
      const announced = said === 110 ? [{ kind: 'announced', from: 'honest', id: side.id } as const] : [];
      const found = question.id === side.id ? [side] : answer(question.id);
      return [...announced, ...found.map((block) => ({ kind: 'block', from: 'honest', block }) as const)];
    });
    wires.announce('honest', 'late', last(blocks));
    expect(node.tip.id).toBe(last(blocks).id);
  });

  test('walks once over the blocks, however many are announced while it does', () => {
    const [wires, node] = [new Wires(), newNode()];
    let [said, announcements] = [0, 0];
    const announcing: Stranger = (question) => {
      if (question.kind !== 'ask') return [];
      said += 1;
      // Some while it goes back, some while it comes forward again.
      const isBusy = said <= ANNOUNCED || (node.tip.height >= 80 && node.tip.height < 80 + ANNOUNCED);
      if (isBusy) announcements += 1;
      const announced = isBusy ? [{ kind: 'announced', from: 'busy', id: last(blocks).id } as const] : [];
      return [...announced, ...answer(question.id).map((block) => ({ kind: 'block', from: 'busy', block }) as const)];
    };
    wires.join('busy', announcing);
    wires.join('late', node);
    wires.announce('busy', 'late', last(blocks));
    expect(node.tip.id).toBe(last(blocks).id);
    expect(wires.blocks).toBeLessThanOrEqual(2 * blocks.length - 1 - HELD + announcements);
  });
});

describe('a branch that begins too deep', () => {
  test('is fetched once, and then each new block of it alone', () => {
    const quarry = new Quarry();
    const [wires, node] = [new Wires(), fill(newNode(), quarry.chain(quarry.first, BRANCH_DEPTH_MAX + 40))];
    const deep = quarry.chain(quarry.first, 100);
    const asked: string[] = [];
    wires.join('deep', (said) => {
      if (said.kind !== 'ask') return [];
      asked.push(said.id);
      const block = deep.find(({ id }) => id === said.id);
      return block === undefined ? [] : [{ kind: 'block', from: 'deep', block }];
    });
    wires.join('late', node);
    wires.announce('deep', 'late', deep[79]!);
    const first = asked.length;
    expect(first).toBeGreaterThan(30);
    wires.announce('deep', 'late', deep[79]!);
    expect(asked.length).toBe(first);
    for (const block of deep.slice(80)) wires.announce('deep', 'late', block);
    expect(asked.slice(first)).toEqual(deep.slice(80).map(({ id }) => id));
  });
});
