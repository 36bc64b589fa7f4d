import { expect, test } from 'vitest';
import { Ticker } from '../../src/node/ticker.ts';

/** Ticks of a ticker of 50 ms that is fired at these times. */
function ticksAt(times: readonly number[]): number[] {
  let now = 0;
  let ticks = 0;
  const ticker = new Ticker(
    50,
    () => ticks++,
    () => now,
    (run) => run(),
  );
  return times.map((time) => {
    now = time;
    const before = ticks;
    ticker.fire();
    return ticks - before;
  });
}

test.each([
  ['on time: one a firing', [50, 100, 150], [1, 1, 1]],
  ['late every time: what was missed is made up for', [100, 200, 300], [2, 2, 2]],
  ['late once: two at a time until it is made up for', [250, 300, 350, 400, 450, 500], [2, 2, 2, 2, 1, 1]],
  ['a stall: forgotten', [5000, 5050, 5100], [1, 1, 1]],
])('%s', (_, times, expected) => {
  expect(ticksAt(times)).toEqual(expected);
});

test('who was late by a tick reads first what came meanwhile', () => {
  let now = 0;
  const order: string[] = [];
  const late: (() => void)[] = [];
  const ticker = new Ticker(
    50,
    () => order.push('tick'),
    () => now,
    (run) => late.push(run),
  );
  for (now of [50, 200]) ticker.fire();
  order.push('read');
  for (const run of late) run();
  expect(order).toEqual(['tick', 'read', 'tick', 'tick']);
});
