import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Lane } from '../../src/driver/ports.ts';
import { framedBytes } from '../../src/network/frames.ts';
import { LANES, SendQueue } from '../../src/network/queue.ts';

const LIMITS = {
  consensus: { messagesMax: 4, bytesMax: 100 },
  transactions: { messagesMax: 4, bytesMax: 100 },
  sync: { messagesMax: 4, bytesMax: 100 },
};

/** A message of one byte that says which it is. */
const message = (name: number, length = 1): Uint8Array => new Uint8Array(length).fill(name);
const names = (batch: readonly Uint8Array[]): (number | undefined)[] => batch.map(([name]) => name);

describe('the queue of a peer', () => {
  test('empties the lanes by priority, each in its order', () => {
    const queue = new SendQueue(LIMITS);
    queue.push('sync', message(5));
    queue.push('transactions', message(3));
    queue.push('consensus', message(1));
    queue.push('transactions', message(4));
    queue.push('consensus', message(2));
    expect(names(queue.take(1000, 100))).toEqual([1, 2, 3, 4, 5]);
    expect(queue.empty).toBe(true);
  });

  test('lets consensus overtake between two batches', () => {
    const queue = new SendQueue(LIMITS);
    queue.push('sync', message(8, 50));
    queue.push('sync', message(9, 50));
    expect(names(queue.take(60, 100))).toEqual([8]);
    queue.push('consensus', message(1));
    expect(names(queue.take(60, 100))).toEqual([1, 9]);
  });

  test.each(LANES)('drops the oldest of %s when it has messages enough, and counts', (lane) => {
    const queue = new SendQueue(LIMITS);
    for (let i = 1; i <= 6; i++) queue.push(lane, message(i));
    expect(queue.state()[lane]).toEqual({ messages: 4, bytes: 4, dropped: 2 });
    expect(names(queue.take(1000, 100))).toEqual([3, 4, 5, 6]);
  });

  test('drops as many of the oldest as the bytes of a new one need', () => {
    const queue = new SendQueue(LIMITS);
    for (const [name, length] of [
      [1, 30],
      [2, 30],
      [3, 40],
      [4, 55],
    ] as const)
      queue.push('sync', message(name, length));
    expect(names(queue.take(1000, 100))).toEqual([3, 4]);
    expect(queue.state().sync).toEqual({ messages: 0, bytes: 0, dropped: 2 });
  });

  test('a full lane takes nothing from the others', () => {
    const queue = new SendQueue(LIMITS);
    queue.push('consensus', message(1));
    for (let i = 0; i < 50; i++) queue.push('sync', message(9, 100));
    expect(queue.state().consensus).toEqual({ messages: 1, bytes: 1, dropped: 0 });
    expect(queue.state().sync).toEqual({ messages: 1, bytes: 100, dropped: 49 });
  });

  test('a batch keeps to its bytes and messages, and has one message at least', () => {
    const queue = new SendQueue(LIMITS);
    for (let i = 1; i <= 3; i++) queue.push('consensus', message(i, 16));
    expect(names(queue.take(10, 100))).toEqual([1]);
    expect(names(queue.take(40, 100))).toEqual([2, 3]);
    for (let i = 1; i <= 3; i++) queue.push('consensus', message(i, 16));
    expect(names(queue.take(39, 100))).toEqual([1]);
    expect(names(queue.take(1000, 1))).toEqual([2]);
  });

  test('behaves as a plain list would, whatever is pushed and taken', () => {
    const push = fc.record({ lane: fc.constantFrom(...LANES), length: fc.integer({ min: 1, max: 100 }) });
    const step = fc.oneof(push, fc.constant('take' as const));
    fc.assert(
      fc.property(fc.array(step, { maxLength: 400 }), (steps) => {
        const queue = new SendQueue(LIMITS);
        const model: Record<Lane, Uint8Array[]> = { consensus: [], transactions: [], sync: [] };
        for (const [i, next] of steps.entries()) {
          if (next === 'take') {
            const batch = queue.take(64, 3);
            expect(batch).toEqual(LANES.flatMap((lane) => model[lane]).slice(0, batch.length));
            for (const taken of batch)
              LANES.map((lane) => model[lane])
                .find((list) => list[0] === taken)
                ?.shift();
            expect(batch.length === 1 || batch.reduce((sum, one) => sum + framedBytes(one), 0) <= 64).toBe(true);
          } else {
            const added = message(i, next.length);
            const list = model[next.lane];
            queue.push(next.lane, added);
            list.push(added);
            while (list.length > 4 || list.reduce((sum, one) => sum + one.length, 0) > 100) list.shift();
          }
        }
        expect(LANES.map((lane) => queue.state()[lane].messages)).toEqual(LANES.map((lane) => model[lane].length));
      }),
    );
  });
});
