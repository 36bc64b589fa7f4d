import { describe, expect, test, vi } from 'vitest';
import type { PowBlock } from '../../src/pow/block.ts';
import { ORPHANS_MAX } from '../../src/pow/limits.ts';
import type { NodeEffect } from '../../src/pow/node.ts';
import { PowNode } from '../../src/pow/node.ts';
import { Pool } from '../../src/pow/pool.ts';
import { LATE_S, pay, Quarry, RULES, settings, START_S } from './kit.ts';

const newNode = (miner = 0): PowNode => new PowNode({ ...settings(), miner });
const hear = (node: PowNode, block: PowBlock, from = 'peer'): readonly NodeEffect[] =>
  node.step({ kind: 'block', from, block }, LATE_S);
const kinds = (effects: readonly NodeEffect[]): string[] => effects.map(({ kind }) => kind);

/** The least room that a tree may have. */
const TIGHT = { depthMax: 5, blocksMax: 12, sideBytesMax: Infinity };

/** A node, and a branch that becomes so easy that it fills the tree before it has the work of the best one. Its last two blocks
 *  have no room. */
function withoutRoom(): { node: PowNode; easy: PowBlock[] } {
  const rules = { ...RULES, retargetBlocks: 4, periodS: 40 };
  const quarry = new Quarry(rules);
  const node = new PowNode({ ...settings({ rules, limits: TIGHT }), miner: 0 });
  for (const block of quarry.chain(quarry.first, 5)) hear(node, block);
  // The tree has the first block and these five, so there is room for six.
  return { node, easy: quarry.chain(quarry.first, 8, 1000) };
}

/** The template that a node wants to be mined now. */
function template(node: PowNode, nowS = START_S + 1) {
  const [effect] = node.step({ kind: 'renew' }, nowS);
  if (effect?.kind !== 'mine') throw new Error('nothing to mine');
  return effect.template;
}

describe('a node that mines', () => {
  test('sends what it found to all at once, and mines on top of it', () => {
    const node = newNode();
    const effects = node.step({ kind: 'found', template: template(node), nonce: 5 }, START_S + 1);
    expect(kinds(effects)).toEqual(['connected', 'send-block', 'mine']);
    const [connected, sent, mine] = effects;
    expect(connected).toMatchObject({ isTip: true });
    expect(sent).toMatchObject({ to: null, block: { header: { nonce: 5 }, coinbase: { height: 1, miner: 0 } } });
    expect(mine).toMatchObject({ template: { header: { parent: node.tip.id, nonce: 0 }, coinbase: { height: 2 } } });
  });

  test('never searches the same hashes twice, nor those of another', () => {
    const [first, second] = [newNode(0), newNode(1)];
    const roots = [template(first), template(first), template(second)].map(({ header }) => header.root);
    expect(new Set(roots).size).toBe(3);
  });

  test('gives its blocks the time of its clock, or the earliest that the rules let it', () => {
    expect(template(newNode(), START_S + 77.9).header.time).toBe(START_S + 77);
    expect(template(newNode(), START_S - 50).header.time).toBe(START_S + 1);
  });

  test('puts transactions into blocks once, and passes each on once', () => {
    const node = newNode();
    const item = pay(0, 0);
    const effects = node.step({ kind: 'transaction', from: 'peer', item }, START_S);
    expect(effects).toEqual([{ kind: 'send-transaction', except: 'peer', item }]);
    expect(node.step({ kind: 'transaction', from: 'other', item }, START_S)).toEqual([]);
    node.step({ kind: 'found', template: template(node), nonce: 0 }, START_S + 1);
    expect(node.confirmations(item.id)).toBe(1);
    expect(template(node, START_S + 2).transactions).toEqual([]);
  });

  test('takes no transaction that its sender did not sign', () => {
    const node = new PowNode({ ...settings({ isSigned: () => false }), miner: 0 });
    expect(node.step({ kind: 'transaction', from: null, item: pay(0, 0) }, START_S)).toEqual([]);
    expect(node.waiting).toBe(0);
  });

  test('does not take a transaction for signed because it was looked at before', () => {
    const quarry = new Quarry();
    const node = new PowNode({ ...settings({ isSigned: () => false }), miner: 0 });
    const item = pay(0, 0);
    const block = quarry.block(quarry.first, { transactions: [item] });
    for (let i = 0; i < 2; i++) expect(node.step({ kind: 'transaction', from: 'peer', item }, START_S)).toEqual([]);
    expect(node.waiting).toBe(0);
    expect(hear(node, block)).toMatchObject([{ kind: 'refused', code: 'BAD_SIGNATURE' }]);
  });

  test('takes its own blocks over a change of the target, whether that becomes harder or easier', () => {
    const rules = { ...RULES, retargetBlocks: 4, periodS: 40 };
    const node = new PowNode({ ...settings({ rules }), miner: 0 });
    const bits: number[] = [];
    let nowS = START_S;
    for (let i = 0; i < 12; i++) {
      // The first period is too short, the second too long.
      nowS += i < 4 ? 5 : 20;
      const mined = template(node, nowS);
      bits.push(mined.header.bits);
      expect(kinds(node.step({ kind: 'found', template: mined, nonce: 0 }, nowS))).toContain('connected');
    }
    expect(node.tip.height).toBe(12);
    const [first, second, third] = [bits[0], bits[4], bits[8]];
    expect([first === second, second === third]).toEqual([false, false]);
  });
});

describe('a node that hears of blocks', () => {
  test('tells others of what is new, but who told it', () => {
    const quarry = new Quarry();
    const node = newNode();
    const block = quarry.block(quarry.first);
    const effects = hear(node, block);
    expect(effects).toMatchObject([
      { kind: 'connected', isTip: true },
      { kind: 'announce', except: 'peer', id: block.id },
      { kind: 'mine' },
    ]);
    expect(hear(node, block, 'other')).toEqual([]);
  });

  test('asks for what was announced, unless it is here', () => {
    const quarry = new Quarry();
    const node = newNode();
    const block = quarry.block(quarry.first);
    const announced = { kind: 'announced', from: 'peer', id: block.id } as const;
    expect(node.step(announced, LATE_S)).toEqual([{ kind: 'ask', to: 'peer', id: block.id }]);
    expect(node.step({ ...announced, kind: 'ask' }, LATE_S)).toEqual([]);
    hear(node, block);
    expect(node.step(announced, LATE_S)).toEqual([]);
    expect(node.step({ ...announced, kind: 'ask' }, LATE_S)).toEqual([{ kind: 'send-block', to: 'peer', block }]);
  });

  test('asks for parents, one after the other, and takes the whole branch when the first is there', () => {
    const quarry = new Quarry();
    const node = newNode();
    const [b1, b2, b3] = quarry.chain(quarry.first, 3) as [PowBlock, PowBlock, PowBlock];
    expect(hear(node, b3)).toEqual([{ kind: 'ask', to: 'peer', id: b2.id }]);
    expect(hear(node, b2)).toEqual([{ kind: 'ask', to: 'peer', id: b1.id }]);
    expect(kinds(hear(node, b1))).toEqual([
      ...['connected', 'announce', 'connected', 'announce', 'connected', 'announce'],
      'mine',
    ]);
    expect(node.tip.id).toBe(b3.id);
  });

  test('reorganises: what it takes back waits again, and is in what it mines next', () => {
    const quarry = new Quarry();
    const node = newNode();
    const [lost, kept] = [pay(0, 0), pay(1, 0)];
    hear(node, quarry.block(quarry.first, { transactions: [lost, kept] }));
    const b1 = quarry.block(quarry.first, { transactions: [kept] });
    expect(hear(node, b1)).toMatchObject([{ kind: 'connected', isTip: false }, { kind: 'announce' }]);
    const effects = hear(node, quarry.block(b1.id));
    expect(effects).toMatchObject([
      { kind: 'connected', isTip: true },
      { kind: 'announce' },
      { kind: 'reorganised', depth: 1, takenBack: [lost] },
      { kind: 'mine', template: { transactions: [lost] } },
    ]);
    expect([node.confirmations(lost.id), node.confirmations(kept.id)]).toEqual([null, 2]);
  });

  test('takes back nothing that a later block of the same step holds again', () => {
    const quarry = new Quarry();
    const node = newNode();
    const paid = pay(0, 0);
    hear(node, quarry.block(quarry.first, { transactions: [paid] }));
    const b1 = quarry.block(quarry.first);
    const b2 = quarry.block(b1.id);
    const b3 = quarry.block(b2.id, { transactions: [paid] });
    hear(node, b3);
    hear(node, b2);
    const effects = hear(node, b1);
    expect(effects).toContainEqual({ kind: 'reorganised', depth: 1, takenBack: [] });
    expect(effects.at(-1)).toMatchObject({ kind: 'mine', template: { transactions: [] } });
  });

  test('looks once at the transactions that wait, however many blocks find their place at once', () => {
    const quarry = new Quarry();
    const node = newNode();
    const [lost, kept] = [pay(0, 0), pay(1, 0)];
    const a1 = quarry.block(quarry.first, { transactions: [lost] });
    for (const block of [a1, quarry.block(a1.id, { transactions: [kept] })]) hear(node, block);
    const [b1, ...rest] = quarry.chain(quarry.first, 40) as [PowBlock, ...PowBlock[]];
    for (const block of rest.toReversed()) hear(node, block);
    const follow = vi.spyOn(Pool.prototype, 'follow');
    const effects = hear(node, b1);
    expect(follow.mock.calls.map(([takenBack]) => takenBack)).toEqual([[lost, kept]]);
    follow.mockRestore();
    expect(effects.at(-1)).toMatchObject({ kind: 'mine', template: { transactions: [lost, kept] } });
    expect(node.tip.height).toBe(40);
  });

  test('drops what waits for a block that proves to be invalid, and says who sent that', () => {
    const quarry = new Quarry();
    const node = newNode();
    const bad = quarry.block(quarry.first, { height: 7 });
    const child = quarry.block(bad.id, { height: 8 });
    hear(node, child, 'victim');
    expect(hear(node, bad, 'liar')).toEqual([{ kind: 'refused', from: 'liar', id: bad.id, code: 'BAD_HEIGHT' }]);
    expect(node.step({ kind: 'announced', from: 'peer', id: bad.id }, LATE_S)).toEqual([]);
    expect(hear(node, child)).toMatchObject([{ kind: 'refused', code: 'INVALID_PARENT' }]);
  });

  test('asks everybody who has an orphan for what it waits for, not only who sent it first', () => {
    const quarry = new Quarry();
    const node = newNode();
    const [b1, b2, b3] = quarry.chain(quarry.first, 3) as [PowBlock, PowBlock, PowBlock];
    for (const block of [b2, b3]) hear(node, block, 'liar');
    const ask = { kind: 'ask', to: 'honest', id: b1.id };
    expect(node.step({ kind: 'announced', from: 'honest', id: b3.id }, LATE_S)).toEqual([ask]);
    expect(hear(node, b2, 'honest')).toEqual([ask]);
    hear(node, b1, 'honest');
    expect(node.tip.id).toBe(b3.id);
  });

  test.each<[string, string, (b1: PowBlock) => PowBlock, number]>([
    ['another content under its header', 'ROOT_MISMATCH', (b1) => ({ ...b1, transactions: [pay(0, 0)] }), LATE_S],
    ['it comes too early', 'TIME_TOO_FAR', (b1) => b1, START_S - 100_000],
  ])('keeps what waits for a block when %s: %s', (_, code, spoil, nowS) => {
    const quarry = new Quarry();
    const node = newNode();
    const [b1, ...rest] = quarry.chain(quarry.first, 5) as [PowBlock, ...PowBlock[]];
    for (const block of rest.toReversed()) hear(node, block, 'honest');
    const refusal = { kind: 'refused', from: 'liar', id: b1.id, code };
    expect(node.step({ kind: 'block', from: 'liar', block: spoil(b1) }, nowS)).toEqual([refusal]);
    hear(node, b1, 'honest');
    expect(node.tip.height).toBe(5);
  });

  test('drops what waits for a block of a branch that begins too deep', () => {
    const quarry = new Quarry();
    const node = new PowNode({ ...settings({ limits: TIGHT }), miner: 0 });
    for (const block of quarry.chain(quarry.first, 12)) hear(node, block);
    const [b1, b2] = quarry.chain(quarry.first, 2) as [PowBlock, PowBlock];
    const b9 = quarry.block(b1.id, { height: 9 });
    expect(hear(node, b9)).toEqual([{ kind: 'ask', to: 'peer', id: b1.id }]);
    expect(hear(node, b1)).toMatchObject([{ kind: 'refused', code: 'TOO_DEEP' }]);
    // All of it has been refused for good, so nobody is asked for any of it again.
    for (const { id } of [b1, b9]) expect(node.step({ kind: 'announced', from: 'peer', id }, LATE_S)).toEqual([]);
    expect(hear(node, b9)).toMatchObject([{ kind: 'refused', code: 'TOO_DEEP' }]);
    const b10 = quarry.block(b9.id, { height: 10 });
    expect(hear(node, b10)).toMatchObject([{ kind: 'refused', code: 'TOO_DEEP' }]);
    expect(node.step({ kind: 'announced', from: 'peer', id: b10.id }, LATE_S)).toEqual([]);
    expect(hear(node, b2)).toMatchObject([{ kind: 'refused', code: 'TOO_DEEP' }]);
  });

  test('takes a better branch though the tree is full of others', () => {
    const quarry = new Quarry();
    const node = new PowNode({ ...settings({ limits: TIGHT }), miner: 0 });
    const main = quarry.chain(quarry.first, 12);
    for (const block of main) hear(node, block);
    for (let i = 0; i < 6; i++) hear(node, quarry.block(main[10]!.id), 'flooder');
    const better = quarry.chain(main[7]!.id, 12);
    for (const block of better.toReversed()) hear(node, block, 'honest');
    expect(node.tip.id).toBe(better.at(-1)?.id);
  });

  test('neither asks for a block that is invalid in itself again, nor keeps what waits for it', () => {
    const quarry = new Quarry();
    const node = newNode();
    const bad = quarry.block(quarry.first, { transactions: [pay(0, 0), pay(0, 0)] });
    const child = quarry.block(bad.id);
    hear(node, child, 'victim');
    expect(hear(node, bad, 'liar')).toMatchObject([{ kind: 'refused', code: 'DUPLICATE_TRANSACTION' }]);
    expect(node.step({ kind: 'announced', from: 'peer', id: bad.id }, LATE_S)).toEqual([]);
    expect(hear(node, child, 'victim')).toMatchObject([{ kind: 'refused', code: 'INVALID_PARENT' }]);
  });

  test('drops what waits for a block that the tree has no room for, and tells nobody of that', () => {
    const { node, easy } = withoutRoom();
    const [tooMany, child] = easy.slice(-2) as [PowBlock, PowBlock];
    for (const block of easy.slice(0, -2)) expect(kinds(hear(node, block))).toEqual(['connected', 'announce']);
    hear(node, child);
    expect(hear(node, tooMany)).toEqual([{ kind: 'refused', from: 'peer', id: tooMany.id, code: 'NO_ROOM' }]);
    expect(node.step({ kind: 'ask', from: 'peer', id: tooMany.id }, LATE_S)).toEqual([]);
    // It is no orphan any more, so it is asked for itself.
    expect(node.step({ kind: 'announced', from: 'peer', id: child.id }, LATE_S)).toMatchObject([{ id: child.id }]);
  });

  test('outlives a flood of orphans: what an honest peer sent still finds its place', () => {
    const quarry = new Quarry();
    const node = newNode();
    const [b1, b2] = quarry.chain(quarry.first, 2) as [PowBlock, PowBlock];
    hear(node, b2, 'honest');
    const nobody = quarry.block(quarry.first);
    for (let i = 0; i < 2 * ORPHANS_MAX; i++) hear(node, quarry.block(nobody.id), 'flooder');
    hear(node, b1, 'honest');
    expect(node.tip.id).toBe(b2.id);
  });
});
