import { expect, test } from 'vitest';
import type { Hash } from '../../src/base/brand.ts';
import { Meter } from '../../src/compare/meter.ts';
import type { Single } from '../../src/compare/protocol.ts';
import { together } from '../../src/compare/repeat.ts';

const END_MS = 1200;
const NODES = [0, 1];

/** A run in which transactions became final after so long, and one more never. `differ`: the other node shows something else. */
function single(waitsMs: readonly number[], differ: boolean): Single {
  const meter = new Meter(NODES);
  const ids = [...waitsMs.keys(), 'last'].map((name) => `${name}` as Hash);
  for (const id of ids) meter.submitted(id, 0);
  for (const [at, ms] of waitsMs.entries()) {
    meter.message(100);
    meter.final(0, at + 1, 'x', ids.slice(at, at + 1), ms);
    meter.reorganised(0, at);
  }
  if (differ) {
    meter.final(1, 1, 'y', [], 500);
    meter.reversed(0, ids.slice(0, 1), 600);
  }
  const { finalityTimesMs, finalityMs, disagreed, reversedAfterFinal, ...more } = meter.result(END_MS);
  const shown = { finalityTimesMs, finalityMs, disagreed, reversedAfterFinal };
  return { protocol: 'pow', ...more, ...shown, confirmations: [{ confirmations: 1, risk: 0.5, ...shown }] };
}

const [one, other] = [single([10, 20, 30], false), single([1, 2, 3, 4, 1000], true)];

test('several runs are one: times of all transactions, sums of counts, and the longest and deepest of any', () => {
  const run = together([7, 8], [one, other]);
  expect(run).toMatchObject({
    repetitions: 2,
    finalityMs: { p50: 4, p99: 1000 },
    submitted: 10,
    committed: 7,
    messages: 8,
    messagesPerTransaction: 8 / 7,
    bytesPerTransaction: 800 / 7,
    signaturesPerTransaction: 0,
    forks: 1,
    deepestReorganisation: 4,
    disagreed: true,
    disagreement: { atMs: 500, position: 1 },
    reversedAfterFinal: 1,
    unavailableMs: END_MS - 30,
    unavailableMsOf: NODES.map((node) => ({ node, ms: node === 0 ? END_MS - 30 : END_MS })),
  });
  expect(run.finalityQuantilesMs).toHaveLength(21);
  expect(run.throughput).toBeCloseTo((one.throughput + other.throughput) / 2, 9);
  expect(run.timeline).toEqual(one.timeline);
});

test('each of them can be seen, with its seed', () => {
  expect(together([7, 8], [one, other]).each).toMatchObject([
    { seed: 7, finalityMs: one.finalityMs, committed: 3, disagreed: false, reversedAfterFinal: 0 },
    { seed: 8, finalityMs: other.finalityMs, committed: 4, disagreed: true, reversedAfterFinal: 1 },
  ]);
});

test('fewer confirmations are put together too, and no list of single times is shown', () => {
  const run = together([7, 8], [one, other]);
  expect(run.confirmations).toEqual([
    { confirmations: 1, risk: 0.5, finalityMs: { p50: 4, p99: 1000 }, disagreed: true, reversedAfterFinal: 1 },
  ]);
  expect(run).not.toHaveProperty('finalityTimesMs');
});

test('of nothing committed nothing is divided', () => {
  const none = single([], false);
  expect(together([7, 8], [none, none])).toMatchObject({ finalityMs: { p50: null }, messagesPerTransaction: null });
});
