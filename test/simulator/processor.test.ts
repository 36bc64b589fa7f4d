import { describe, expect, test } from 'vitest';
import { work } from '../../src/base/work.ts';
import { COSTS } from '../../src/driver/fairness/costs.ts';
import { encodePeerMessage } from '../../src/driver/wire/wire.ts';
import { Processor } from '../../src/simulator/world/processor.ts';
import { Scheduler } from '../../src/simulator/world/scheduler.ts';
import { Simulation } from '../../src/simulator/simulation.ts';

/** A processor at time 0, and when its tasks ran. */
function machine(isFree = false) {
  const scheduler = new Scheduler(0);
  const processor = new Processor(scheduler, isFree);
  const ran: [string, number][] = [];
  const note = (name: string): void => void ran.push([name, scheduler.nowMs]);
  const task = (name: string, us = 0) =>
    processor.run(() => {
      note(name);
      processor.spend(us);
    });
  const until = (ms: number): void => {
    while (scheduler.runNext(ms));
  };
  return { scheduler, processor, ran, note, task, until };
}

describe('a processor', () => {
  test('does one thing after another, each when those before it are done', () => {
    const { scheduler, ran, task, until } = machine();
    task('long', 3000);
    task('short', 500);
    scheduler.after(1, () => task('late', 1000));
    until(100);
    scheduler.after(0, () => task('idle'));
    until(200);
    expect(ran).toEqual([
      ['long', 0],
      ['short', 3],
      ['late', 3.5],
      ['idle', 100],
    ]);
  });

  test('lets go what a task sends when the task is done, before the next begins', () => {
    const { processor, note, task, ran, until } = machine();
    processor.run(() => {
      processor.leave(() => note('sent at once'));
      processor.spend(1000);
      processor.leave(() => note('sent'));
      processor.spend(1000);
    });
    task('next');
    until(10);
    expect(ran).toEqual([
      ['sent at once', 0],
      ['sent', 2],
      ['next', 2],
    ]);
  });

  test('takes no time for anything where work is free', () => {
    const { processor, ran, task, until } = machine(true);
    task('first', 5000);
    task('second', 5000);
    expect(processor.helpMs(100)).toBe(0);
    until(10);
    expect(ran).toEqual([
      ['first', 0],
      ['second', 0],
    ]);
    expect(processor.spentUs).toBe(0);
  });

  test('takes twice as long at half the speed, and counts the same work', () => {
    const { processor, ran, task, until } = machine();
    processor.speed = 0.5;
    task('slow', 1000);
    task('next');
    until(10);
    expect(ran[1]).toEqual(['next', 2]);
    expect(processor.spentUs).toBe(1000);
    expect(processor.busyShare).toBe(0.1);
  });

  test('has two helpers for signatures, who work through one queue beside it', () => {
    const { processor } = machine();
    const ms = (100 * COSTS.verify) / 2 / 1000;
    expect(processor.helpMs(100)).toBe(ms);
    expect(processor.helpMs(100)).toBe(2 * ms);
    expect([processor.spentUs, processor.helpersUs]).toEqual([0, 200 * COSTS.verify]);
  });

  test('stands still while it is stopped, and goes on in order', () => {
    const { scheduler, processor, ran, task, until } = machine();
    task('first', 1000);
    task('second');
    processor.stop();
    until(5);
    task('third');
    expect(ran).toEqual([['first', 0]]);
    processor.go();
    until(6);
    expect(ran.slice(1)).toEqual([
      ['second', 5],
      ['third', 5],
    ]);
    expect(scheduler.size).toBe(0);
  });

  test('forgets all that waits when its process ends, and what it would have sent', () => {
    const { processor, ran, note, task, until } = machine();
    processor.run(() => {
      processor.spend(1000);
      processor.leave(() => note('sent'));
    });
    task('second');
    processor.clear();
    task('of the next life');
    until(10);
    expect(ran).toEqual([['of the next life', 0]]);
  });

  test('pays for the work that code tells of, but not for what others do in between', () => {
    const { processor } = machine();
    processor.run(() => {
      work('execute', 'body', 10);
      processor.aside(() => work('execute', 'body', 1000));
    });
    work('execute', 'body', 1000);
    expect(processor.spentUs).toBe(COSTS.block + 10 * COSTS.execute);
  });

  test('charges what a task makes another node do to that node', () => {
    const [one, other] = [machine(), machine()];
    one.processor.run(() => {
      other.processor.run(() => work('execute', 'body', 0));
      work('execute', 'body', 1);
    });
    expect([one.processor.spentUs, other.processor.spentUs]).toEqual([COSTS.block + COSTS.execute, COSTS.block]);
  });
});

describe('a node of a simulation', () => {
  const four = (costs = true) => new Simulation({ seed: 1, powers: [1n, 1n, 1n, 1n], liars: new Map(), costs });

  test('pays for its part of the protocol; nothing where costs are off', () => {
    const [paying, free] = [four(), four(false)];
    for (const simulation of [paying, free]) {
      simulation.startAll();
      simulation.clients.load(100);
      simulation.run(3000);
      expect(simulation.violations).toEqual([]);
    }
    for (const { processor } of paying.nodes) expect(processor.busyShare).toBeGreaterThan(0.001);
    for (const { processor } of free.nodes) expect(processor.spentUs).toBe(0);
  });

  test('encodes a message once, whoever gets it', () => {
    const { processor } = machine();
    const message = { kind: 'fetch-blocks', from: 1 as never, count: 1 } as const;
    processor.run(() => void encodePeerMessage(message));
    const once = processor.spentUs;
    expect(once).toBeGreaterThan(0);
    expect(once).toBeLessThan(1);
  });

  test.for([
    [300, 40, 'makes up for the ticks that it missed'],
    [1000, 21, 'forgets those of a long stall'],
  ] as const)('that is busy for %i ms has had %i ticks after two seconds: it %s', ([busyMs, ticks]) => {
    const simulation = four();
    simulation.startAll();
    simulation.run(20);
    const node = simulation.node(0);
    const before = node.ticks;
    node.processor.run(() => node.processor.spend(1000 * busyMs));
    simulation.run(2000);
    expect(Math.abs(node.ticks - before - ticks)).toBeLessThanOrEqual(2);
  });
});
