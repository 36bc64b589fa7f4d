/** SPEC V5, V14, V16 and R9: who is alone in a higher view is followed, by all, once. */
import { describe, expect, test } from 'vitest';
import { Bench, H, type Terms } from './kit.ts';

/** The bench's instance. */
const BASE_TICKS = 8;
const STRANDED_TICKS = 4 * BASE_TICKS;

const moved = (bench: Bench, voter: number, view: number): readonly string[] =>
  bench.receive(voter, { kind: 'view-change', viewChange: bench.pens.viewChange(voter, view) });
const withoutStatus = (lines: readonly string[]) => lines.filter((line) => !line.includes('status'));
const benchAfter = (terms: Terms, voter: number, view: number): Bench => {
  const bench = new Bench(terms);
  expect(moved(bench, voter, view)).toEqual([]);
  return bench;
};

/** Connected, and a transaction waits. */
function waitFor(bench: Bench): void {
  bench.give({ kind: 'reach', quorum: true });
  bench.give({ kind: 'demand', waiting: true });
}

function enter(bench: Bench, view: number, voters: readonly number[]): void {
  const viewChanges = voters.map((voter) => bench.pens.viewChange(voter, view));
  bench.receive(bench.pens.primary(view), { kind: 'new-view', newView: bench.pens.newView(view, viewChanges) });
}

describe('a replica alone in a higher view', () => {
  test('is followed to the next view after four base timeouts', () => {
    const bench = benchAfter({}, 3, 1);
    expect(withoutStatus(bench.ticks(STRANDED_TICKS - 1))).toEqual([]);
    expect(withoutStatus(bench.ticks(1))).toEqual([
      'view-change-started v1 stranded',
      'persist view-change v1, stable -',
      'send all view-change v1, stable -',
    ]);
    expect(bench.replica).toMatchObject({ view: 1, active: false });
  });

  test.each([2, 4, 1000])('is followed to the next view, though it claims to be %i ahead', (view) => {
    const bench = benchAfter({}, 3, view);
    bench.ticks(STRANDED_TICKS);
    expect(bench.replica.view).toBe(1);
  });

  test('is followed when the view fails anyway, and then its primary is not to blame', () => {
    const bench = benchAfter({}, 3, 1);
    bench.ticks(4);
    waitFor(bench);
    expect(withoutStatus(bench.ticks(BASE_TICKS))[0]).toBe('view-change-started v1 stranded');
    expect(bench.replica.timer.failures).toBe(0);
  });

  test('is no excuse for a primary that fails when the others are just leaving', () => {
    const bench = new Bench();
    waitFor(bench);
    bench.ticks(BASE_TICKS - 3);
    moved(bench, 3, 1);
    expect(withoutStatus(bench.ticks(3))[0]).toBe('view-change-started v1 timeout');
    expect(bench.replica.timer.failures).toBe(1);
    expect([...bench.replica.followed]).toEqual([]);
  });

  test('is followed once an epoch: a liar gets one view change, and no second', () => {
    const bench = benchAfter({ self: 2 }, 3, 1);
    bench.ticks(STRANDED_TICKS);
    enter(bench, 1, [0, 2, 3]);
    moved(bench, 3, 2);
    bench.ticks(10 * STRANDED_TICKS);
    expect(bench.replica.view).toBe(1);
    moved(bench, 0, 2);
    expect(bench.replica.view).toBe(2);
  });

  test('has been followed also by those who left the view for another reason meanwhile', () => {
    const bench = benchAfter({ self: 2 }, 3, 1);
    bench.ticks(STRANDED_TICKS / 2);
    moved(bench, 0, 1);
    expect(bench.replica).toMatchObject({ view: 1, active: false });
    enter(bench, 1, [0, 2, 3]);
    moved(bench, 3, 2);
    bench.ticks(10 * STRANDED_TICKS);
    expect(bench.replica.view).toBe(1);
  });

  test('is followed again where the view keeps us waiting: once for four base timeouts in all', () => {
    const bench = benchAfter({ self: 2 }, 3, 1);
    bench.ticks(STRANDED_TICKS);
    enter(bench, 1, [0, 2, 3]);
    moved(bench, 3, 2);
    const slowPart = BASE_TICKS - 1 - BASE_TICKS / 4;
    let slow = 0;
    for (let height = 1; slow + slowPart < STRANDED_TICKS; height++, slow += slowPart) {
      waitFor(bench);
      bench.ticks(BASE_TICKS - 1);
      bench.commitHeight(height, H('a'), H('b'), [0, 3]);
    }
    expect(bench.replica.view).toBe(1);
    waitFor(bench);
    bench.ticks(BASE_TICKS - 1);
    expect(bench.replica).toMatchObject({ view: 2, active: false, timer: { failures: 0 } });
  });

  /** Bodies of the present view, each ordered at the last moment, until the view is left; how many ticks were slow. */
  function slowTicksUntilLeft(bench: Bench, from: number): number {
    const { view } = bench.replica;
    let slow = 0;
    for (let height = from; height < from + 40; height++) {
      waitFor(bench);
      for (let tick = 0; tick < BASE_TICKS - 1; tick++) {
        bench.ticks(1);
        if (bench.replica.view > view) return slow + 1;
        slow = bench.replica.slow.ticks;
      }
      bench.commitHeight(height, H('a'), H('b'), [0, 3]);
    }
    return Number.POSITIVE_INFINITY;
  }

  function followedOnce(): Bench {
    const bench = benchAfter({ self: 2 }, 3, 1);
    bench.ticks(STRANDED_TICKS);
    enter(bench, 1, [0, 2, 3]);
    return bench;
  }

  test('is followed again after twice the time the second time', () => {
    const bench = followedOnce();
    moved(bench, 3, 2);
    expect(slowTicksUntilLeft(bench, 1)).toBe(STRANDED_TICKS);
    moved(bench, 0, 2);
    moved(bench, 3, 3);
    expect(bench.replica).toMatchObject({ view: 2, active: true, slow: { ticks: 0, left: 1 } });
    bench.replica.slow.ticks = 2 * STRANDED_TICKS - 1;
    expect(withoutStatus(bench.ticks(1))).toEqual([]);
    bench.replica.slow.ticks = 2 * STRANDED_TICKS;
    expect(withoutStatus(bench.ticks(1))[0]).toBe('view-change-started v3 stranded');
  });

  test('is not followed again where it asks for a later view than the next', () => {
    const bench = followedOnce();
    moved(bench, 3, 3);
    expect(slowTicksUntilLeft(bench, 1)).toBe(Number.POSITIVE_INFINITY);
  });

  test('takes no time from a view that follows one without a body', () => {
    const bench = followedOnce();
    moved(bench, 3, 2);
    bench.replica.timer.failures = 3;
    bench.replica.slow.ticks = STRANDED_TICKS;
    waitFor(bench);
    expect(withoutStatus(bench.ticks(bench.instance.timeoutCapTicks - 1))).toEqual([]);
  });

  test('is not followed again while bodies come in a quarter of a base timeout', () => {
    const bench = benchAfter({ self: 2 }, 3, 1);
    bench.ticks(STRANDED_TICKS);
    enter(bench, 1, [0, 2, 3]);
    moved(bench, 3, 2);
    for (let height = 1; height <= 4; height++) {
      waitFor(bench);
      bench.ticks(BASE_TICKS / 4);
      bench.commitHeight(height, H('a'), H('b'), [0, 3]);
    }
    expect(bench.replica).toMatchObject({ view: 1, slow: { ticks: 0 } });
  });

  test('is not followed for what the view kept us waiting before it was ahead', () => {
    const bench = new Bench({ self: 2 });
    waitFor(bench);
    bench.ticks(BASE_TICKS - 1);
    expect(bench.replica.slow.ticks).toBe(0);
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
    const bench = new Bench();
    bench.ticks(STRANDED_TICKS);
    moved(bench, 3, 1);
    bench.ticks(2);
    enter(bench, 2, [0, 2, 3]);
    moved(bench, 3, 3);
    expect(withoutStatus(bench.ticks(STRANDED_TICKS - 1))).toEqual([]);
    bench.ticks(1);
    expect(bench.replica.view).toBe(3);
  });
});

describe('R9: a peer that does not know who is alone ahead', () => {
  const told = (bench: Bench, held: readonly (readonly [voter: number, view: number])[], view = 0) =>
    bench
      .status(0, { view, viewChanges: held.map(([voter, at]) => ({ voter: voter as never, view: at as never })) })
      .filter((line) => line.includes('view-change'));

  test('is shown the VIEW-CHANGE once it has been alone for half a base timeout', () => {
    const bench = benchAfter({}, 3, 1);
    bench.ticks(BASE_TICKS / 2 - 1);
    expect(told(bench, [])).toEqual([]);
    bench.ticks(1);
    expect(told(bench, [])).toEqual(['send 0 view-change v1, stable -']);
  });

  test('is shown one at a time, by turns', () => {
    const bench = benchAfter({ powers: [1, 1, 1, 1, 1, 1, 1, 1, 1, 1] }, 3, 1);
    moved(bench, 4, 5);
    bench.ticks(BASE_TICKS);
    expect(told(bench, [])).toEqual(['send 0 view-change v1, stable -']);
    expect(told(bench, [[3, 1]])).toEqual(['send 0 view-change v5, stable -']);
    bench.ticks(1);
    expect(told(bench, [])).toEqual(['send 0 view-change v5, stable -']);
    expect(
      told(bench, [
        [3, 9],
        [4, 1],
      ]),
    ).toEqual([]);
  });

  test('is shown nothing in another view, nor of itself', () => {
    const bench = benchAfter({}, 3, 2);
    bench.ticks(BASE_TICKS);
    expect(told(bench, [], 1)).toEqual([]);
    expect(bench.status(3, { view: 0 }).filter((line) => line.includes('view-change'))).toEqual([]);
  });
});

describe('the clock of a view', () => {
  test('goes on from its VIEW-CHANGEs to its first body', () => {
    const bench = new Bench();
    waitFor(bench);
    for (const voter of [0, 3]) moved(bench, voter, 2);
    expect(bench.replica).toMatchObject({ view: 2, active: false });
    bench.ticks(BASE_TICKS - 2);
    enter(bench, 2, [0, 2, 3]);
    expect(bench.replica).toMatchObject({ view: 2, active: true });
    expect(withoutStatus(bench.ticks(1))).toEqual([]);
    expect(withoutStatus(bench.ticks(1))[0]).toBe('view-change-started v3 timeout');
  });

  test('stops when nothing is awaited', () => {
    const bench = new Bench();
    bench.give({ kind: 'reach', quorum: true });
    for (const voter of [0, 3]) moved(bench, voter, 2);
    bench.ticks(BASE_TICKS - 2);
    enter(bench, 2, [0, 2, 3]);
    expect(withoutStatus(bench.ticks(4 * BASE_TICKS))).toEqual([]);
  });

  test('begins anew in a higher view than the one that was awaited', () => {
    const bench = new Bench();
    waitFor(bench);
    for (const voter of [0, 3]) moved(bench, voter, 2);
    bench.ticks(BASE_TICKS - 2);
    enter(bench, 3, [0, 2, 3]);
    expect(withoutStatus(bench.ticks(BASE_TICKS - 1))).toEqual([]);
    expect(withoutStatus(bench.ticks(1))[0]).toBe('view-change-started v4 timeout');
  });
});

describe('a replica that was silent for the longest timeout', () => {
  /** Between views, with three failures behind it: a timeout of 32 ticks, of which some are gone. */
  function slowed(): Bench {
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

  test('sets the timeout back to the base when it is heard again', () => {
    const bench = slowed();
    status(bench);
    expect(bench.replica.timer.failures).toBe(0);
    bench.ticks(7);
    expect(bench.replica.view).toBe(3);
    bench.ticks(1);
    expect(bench.replica.view).toBe(4);
  });

  test('does so once in a while only', () => {
    const bench = slowed();
    status(bench);
    bench.replica.timer.failures = 3;
    bench.ticks(4);
    bench.replica.timer.heardAt.clear();
    status(bench);
    expect(bench.replica.timer.failures).toBe(3);
  });

  test('but not if it was heard all the time', () => {
    const bench = slowed();
    bench.replica.timer.heardAt.set(2 as never, bench.replica.timer.now - 31);
    status(bench);
    expect(bench.replica.timer.failures).toBe(3);
  });
});
