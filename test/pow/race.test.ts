import { describe, expect, test } from 'vitest';
import { DoubleSpender, givesUpBehind } from '../../src/pow/race.ts';
import { BlockTree } from '../../src/pow/tree.ts';

/** Plays a story: blocks in lower case are the attacker's, in upper case the others', who mine on the public tip. Tells what was
 *  published after each. */
function play(confirmations: number, story: string): { published: string[]; tip: string; behind: number } {
  const tree = new BlockTree<string>('root', { depthMax: Infinity, blocksMax: Infinity, sideBytesMax: Infinity });
  const attacker = new DoubleSpender(tree, confirmations);
  const parents = new Map<string, string>();
  const published: string[] = [];
  for (const id of story.split(' ')) {
    let now: readonly string[];
    if (id === id.toLowerCase()) {
      parents.set(id, attacker.head);
      now = attacker.found(id);
    } else {
      tree.add(id, tree.tip.id, 1n);
      now = attacker.heard();
    }
    for (const block of now) tree.add(block, parents.get(block)!, 1n);
    published.push(now.join(''));
  }
  return { published, tip: tree.tip.id, behind: attacker.behind };
}

describe('the double spender', () => {
  test.each([
    ['publishes nothing before the payment is confirmed', 2, 'a b A c', ['', '', '', ''], 'A', -2],
    ['publishes a longer branch when it is', 2, 'a b c A B', ['', '', '', '', 'abc'], 'c', 0],
    ['an equal branch is published, and does not win', 1, 'a A', ['', 'a'], 'A', 0],
    ['one block more wins', 1, 'a A b', ['', 'a', 'b'], 'b', 0],
    ['goes on from behind', 1, 'A B a b c', ['', '', '', 'ab', 'c'], 'c', 0],
    ['without confirmations its block is there first', 0, 'a', ['a'], 'a', 0],
  ])('%s', (_, confirmations, story, published, tip, behind) => {
    expect(play(confirmations, story)).toEqual({ published, tip, behind });
  });

  test.each([
    [0.1, 1_000_000],
    [0.3, 20_000],
    [0.45, 1_000_000],
    [0.49, 1000],
    [0.1, 1],
  ])('share %d gives up, of %d races, where it would miss a tenth of one success in all', (share, races) => {
    const behind = givesUpBehind(share, races);
    const aheadFrom = (blocks: number): number => races * (share / (1 - share)) ** (blocks + 1);
    expect(aheadFrom(behind)).toBeLessThanOrEqual(0.1);
    if (behind > 1) expect(aheadFrom(behind - 1)).toBeGreaterThan(0.1);
  });

  test('with half of the hash power it never gives up, and with none at once', () => {
    expect([givesUpBehind(0.5, 1000), givesUpBehind(0.8, 1000)]).toEqual([Infinity, Infinity]);
    expect(givesUpBehind(0, 1000)).toBe(1);
  });
});
