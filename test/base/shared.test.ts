import { expect, test } from 'vitest';
import { shareAmongNodes, shared } from '../../src/base/shared.ts';
import { listenToWork, work } from '../../src/base/work.ts';

let computed = 0;
const double = shared((of: { readonly value: number }, context: string) => {
  computed += 1;
  work('encode', 'double', of.value);
  return `${context}${2 * of.value}`;
});

/** What it says, how often it was computed for that, and the work that was told of. */
function asked(of: { readonly value: number }, context: string): readonly [string, number, readonly unknown[]] {
  const told: unknown[] = [];
  const before = listenToWork((...each) => void told.push(each));
  const from = computed;
  const result = double(of, context);
  listenToWork(before);
  return [result, computed - from, told];
}

const DONE = [['encode', 'double', 7]];

// In this order: what a process begins to share it goes on sharing.
test('a node computes what it is asked for each time', () => {
  const of = { value: 7 };
  expect(asked(of, 'a')).toEqual(['a14', 1, DONE]);
  expect(asked(of, 'a')).toEqual(['a14', 1, DONE]);
});

test('many nodes compute it once, and each is told of the work', () => {
  shareAmongNodes();
  const of = { value: 7 };
  expect(asked(of, 'a')).toEqual(['a14', 1, DONE]);
  expect(asked(of, 'a')).toEqual(['a14', 0, DONE]);
  expect(asked(of, 'b')).toEqual(['b14', 1, DONE]);
});

test('a changed copy takes nothing along, and nobody sees what is known of the object', () => {
  shareAmongNodes();
  const of = { value: 7 };
  double(of, 'a');
  expect(asked({ ...of, value: 8 }, 'a')[0]).toBe('a16');
  expect(Object.keys(of)).toEqual(['value']);
  expect(of).toStrictEqual({ value: 7 });
});
