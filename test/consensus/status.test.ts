/** Castro's thesis, 5.2: STATUS, and answers with exactly what a peer lacks. */
import { describe, expect, test } from 'vitest';
import type { Status } from '../../src/consensus/messages.ts';
import { newViewFor } from '../../src/consensus/status.ts';
import { signersOf } from '../../src/consensus/tally.ts';
import { isStatusDue, statusSent } from '../../src/consensus/timer.ts';
import { Bench, H } from './kit.ts';

const A = H('a');
const BLOCK = H('d');
const NOBODY = signersOf([]);
const slot = (height: number, fields: object = {}) => ({
  height,
  hasPrePrepare: false,
  prepares: NOBODY,
  commits: NOBODY,
  checkpoints: NOBODY,
  ...fields,
});

/** Validator 2 knows of its PREPARE and its COMMIT. */
const ITS_OWN = { prepares: signersOf([2] as never), commits: signersOf([2] as never) };

/** Validator 1, which voted for height 1 in every way, without a certificate. */
function voter(): Bench {
  const bench = new Bench();
  bench.vote(0, 'pre-prepare', 0, 1, A);
  bench.bodyChecked(0, 1, A);
  bench.vote(2, 'prepare', 0, 1, A);
  for (const other of [0, 2]) bench.vote(other, 'commit', 0, 1, A);
  bench.executed(1, BLOCK);
  return bench;
}

test('the regular STATUS is due until it is sent, however often that is asked', () => {
  const { replica } = new Bench();
  replica.timer.now = replica.instance.baseTimeoutTicks;
  expect([isStatusDue(replica), isStatusDue(replica)]).toEqual([true, true]);
  statusSent(replica);
  expect(isStatusDue(replica)).toBe(false);
});

describe('STATUS of a peer in our view', () => {
  test('that has nothing gets all our votes', () => {
    expect(voter().status(2, { slots: [slot(1, ITS_OWN)] })).toEqual([
      'send 2 prepare v0 h1 a',
      'send 2 commit v0 h1 a',
      'send 2 checkpoint h1 d',
    ]);
  });

  test.each([
    [
      'our PREPARE',
      { ...ITS_OWN, prepares: signersOf([1, 2] as never) },
      ['send 2 commit v0 h1 a', 'send 2 checkpoint h1 d'],
    ],
    [
      'our COMMIT',
      { ...ITS_OWN, commits: signersOf([1, 2] as never) },
      ['send 2 prepare v0 h1 a', 'send 2 checkpoint h1 d'],
    ],
    [
      'our CHECKPOINT',
      { ...ITS_OWN, checkpoints: signersOf([1] as never) },
      ['send 2 prepare v0 h1 a', 'send 2 commit v0 h1 a'],
    ],
    [
      'only votes of others',
      { prepares: signersOf([2] as never), commits: signersOf([0, 2] as never) },
      ['send 2 prepare v0 h1 a', 'send 2 commit v0 h1 a', 'send 2 checkpoint h1 d'],
    ],
  ])('that has %s gets the rest', (_, fields, lines) => {
    expect(voter().status(2, { slots: [slot(1, fields)] })).toEqual(lines);
  });

  test.each([
    ['its PREPARE', { ...ITS_OWN, prepares: NOBODY }, 'prepare v0 h1 a'],
    ['its COMMIT', { ...ITS_OWN, commits: NOBODY }, 'commit v0 h1 a'],
  ])('and does not know of %s gets it back', (_, own, vote) => {
    const lines = voter().status(2, { slots: [slot(1, own)] });
    expect(lines.filter((line) => line === `send 2 ${vote}`)).toHaveLength(2);
    expect(
      voter()
        .status(2, { view: 1, slots: [slot(1, own)] })
        .join(),
    ).not.toContain(vote);
  });

  test('and does not know of its PRE-PREPARE, or of its CHECKPOINT, gets it back', () => {
    const bench = voter();
    bench.vote(0, 'checkpoint', 0, 1, BLOCK);
    const lines = bench.status(0, { slots: [slot(1, { commits: signersOf([0] as never) })] });
    expect(lines).toEqual(expect.arrayContaining(['send 0 pre-prepare v0 h1 a', 'send 0 checkpoint h1 d']));
    expect(lines.filter((line) => line === 'send 0 checkpoint h1 d')).toHaveLength(2);
  });

  test('that has a certificate gets nothing at or below it', () => {
    expect(voter().status(2, { stableHeight: 1, executedHeight: 1 })).toEqual([]);
  });

  test('lacking a PRE-PREPARE gets it from the primary, and from nobody else', () => {
    const primary = new Bench({ self: 0 });
    primary.propose(0, 1, A);
    expect(primary.status(2)).toEqual(['send 2 pre-prepare v0 h1 a']);
    expect(primary.status(2, { slots: [slot(1, { hasPrePrepare: true })] })).toEqual([]);
    expect(voter().status(2, { slots: [slot(1)] })).not.toContain('send 2 pre-prepare v0 h1 a');
  });

  test('our CHECKPOINTs a window below our certificate are given to who lacks them', () => {
    const bench = voter();
    for (const other of [0, 2]) bench.vote(other, 'checkpoint', 0, 1, BLOCK);
    expect(bench.replica.stable?.height).toBe(1);
    expect(bench.status(3)).toEqual(['send 3 prepare v0 h1 a', 'send 3 commit v0 h1 a', 'send 3 checkpoint h1 d']);
  });

  test('that executed the block of our certificate and lacks the certificate gets it, from who only synced too', () => {
    const bench = new Bench();
    bench.give({ kind: 'synced', certificate: bench.pens.certificate(3, BLOCK, [0, 2, 3]) });
    expect(bench.status(2, { executedHeight: 2 })).toEqual([]);
    const lines = [1, 2, 3].map(() => bench.status(2, { executedHeight: 3 }));
    expect(lines).toEqual([[], [], ['send 2 certificate h3 d']]);
    expect(bench.status(2, { stableHeight: 3, executedHeight: 3 })).toEqual([]);
  });

  test('an observer answers nothing', () => {
    const bench = new Bench({ self: null });
    bench.vote(0, 'pre-prepare', 0, 1, A);
    expect(bench.status(2)).toEqual([]);
  });

  test('of another epoch gets no votes', () => {
    expect(voter().status(2, { epoch: 1 })).toEqual([]);
  });
});

describe('STATUS of a peer in another view', () => {
  const moved = () => {
    const bench = voter();
    bench.give({ kind: 'censored', view: 0 as never });
    return bench;
  };
  const entered = () => {
    const bench = voter();
    for (const other of [2, 3])
      bench.receive(other, { kind: 'view-change', viewChange: bench.pens.viewChange(other, 1) });
    expect(bench.replica).toMatchObject({ view: 1, active: true });
    return bench;
  };

  test('a lower view: who is between views gives its own VIEW-CHANGE', () => {
    const lines = moved().status(2);
    expect(lines[0]).toBe('send 2 view-change v1, stable -, prepared v0 h1 a by 0+1,2');
  });

  test.each([
    ['the same view', { view: 1, active: false }],
    ['a lower view', { view: 0, active: true }],
  ])('%s: the VIEW-CHANGE only to who lacks it', (_, fields) => {
    for (const held of [[], [{ voter: 0, view: 1 }]])
      expect(moved().status(2, { ...fields, viewChanges: held })[0]).toBe(
        'send 2 view-change v1, stable -, prepared v0 h1 a by 0+1,2',
      );
    expect(moved().status(2, { ...fields, viewChanges: [{ voter: 1, view: 1 }] })).toEqual(['send 2 checkpoint h1 d']);
  });

  test('holding our VIEW-CHANGE to a view that we have left since: it gets the new one', () => {
    const bench = new Bench({ baseTimeoutTicks: 4 });
    bench.give({ kind: 'censored', view: 0 as never });
    for (const other of [2, 3])
      bench.receive(other, { kind: 'view-change', viewChange: bench.pens.viewChange(other, 2) });
    expect(bench.replica.view).toBe(2);
    expect(bench.status(0, { view: 0, viewChanges: [{ voter: 1, view: 1 }] })).toEqual([
      'send 0 view-change v2, stable -',
    ]);
  });

  test.each([
    ['a lower view', { view: 0, active: true }],
    ['waiting for this view', { view: 1, active: false }],
  ])('%s: who is active gives the NEW-VIEW, whoever made it, one at a time', (_, fields) => {
    const primary = entered();
    const lines = Array.from({ length: 6 }, () => primary.status(3, fields)[0]);
    const given = 'send 3 new-view v1 of 1,2,3, pre-prepare v1 h1 a';
    const other = lines[0];
    expect(lines).toEqual([other, given, other, other, given, other]);
    const backup = new Bench({ self: 2 });
    const viewChanges = [1, 2, 3].map((other) => backup.pens.viewChange(other, 1));
    backup.receive(1, { kind: 'new-view', newView: backup.pens.newView(1, viewChanges) });
    expect([1, 2, 3].map(() => backup.status(3, fields))).toEqual([[], [], ['send 3 new-view v1 of 1,2,3']]);
  });

  test('which has moved: helping it begins again', () => {
    const primary = entered();
    const helped = (fields: object) => primary.status(3, fields).some((line) => line.startsWith('send 3 new-view'));
    expect([0, 0, 1, 1].map((at) => helped({ view: at, active: false }))).toEqual([false, true, false, true]);
  });

  test('a higher view: it gets our STATUS, which makes it help us', () => {
    expect(voter().status(2, { view: 3, active: true })[0]).toBe('send 2 status v0 stable 0 executed 1');
  });
});

describe('STATUS of a peer that claims to be ahead', () => {
  test('is a hint where to ask', () => {
    expect(new Bench().status(2, { stableHeight: 9, executedHeight: 9 })).toEqual(['behind h9 says 2']);
    expect(new Bench().status(2, { epoch: 7, stableHeight: 900, executedHeight: 900 })).toEqual(['behind h900 says 2']);
  });

  test('is a hint also where a certificate already told us, and the blocks are still missing', () => {
    const bench = new Bench();
    for (const other of [0, 2, 3]) bench.vote(other, 'checkpoint', 0, 3, BLOCK);
    expect(bench.replica).toMatchObject({ stable: { height: 3 }, executedHeight: 0 });
    expect(bench.status(2, { stableHeight: 3, executedHeight: 3 })).toContain('behind h3 says 2');
  });

  test.each([Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER - 1, Number.MAX_SAFE_INTEGER - 4])(
    'cannot keep us busy with a height of %d',
    (height) => {
      expect(voter().status(2, { stableHeight: height, executedHeight: height })).toEqual([`behind h${height} says 2`]);
      expect(voter().status(2, { executedHeight: height, slots: [slot(1, ITS_OWN), slot(height)] })).toHaveLength(3);
    },
  );

  test('with a view near the limit gets an answer and no more', () => {
    expect(voter().status(2, { view: Number.MAX_SAFE_INTEGER, active: false })[0]).toBe(
      'send 2 status v0 stable 0 executed 1',
    );
  });
});

describe('our own STATUS', () => {
  test('goes out once in a base timeout while nothing is awaited', () => {
    const bench = new Bench();
    const sent = bench.ticks(32).filter((line) => line.startsWith('send all status'));
    expect(sent).toHaveLength(4);
  });

  test('goes out eight times in a base timeout while something is awaited and nothing moves', () => {
    const bench = new Bench({ baseTimeoutTicks: 16 });
    bench.give({ kind: 'demand', waiting: true });
    expect(bench.ticks(32).filter((line) => line.startsWith('send all status'))).toHaveLength(16);
  });

  test('lists whose votes are here', () => {
    const bench = voter();
    bench.ticks(7);
    const effects = bench.ticks(1);
    expect(effects).toContain('send all status v0 stable 0 executed 1');
  });
});

describe('STATUS of a node without a vote', () => {
  /** In view 1, whose primary is validator 1. */
  const inViewOne = (self: number | null): Bench => {
    const bench = new Bench({ self });
    const viewChanges = [1, 2, 3].map((other) => bench.pens.viewChange(other, 1));
    bench.receive(1, { kind: 'new-view', newView: bench.pens.newView(1, viewChanges) });
    return bench;
  };
  const statusOf = (fields: object = {}): Status =>
    ({
      epoch: 0,
      view: 0,
      active: true,
      stableHeight: 0,
      executedHeight: 0,
      viewChanges: [],
      slots: [],
      ...fields,
    }) as never;

  test('in a lower view gets the NEW-VIEW from one at a time, the next one each time that it says so again', () => {
    const givers = [0, 1, 2, 3].map((times) =>
      [0, 2, 3].filter((self) => newViewFor(inViewOne(self).replica, statusOf(), times) !== null),
    );
    // The fourth turn is that of the primary, validator 1.
    expect(givers).toEqual([[2], [3], [0], []]);
  });

  test.each([
    ['waits for our view', { view: 1, active: false }, true],
    ['is in our view', { view: 1 }, false],
    ['is in a higher one', { view: 2, active: false }, false],
    ['is in another epoch', { epoch: 1 }, false],
  ])('that %s: %j', (_, fields, gets) => {
    expect(newViewFor(inViewOne(2).replica, statusOf(fields), 0) !== null).toBe(gets);
  });

  test('gets none from another one without a vote, or where no view was left', () => {
    for (const times of [0, 1, 2, 3]) {
      expect(newViewFor(inViewOne(null).replica, statusOf(), times)).toBeNull();
      expect(newViewFor(new Bench({ self: 2 }).replica, statusOf(), times)).toBeNull();
    }
  });
});
