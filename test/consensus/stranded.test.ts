/** SPEC V16: who is alone in a higher view is fetched. */
import { describe, expect, test } from 'vitest';
import { Bench, type Terms } from './kit.ts';

/** Four base timeouts of the bench's instance. */
const STRANDED_TICKS = 32;

const moved = (bench: Bench, voter: number, view: number): readonly string[] =>
  bench.receive(voter, { kind: 'view-change', viewChange: bench.pens.viewChange(voter, view) });
const withoutStatus = (lines: readonly string[]) => lines.filter((line) => !line.includes('status'));
const benchAfter = (terms: Terms, voter: number, view: number): Bench => {
  const bench = new Bench(terms);
  expect(moved(bench, voter, view)).toEqual([]);
  return bench;
};

describe('a replica alone in a higher view', () => {
  test('is followed after four base timeouts, and its VIEW-CHANGE shown to all', () => {
    const bench = benchAfter({}, 3, 2);
    expect(withoutStatus(bench.ticks(STRANDED_TICKS - 1))).toEqual([]);
    expect(withoutStatus(bench.ticks(1))).toEqual([
      'send all view-change v2, stable -',
      'view-change-started v2 stranded',
      'persist view-change v2, stable -',
      'send all view-change v2, stable -',
    ]);
    expect(bench.replica).toMatchObject({ view: 2, active: false });
  });

  test('is followed to the lowest view, where there are several', () => {
    const bench = new Bench({ powers: [1, 1, 1, 1, 1, 1, 1], self: 1 });
    moved(bench, 3, 5);
    moved(bench, 4, 3);
    bench.ticks(STRANDED_TICKS);
    expect(bench.replica.view).toBe(3);
  });

  test('is followed once an epoch: a liar gets one view change, and no second', () => {
    const bench = benchAfter({ self: 2 }, 3, 1);
    bench.ticks(STRANDED_TICKS);
    for (const other of [0, 1]) moved(bench, other, 1);
    const viewChanges = [0, 2, 3].map((voter) => bench.pens.viewChange(voter, 1));
    bench.receive(1, { kind: 'new-view', newView: bench.pens.newView(1, viewChanges) });
    expect(bench.replica).toMatchObject({ view: 1, active: true });
    moved(bench, 3, 2);
    bench.ticks(10 * STRANDED_TICKS);
    expect(bench.replica.view).toBe(1);
    moved(bench, 0, 2);
    expect(bench.replica.view).toBe(2);
  });

  test('is followed for one round of primaries, and no further', () => {
    const far = benchAfter({}, 3, 5);
    far.ticks(10 * STRANDED_TICKS);
    expect(far.replica.view).toBe(0);
    const near = benchAfter({}, 3, 4);
    near.ticks(STRANDED_TICKS);
    expect(near.replica.view).toBe(4);
  });

  test('is not followed by an observer, nor by who is between views itself', () => {
    const observer = benchAfter({ self: null }, 3, 1);
    expect(withoutStatus(observer.ticks(STRANDED_TICKS))).toEqual([]);
    const between = new Bench({ powers: [1, 1, 1, 1, 1, 1, 1] });
    between.give({ kind: 'censored', view: 0 as never });
    moved(between, 3, 2);
    expect(withoutStatus(between.ticks(STRANDED_TICKS))).toEqual([]);
  });

  test('that comes back in between waits anew the next time', () => {
    const bench = benchAfter({}, 3, 1);
    bench.ticks(STRANDED_TICKS - 1);
    const viewChanges = [0, 2, 3].map((voter) => bench.pens.viewChange(voter, 2));
    bench.receive(2, { kind: 'new-view', newView: bench.pens.newView(2, viewChanges) });
    moved(bench, 3, 3);
    expect(withoutStatus(bench.ticks(STRANDED_TICKS - 1))).toEqual([]);
    bench.ticks(1);
    expect(bench.replica.view).toBe(3);
  });
});

describe('a replica that was silent for the longest timeout', () => {
  /** Between views, with three failures behind it: 32 ticks of patience, of which some are gone. */
  function patient(): Bench {
    const bench = new Bench({ self: 0 });
    bench.give({ kind: 'reach', quorum: true });
    bench.give({ kind: 'demand', waiting: true });
    for (const view of [1, 2, 3]) {
      bench.ticks(view === 1 ? 8 : 8 * 2 ** (view - 1));
      for (const other of [1, 3]) moved(bench, other, view);
    }
    expect(bench.replica).toMatchObject({ view: 3, active: false, timer: { failures: 3 } });
    return bench;
  }
  const status = (bench: Bench) => bench.status(2, { view: 3, active: false });

  test('makes patience start from the base when it is heard again', () => {
    const bench = patient();
    status(bench);
    expect(bench.replica.timer.failures).toBe(0);
    bench.ticks(7);
    expect(bench.replica.view).toBe(3);
    bench.ticks(1);
    expect(bench.replica.view).toBe(4);
  });

  test('does so once in a while only', () => {
    const bench = patient();
    status(bench);
    bench.replica.timer.failures = 3;
    bench.ticks(4);
    bench.replica.timer.heardAt.clear();
    status(bench);
    expect(bench.replica.timer.failures).toBe(3);
  });

  test('but not if it was heard all the time', () => {
    const bench = patient();
    bench.replica.timer.heardAt.set(2 as never, bench.replica.timer.now - 31);
    status(bench);
    expect(bench.replica.timer.failures).toBe(3);
  });
});
