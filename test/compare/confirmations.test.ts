import { expect, test } from 'vitest';
import { Confirmations } from '../../src/compare/confirmations.ts';
import type { PowBlock } from '../../src/pow/block.ts';
import { pay, Quarry } from '../pow/kit.ts';

const [A, B] = [pay(0, 0), pay(1, 0)];

/** What a node with so many confirmations says, `+` for final and `-` for taken back, as it follows these tips. */
function told(needed: number, tips: readonly (readonly [block: PowBlock, isTip: boolean])[]): string[] {
  const names = new Map([
    [A.id, 'A'],
    [B.id, 'B'],
  ]);
  const said: string[] = [];
  const confirmations = new Confirmations(needed, {
    final: (height, _, ids) => void said.push(`+${height}${ids.map((id) => names.get(id)).join('')}`),
    reversed: (ids) => void said.push(`-${ids.map((id) => names.get(id)).join('')}`),
  });
  for (const [block, isTip] of tips) confirmations.connected(block, isTip);
  return said;
}

const onTop = (blocks: readonly PowBlock[]): (readonly [PowBlock, boolean])[] => blocks.map((block) => [block, true]);
const aside = (blocks: readonly PowBlock[]): (readonly [PowBlock, boolean])[] => blocks.map((block) => [block, false]);

test('one confirmation is the block itself', () => {
  const quarry = new Quarry();
  const block = quarry.block(quarry.first, { transactions: [A] });
  expect(told(1, onTop([block]))).toEqual(['+1A']);
});

test('of three the first shows when two blocks stand on it', () => {
  const quarry = new Quarry();
  const block = quarry.block(quarry.first, { transactions: [A] });
  const more = quarry.chain(block.id, 3);
  expect(told(3, onTop([block, ...more.slice(0, 1)]))).toEqual([]);
  expect(told(3, onTop([block, ...more]))).toEqual(['+1A', '+2']);
});

test('a block beside the best branch makes nothing final', () => {
  const quarry = new Quarry();
  expect(told(1, aside(quarry.chain(quarry.first, 3)))).toEqual([]);
});

test('a reorganisation takes back what the new branch has not, and not what it has', () => {
  const quarry = new Quarry();
  const root = quarry.block(quarry.first);
  const old = quarry.block(root.id, { transactions: [A, B] });
  const first = quarry.block(root.id);
  const second = quarry.block(first.id, { transactions: [B] });
  const tips = [...onTop([root, old]), ...aside([first]), ...onTop([second])];
  expect(told(1, tips)).toEqual(['+1', '+2AB', '-A', '+2', '+3B']);
});

test('a reorganisation that is not deep enough takes back nothing', () => {
  const quarry = new Quarry();
  const root = quarry.block(quarry.first, { transactions: [A] });
  const old = quarry.block(root.id);
  const other = quarry.chain(root.id, 2);
  expect(told(2, [...onTop([root, old]), ...aside(other.slice(0, 1)), ...onTop(other.slice(1))])).toEqual([
    '+1A',
    '+2',
  ]);
});

test('on a shorter branch with more work what lost its confirmations is taken back, and no more', () => {
  const quarry = new Quarry();
  const root = quarry.block(quarry.first, { transactions: [A] });
  const second = quarry.block(root.id, { transactions: [B] });
  const long = [root, second, ...quarry.chain(second.id, 3)];
  const short = [quarry.block(second.id)];
  expect(told(3, [...onTop(long), ...onTop(short)])).toEqual(['+1A', '+2B', '+3', '-B']);
});

test('on a branch too short for anything to be final all is taken back', () => {
  const quarry = new Quarry();
  const root = quarry.block(quarry.first, { transactions: [A] });
  const long = [root, ...quarry.chain(root.id, 3)];
  expect(told(3, onTop([...long, quarry.block(quarry.first)]))).toEqual(['+1A', '+2', '-A']);
});
