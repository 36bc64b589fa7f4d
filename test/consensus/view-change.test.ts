/** Castro & Liskov 1999, sections 4.4 and 4.5.2: view changes and their timers. */
import { describe, expect, test } from 'vitest';
import type { SignedViewChange } from '../../src/consensus/messages.ts';
import { Bench, H, type Terms } from './kit.ts';

const A = H('a');
const B = H('b');
const BLOCK = H('d');

const receiveAll = (bench: Bench, viewChanges: readonly SignedViewChange[]): string[] =>
  viewChanges.flatMap((viewChange) => [
    ...bench.receive(viewChange.viewChange.voter, { kind: 'view-change', viewChange }),
  ]);
const demand = (bench: Bench, waiting = true) => bench.give({ kind: 'demand', waiting });
const reach = (bench: Bench, quorum = true) => bench.give({ kind: 'reach', quorum });
const moves = (lines: readonly string[]) => lines.filter((line) => line.startsWith('view-change-started'));

/** A backup whose timer runs. */
function waiting(terms: Terms = {}): Bench {
  const bench = new Bench(terms);
  reach(bench);
  demand(bench);
  return bench;
}

describe('4.4 VIEW-CHANGE', () => {
  test('when the timer expires: persisted, then multicast', () => {
    const bench = waiting();
    expect(moves(bench.ticks(7))).toEqual([]);
    expect(bench.ticks(1).filter((line) => !line.includes('status'))).toEqual([
      'view-change-started v1 timeout',
      'persist view-change v1, stable -',
      'send all view-change v1, stable -',
    ]);
    expect(bench.replica).toMatchObject({ view: 1, active: false });
  });

  test('carries the newest certificate and what was prepared above it, by height', () => {
    const bench = new Bench();
    bench.commitHeight(1, A, BLOCK, [0, 2]);
    for (const height of [3, 2]) {
      bench.vote(0, 'pre-prepare', 0, height, B);
      bench.vote(2, 'prepare', 0, height, B);
    }
    bench.bodyChecked(0, 2, B);
    bench.bodyChecked(0, 3, B);
    bench.vote(0, 'pre-prepare', 0, 4, B);
    bench.bodyChecked(0, 4, B);
    expect(bench.give({ kind: 'censored', view: 0 as never })[2]).toBe(
      'send all view-change v1, stable 1, prepared v0 h2 b by 0+1,2, prepared v0 h3 b by 0+1,2',
    );
  });

  test('carries the prepared certificate of the highest view', () => {
    const bench = new Bench();
    bench.vote(0, 'pre-prepare', 0, 1, A);
    bench.bodyChecked(0, 1, A);
    bench.vote(2, 'prepare', 0, 1, A);
    const { pens } = bench;
    const viewChanges = [0, 2, 3].map((voter) =>
      pens.viewChange(voter, 2, { prepared: voter === 3 ? [pens.prepared(1, 1, B, [2, 3])] : [] }),
    );
    bench.receive(2, { kind: 'new-view', newView: pens.newView(2, viewChanges) });
    bench.bodyChecked(2, 1, B);
    expect(bench.vote(3, 'prepare', 2, 1, B)).toContain('persist prepared v2 h1 b by 2+1,3');
    expect(bench.give({ kind: 'censored', view: 2 as never })[2]).toBe(
      'send all view-change v3, stable -, prepared v2 h1 b by 2+1,3',
    );
  });

  test('after it no vote of the view it left is cast or counted, but CHECKPOINTs go on', () => {
    const bench = new Bench();
    bench.vote(0, 'pre-prepare', 0, 1, A);
    for (const voter of [0, 2, 3]) bench.vote(voter, 'commit', 0, 1, A);
    bench.vote(0, 'pre-prepare', 0, 2, B);
    bench.give({ kind: 'censored', view: 0 as never });
    expect(bench.bodyChecked(0, 2, B)).toEqual([]);
    for (const voter of [0, 2, 3]) expect(bench.vote(voter, 'commit', 0, 2, B)).toEqual([]);
    expect(bench.executed(1, BLOCK)).toEqual(['persist checkpoint h1 d', 'send all checkpoint h1 d']);
    bench.vote(0, 'checkpoint', 0, 1, BLOCK);
    expect(bench.vote(2, 'checkpoint', 0, 1, BLOCK)).toEqual(['certified h1 d by 0,1,2']);
  });

  test('a height that was committed stays committed, and is executed once', () => {
    const bench = new Bench();
    for (const voter of [0, 2, 3]) bench.vote(voter, 'commit', 0, 1, A);
    const { pens } = bench;
    const viewChanges = [0, 2, 3].map((voter) =>
      pens.viewChange(voter, 2, { prepared: [pens.prepared(0, 1, A, [2, 3])] }),
    );
    bench.receive(2, { kind: 'new-view', newView: pens.newView(2, viewChanges) });
    const lines = [0, 2, 3].flatMap((voter) => bench.vote(voter, 'commit', 2, 1, A));
    expect(lines).toEqual([]);
  });
});

describe('4.4 NEW-VIEW', () => {
  test('the primary makes it of a quorum with its own: PRE-PREPAREs persisted, the view persisted, then sent', () => {
    const bench = new Bench({ self: 1 });
    const { pens } = bench;
    const prepared = [pens.prepared(0, 1, A, [2, 3]), pens.prepared(0, 3, B, [2, 3])];
    expect(receiveAll(bench, [pens.viewChange(2, 1)])).toEqual([]);
    expect(receiveAll(bench, [pens.viewChange(3, 1, { prepared })])).toEqual([
      'view-change-started v1 joined',
      'persist view-change v1, stable -',
      'send all view-change v1, stable -',
      'persist pre-prepare v1 h1 a',
      'persist pre-prepare v1 h2 null',
      'persist pre-prepare v1 h3 b',
      'persist new-view v1 of 1,2,3, pre-prepare v1 h1 a, pre-prepare v1 h2 null, pre-prepare v1 h3 b',
      'view-entered v1 primary 1',
      'check-body v1 h1 a repeat',
      'check-body v1 h2 null repeat',
      'check-body v1 h3 b repeat',
      'send all status v1 stable 0 executed 0',
      'send all new-view v1 of 1,2,3, pre-prepare v1 h1 a, pre-prepare v1 h2 null, pre-prepare v1 h3 b',
    ]);
  });

  test('of two prepared certificates for a height the one of the highest view is proposed', () => {
    const bench = new Bench({ self: 3 });
    const { pens } = bench;
    const low = pens.prepared(0, 1, A, [1, 2]);
    const high = pens.prepared(1, 1, B, [0, 2]);
    receiveAll(bench, [pens.viewChange(0, 3, { prepared: [high] }), pens.viewChange(1, 3, { prepared: [low] })]);
    expect(bench.replica.newView?.newView.prePrepares.map(({ vote }) => vote.hash)).toEqual([B]);
  });

  test('nothing at or below the newest certificate is proposed again', () => {
    const bench = new Bench({ self: 3 });
    const { pens } = bench;
    const stable = pens.certificate(2, BLOCK, [0, 1, 2]);
    const old = [pens.prepared(0, 1, A, [1, 2]), pens.prepared(0, 2, A, [1, 2]), pens.prepared(0, 3, B, [1, 2])];
    const lines = receiveAll(bench, [pens.viewChange(0, 3, { stable }), pens.viewChange(1, 3, { prepared: old })]);
    expect(lines).toContain('certified h2 d by 0,1,2');
    expect(lines).toContain('behind h2');
    expect(bench.replica.newView?.newView.prePrepares.map(({ vote }) => [vote.height, vote.hash])).toEqual([[3, B]]);
  });

  test('a backup enters, takes over the certificate, and votes on what is proposed again', () => {
    const bench = new Bench({ self: 2 });
    const { pens } = bench;
    const stable = pens.certificate(1, BLOCK, [0, 1, 3]);
    const viewChanges = [0, 1, 3].map((voter) =>
      pens.viewChange(voter, 1, { stable, prepared: [pens.prepared(0, 2, A, [1, 3])] }),
    );
    expect(bench.receive(1, { kind: 'new-view', newView: pens.newView(1, viewChanges) })).toEqual([
      'persist new-view v1 of 0,1,3, pre-prepare v1 h2 a',
      'view-entered v1 primary 1',
      'certified h1 d by 0,1,3',
      'behind h1',
      'check-body v1 h2 a repeat',
      'send all status v1 stable 1 executed 0',
    ]);
    expect(bench.bodyChecked(1, 2, A)).toEqual(['persist prepare v1 h2 a', 'send all prepare v1 h2 a']);
  });

  test('of a lower view, or of the one that we are in, is ignored', () => {
    const bench = new Bench({ self: 0 });
    const { pens } = bench;
    const newView = (view: number) =>
      ({
        kind: 'new-view',
        newView: pens.newView(
          view,
          [1, 2, 3].map((voter) => pens.viewChange(voter, view)),
        ),
      }) as const;
    expect(bench.receive(2, newView(2))).toHaveLength(3);
    expect(bench.receive(1, newView(1))).toEqual([]);
    expect(bench.receive(2, newView(2))).toEqual([]);
    expect(bench.replica).toMatchObject({ view: 2, active: true });
  });

  test('a primary that promised otherwise in this view before a crash does not begin it', () => {
    const own = new Bench({ self: 1 }).pens;
    const bench = new Bench(
      { self: 1 },
      {
        records: [
          { kind: 'vote', vote: own.vote(1, 'pre-prepare', 1, 1, B) },
          { kind: 'view-change', viewChange: own.viewChange(1, 1) },
        ],
      },
    );
    const prepared = [own.prepared(0, 1, A, [2, 3])];
    const lines = receiveAll(bench, [own.viewChange(2, 1, { prepared }), own.viewChange(3, 1)]);
    expect(lines.filter((line) => line.includes('new-view'))).toEqual([]);
    expect(bench.replica.active).toBe(false);
  });
});

describe('4.5.2 joining', () => {
  test.each([
    ['n = 6: one ahead does not move us', [1, 1, 1, 1, 1, 1], [[2, 5]], null],
    [
      'n = 6: two ahead do, without whom there is no quorum',
      [1, 1, 1, 1, 1, 1],
      [
        [2, 5],
        [3, 6],
      ],
      5,
    ],
    ['less than a third does not, by a hair', [2, 1, 2, 2], [[2, 5]], null],
    ['n = 4: one ahead does not move us', [1, 1, 1, 1], [[2, 5]], null],
    [
      'n = 4: two ahead do',
      [1, 1, 1, 1],
      [
        [2, 5],
        [3, 5],
      ],
      5,
    ],
    [
      'the smallest of their views is joined',
      [1, 1, 1, 1],
      [
        [2, 9],
        [3, 5],
      ],
      5,
    ],
    [
      'n = 7: two ahead do not move us',
      [1, 1, 1, 1, 1, 1, 1],
      [
        [2, 5],
        [3, 5],
      ],
      null,
    ],
    [
      'n = 7: three do',
      [1, 1, 1, 1, 1, 1, 1],
      [
        [2, 8],
        [3, 5],
        [4, 9],
      ],
      5,
    ],
    ['power counts, not heads', [1, 1, 7, 1], [[2, 5]], 5],
  ] as const)('%s', (_, powers, ahead, view) => {
    const bench = new Bench({ powers: [...powers], self: 1 });
    const lines = receiveAll(
      bench,
      ahead.map(([voter, to]) => bench.pens.viewChange(voter, to)),
    );
    expect(moves(lines)).toEqual(view === null ? [] : [`view-change-started v${view} joined`]);
  });

  test('who is left behind joins again as the others go on', () => {
    const bench = new Bench({ self: 0 });
    const { pens } = bench;
    const lines = receiveAll(
      bench,
      [1, 2].flatMap((view) => [pens.viewChange(1, view), pens.viewChange(3, view)]),
    );
    expect(moves(lines)).toEqual(['view-change-started v1 joined', 'view-change-started v2 joined']);
  });

  test('an observer joins nobody', () => {
    const bench = new Bench({ self: null });
    expect(
      receiveAll(
        bench,
        [0, 1, 2, 3].map((voter) => bench.pens.viewChange(voter, 5)),
      ),
    ).toEqual([]);
  });

  test('one liar near the limit of views does not take us there', () => {
    const bench = new Bench();
    const { pens } = bench;
    const far = Number.MAX_SAFE_INTEGER;
    expect(receiveAll(bench, [pens.viewChange(2, far)])).toEqual([]);
    expect(moves(receiveAll(bench, [pens.viewChange(3, 1)]))).toEqual(['view-change-started v1 joined']);
    expect(bench.replica.viewChanges.size).toBe(3);
  });
});

describe('4.5.2 timers', () => {
  /** Ticks until the next view change starts; the others always follow, and no NEW-VIEW comes. */
  function ticksToTimeout(bench: Bench): number {
    for (let count = 1; count <= 200; count++) {
      if (moves(bench.give({ kind: 'tick' })).length === 0) continue;
      const { view } = bench.replica;
      receiveAll(
        bench,
        [0, 2, 3].filter((voter) => voter !== bench.instance.self).map((voter) => bench.pens.viewChange(voter, view)),
      );
      return count;
    }
    return Number.POSITIVE_INFINITY;
  }

  test('doubles with each view that fails, up to the cap', () => {
    const bench = waiting({ self: 1 });
    // Views 1 and 5 are our own to begin, and then are active: their timer is that of a view without progress.
    expect([1, 2, 3, 4, 5].map(() => ticksToTimeout(bench))).toEqual([8, 16, 32, 32, 32]);
  });

  test('starts from the base again after a body was ordered', () => {
    const bench = waiting({ self: 1 });
    ticksToTimeout(bench);
    expect(bench.replica).toMatchObject({ view: 1, active: true, timer: { failures: 1 } });
    for (const voter of [0, 2, 3]) bench.vote(voter, 'commit', 1, 1, A);
    expect(bench.replica.timer.failures).toBe(0);
    expect(ticksToTimeout(bench)).toBe(8);
  });

  test('does not run while nothing is awaited', () => {
    const bench = new Bench();
    reach(bench);
    expect(moves(bench.ticks(100))).toEqual([]);
    demand(bench);
    bench.ticks(4);
    demand(bench, false);
    expect(moves(bench.ticks(100))).toEqual([]);
  });

  test('is not restarted by more demand', () => {
    const bench = waiting();
    for (let i = 0; i < 7; i++) {
      bench.ticks(1);
      demand(bench);
    }
    expect(moves(bench.ticks(1))).toHaveLength(1);
  });

  test('runs for a height under way, without demand', () => {
    const bench = new Bench();
    reach(bench);
    bench.vote(0, 'pre-prepare', 0, 1, A);
    expect(moves(bench.ticks(8))).toHaveLength(1);
  });

  test.each(['prepare', 'commit'] as const)('a %s of a few for what nobody proposed is no reason to wait', (kind) => {
    const bench = new Bench();
    reach(bench);
    bench.vote(3, kind, 0, 4, A);
    expect(moves(bench.ticks(100))).toEqual([]);
    bench.vote(2, 'prepare', 0, 4, B);
    expect(moves(bench.ticks(8))).toHaveLength(1);
  });

  test('what is left of an earlier view is no reason either, unless it was prepared', () => {
    const bench = new Bench({ self: 2 });
    reach(bench);
    bench.vote(0, 'pre-prepare', 0, 1, A);
    expect(moves(bench.ticks(8))).toHaveLength(1);
    const viewChanges = [0, 1, 3].map((voter) => bench.pens.viewChange(voter, 1));
    bench.receive(1, { kind: 'new-view', newView: bench.pens.newView(1, viewChanges) });
    expect(moves(bench.ticks(100))).toEqual([]);
  });

  test('of an active view stands still while no quorum is connected, and starts from the base after', () => {
    const bench = waiting();
    bench.ticks(7);
    reach(bench, false);
    expect(moves(bench.ticks(1000))).toEqual([]);
    reach(bench);
    expect(moves(bench.ticks(7))).toEqual([]);
    expect(moves(bench.ticks(1))).toHaveLength(1);
  });

  test('lonely replicas do not burn views: without a quorum of VIEW-CHANGEs the awaited view does not fail', () => {
    const bench = waiting();
    expect(moves(bench.ticks(8))).toHaveLength(1);
    expect(moves(bench.ticks(10_000))).toEqual([]);
    expect(bench.replica.view).toBe(1);
  });

  test('after a wait without a quorum the timeout starts from the base', () => {
    const bench = waiting({ self: 3 });
    ticksToTimeout(bench);
    ticksToTimeout(bench);
    expect(moves(bench.ticks(32))).toHaveLength(1);
    expect(bench.replica.timer.failures).toBe(3);
    bench.ticks(1000);
    expect(bench.replica.timer.failures).toBe(0);
  });

  test('a censoring primary is left, once, and only the one of the view in question', () => {
    const bench = new Bench();
    expect(bench.give({ kind: 'censored', view: 1 as never })).toEqual([]);
    expect(moves(bench.give({ kind: 'censored', view: 0 as never }))).toEqual(['view-change-started v1 censorship']);
    expect(bench.give({ kind: 'censored', view: 0 as never })).toEqual([]);
    expect(new Bench({ self: 0 }).give({ kind: 'censored', view: 0 as never })).toEqual([]);
  });
});
