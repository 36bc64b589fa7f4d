import { describe, expect, test } from 'vitest';
import type { Hash } from '../../src/base/brand.ts';
import { Meter, quantile } from '../../src/compare/meter.ts';

const id = (name: string): Hash => name as Hash;
const END_MS = 1200;

/** A meter of these nodes, to which transactions were submitted at these times. */
function meterOf(nodes: readonly number[], submitted: Readonly<Record<string, number>>): Meter {
  const meter = new Meter(nodes);
  for (const [name, atMs] of Object.entries(submitted)) meter.submitted(id(name), atMs);
  return meter;
}

describe('finality', () => {
  test.each([
    [0, 1],
    [0.01, 1],
    [0.5, 5],
    [0.51, 6],
    [0.99, 10],
    [1, 10],
  ])('the quantile %d of 1 to 10 is %d', (part, expected) => {
    expect(quantile([1, 2, 3, 4, 5, 6, 7, 8, 9, 10], part)).toBe(expected);
  });

  test('of nothing is null, and has no quantiles', () => {
    const { finalityMs, finalityQuantilesMs, messagesPerTransaction, throughput } = meterOf([0], { a: 0 }).result(
      END_MS,
    );
    expect(finalityMs).toEqual({ p50: null, p99: null });
    expect(finalityQuantilesMs).toEqual([]);
    expect({ messagesPerTransaction, throughput }).toEqual({ messagesPerTransaction: null, throughput: 0 });
  });

  test('is from the submission to the first honest node, whoever comes later and whatever liars show', () => {
    const meter = meterOf([1, 2], { a: 100 });
    meter.final(0, 1, 'x', [id('a')], 110);
    meter.final(2, 1, 'x', [id('a')], 150);
    meter.final(1, 1, 'x', [id('a')], 300);
    expect(meter.result(END_MS)).toMatchObject({
      finalityTimesMs: [50],
      finalityMs: { p50: 50, p99: 50 },
      committed: 1,
      submitted: 1,
    });
  });

  test('is shown in twenty equal parts, the shortest first', () => {
    const meter = new Meter([0]);
    for (let at = 1; at <= 100; at++) {
      meter.submitted(id(`${at}`), 0);
      meter.final(0, at, 'x', [id(`${at}`)], at);
    }
    const { finalityQuantilesMs } = meter.result(END_MS);
    expect(finalityQuantilesMs).toEqual([1, ...Array.from({ length: 20 }, (_, part) => 5 * (part + 1))]);
  });

  test('of what nobody submitted is not measured', () => {
    const meter = meterOf([0], { a: 0 });
    meter.final(0, 1, 'x', [id('forged')], 10);
    expect(meter.result(END_MS)).toMatchObject({ committed: 0, finalityMs: { p50: null } });
  });
});

describe('disagreement', () => {
  test.each<[string, readonly (readonly [node: number, position: number, value: string])[], boolean]>([
    [
      'the same at one position is none',
      [
        [1, 1, 'x'],
        [2, 1, 'x'],
      ],
      false,
    ],
    [
      'different things at different positions are none',
      [
        [1, 1, 'x'],
        [2, 2, 'y'],
      ],
      false,
    ],
    [
      'different things at one position are one',
      [
        [1, 1, 'x'],
        [2, 1, 'y'],
      ],
      true,
    ],
    [
      'a node that takes back its own is alone with it',
      [
        [1, 1, 'x'],
        [1, 1, 'y'],
      ],
      false,
    ],
    [
      'what a liar shows is none',
      [
        [0, 1, 'x'],
        [2, 1, 'y'],
      ],
      false,
    ],
    [
      'what one showed and took back counts',
      [
        [1, 1, 'x'],
        [1, 1, 'y'],
        [2, 1, 'x'],
      ],
      true,
    ],
  ])('%s', (_, shown, expected) => {
    const meter = new Meter([1, 2]);
    for (const [node, position, value] of shown) meter.final(node, position, value, [], 10);
    expect(meter.result(END_MS).disagreed).toBe(expected);
  });

  test('says when it began, where, and between whom', () => {
    const meter = new Meter([1, 2, 3]);
    meter.final(1, 7, 'x', [], 10);
    meter.final(3, 7, 'y', [], 20);
    meter.final(2, 8, 'x', [], 30);
    meter.final(3, 8, 'y', [], 40);
    expect(meter.result(END_MS).disagreement).toEqual({ atMs: 20, position: 7, nodes: [1, 3] });
  });

  test('is a fork at that position, as two blocks are that were only seen', () => {
    const meter = new Meter([1, 2]);
    meter.final(1, 1, 'x', [], 10);
    meter.final(2, 1, 'y', [], 10);
    for (const value of ['x', 'y', 'z']) meter.saw(1, 2, value);
    meter.saw(1, 3, 'x');
    meter.saw(0, 3, 'y');
    expect(meter.result(END_MS).forks).toBe(2);
  });
});

describe('what is taken back', () => {
  test('counts once, however often and by however many', () => {
    const meter = meterOf([0, 1], { a: 0, b: 0 });
    for (const node of [0, 1, 0]) {
      meter.final(node, 1, 'x', [id('a'), id('b')], 10);
      meter.reversed(node, [id('a')], 20);
    }
    expect(meter.result(END_MS)).toMatchObject({ reversedAfterFinal: 1, committed: 1 });
  });

  test('is committed while another honest node holds it', () => {
    const meter = meterOf([0, 1], { a: 0 });
    for (const node of [0, 1]) meter.final(node, 1, 'x', [id('a')], 10);
    meter.reversed(0, [id('a')], 20);
    expect(meter.result(END_MS)).toMatchObject({ reversedAfterFinal: 1, committed: 1 });
  });

  test('was never shown where it was not final, and liars take back nothing', () => {
    const meter = meterOf([1], { a: 0 });
    meter.reversed(1, [id('a')], 20);
    meter.final(0, 1, 'x', [id('a')], 10);
    meter.reversed(0, [id('a')], 20);
    expect(meter.result(END_MS).reversedAfterFinal).toBe(0);
  });

  test('is waited for from then on', () => {
    const meter = meterOf([0], { a: 0 });
    meter.final(0, 1, 'x', [id('a')], 10);
    meter.reversed(0, [id('a')], 1000);
    expect(meter.result(END_MS).unavailableMs).toBe(200);
  });
});

describe('a pause', () => {
  test('is as long as something waits and nothing becomes final, not as nothing is asked for', () => {
    const meter = meterOf([0], { a: 100 });
    meter.final(0, 1, 'x', [id('a')], 130);
    meter.submitted(id('b'), 1000);
    meter.final(0, 2, 'x', [id('b')], 1010);
    expect(meter.result(END_MS).unavailableMs).toBe(30);
  });

  test('of one node is not one of all', () => {
    const meter = meterOf([0, 1], { a: 0 });
    meter.final(0, 1, 'x', [id('a')], 10);
    meter.final(1, 1, 'x', [id('a')], 500);
    const { unavailableMs, unavailableMsOf } = meter.result(END_MS);
    expect(unavailableMs).toBe(10);
    expect(unavailableMsOf).toEqual([
      { node: 0, ms: 10 },
      { node: 1, ms: 500 },
    ]);
  });

  test('goes on while others catch up on what was final before', () => {
    const meter = meterOf([0, 1], { a: 0 });
    meter.final(0, 1, 'x', [id('a')], 10);
    meter.submitted(id('b'), 20);
    meter.final(1, 1, 'x', [id('a')], 500);
    meter.final(0, 2, 'x', [id('b')], 620);
    expect(meter.result(END_MS).unavailableMs).toBe(600);
  });

  test('lasts to the end where something still waits', () => {
    const meter = meterOf([0, 1], { a: 0, b: 200 });
    meter.final(0, 1, 'x', [id('a'), id('b')], 300);
    expect(meter.result(END_MS)).toMatchObject({
      unavailableMs: 300,
      unavailableMsOf: [
        { node: 0, ms: 300 },
        { node: 1, ms: END_MS },
      ],
    });
  });
});

test('the time line counts what each node holds final, up and down', () => {
  const meter = meterOf([0, 1], { a: 0, b: 0 });
  meter.final(0, 1, 'x', [id('a'), id('b')], 100);
  meter.reversed(0, [id('b')], 600);
  const { everyMs, final } = meter.result(END_MS).timeline;
  expect(everyMs).toBe(10);
  const counts = final[0]?.counts ?? [];
  expect([8, 9, 58, 59, 119].map((sample) => counts[sample])).toEqual([0, 2, 2, 1, 1]);
  expect(final[1]?.counts).toEqual(Array.from({ length: 120 }, () => 0));
});

test('work is divided among what is committed, and throughput is over the time that it took', () => {
  const meter = meterOf([0], { a: 100, b: 200, c: 300 });
  meter.final(0, 1, 'x', [id('a'), id('b')], 1100);
  for (const bytes of [100, 200]) meter.message(bytes);
  meter.signatures(8);
  for (let hash = 0; hash < 10; hash++) meter.hashes(1);
  meter.reorganised(0, 2);
  meter.reorganised(7, 9);
  expect(meter.result(END_MS)).toMatchObject({
    committed: 2,
    throughput: 2,
    messages: 2,
    bytes: 300,
    messagesPerTransaction: 1,
    bytesPerTransaction: 150,
    signaturesPerTransaction: 4,
    hashesPerTransaction: 5,
    deepestReorganisation: 2,
  });
});
