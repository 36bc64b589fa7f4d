/** A replica after a crash: the same promises, whatever else was lost. */
import { describe, expect, test } from 'vitest';
import { nextProposal } from '../../src/consensus/normal-case.ts';
import { Bench, H, type Terms } from './kit.ts';

const A = H('a');
const B = H('b');
const BLOCK = H('d');

/** The same replica, from nothing but what it was made to keep. */
const restart = (bench: Bench, terms: Terms = {}, recovered: ConstructorParameters<typeof Bench>[1] = {}): Bench =>
  new Bench({ self: bench.instance.self, ...terms }, { records: bench.records, ...recovered });

describe('after a restart', () => {
  test('a replica that did nothing says where it stands, and nothing else', () => {
    expect(new Bench().beginning).toEqual(['send all status v0 stable 0 executed 0']);
  });

  test('a backup gives the votes that it gave, and no others', () => {
    const before = new Bench();
    before.vote(0, 'pre-prepare', 0, 1, A);
    before.bodyChecked(0, 1, A);
    before.vote(2, 'prepare', 0, 1, A);
    const bench = restart(before);
    expect(bench.status(2)).toEqual(['send 2 prepare v0 h1 a', 'send 2 commit v0 h1 a']);
    expect(bench.records).toEqual([]);
    expect(bench.replica.slots.get(1 as never)?.prepared).toMatchObject({ bodyHash: A });
  });

  test.each([
    ['the same body', A, []],
    ['another body', B, []],
  ])('a PRE-PREPARE for %s gets no PREPARE that contradicts the first', (_, hash, lines) => {
    const before = new Bench();
    before.vote(0, 'pre-prepare', 0, 1, A);
    before.bodyChecked(0, 1, A);
    const bench = restart(before);
    bench.vote(0, 'pre-prepare', 0, 1, hash);
    expect(bench.bodyChecked(0, 1, hash)).toEqual(lines);
    expect(bench.records).toEqual([]);
  });

  test('a second PREPARE certificate does not make it COMMIT otherwise', () => {
    const before = new Bench();
    before.vote(0, 'pre-prepare', 0, 1, A);
    before.bodyChecked(0, 1, A);
    before.vote(2, 'prepare', 0, 1, A);
    const bench = restart(before);
    bench.vote(0, 'pre-prepare', 0, 1, B);
    bench.bodyChecked(0, 1, B);
    const lines = [2, 3].flatMap((voter) => bench.vote(voter, 'prepare', 0, 1, B));
    expect(lines.filter((line) => line.startsWith('persist'))).toEqual([]);
  });

  test('the primary in its own view asks for its bodies again, proposes nothing twice and goes on after them', () => {
    const before = new Bench({ self: 0 });
    before.propose(0, 1, A);
    before.propose(0, 2, B);
    const bench = restart(before);
    expect(bench.beginning).toEqual([
      'check-body v0 h1 a repeat',
      'check-body v0 h2 b repeat',
      'send all status v0 stable 0 executed 0',
    ]);
    expect(nextProposal(bench.replica)).toEqual({ view: 0, height: 3 });
    expect(bench.propose(0, 1, B)).toEqual([]);
    bench.bodyChecked(0, 1, A);
    expect([1, 2].flatMap((voter) => bench.vote(voter, 'prepare', 0, 1, A))).toEqual([
      'persist prepared v0 h1 a by 0+1,2',
      'persist commit v0 h1 a',
      'send all commit v0 h1 a',
    ]);
  });

  test('between views it still is, and its VIEW-CHANGE is the same', () => {
    const before = new Bench();
    before.give({ kind: 'censored', view: 0 as never });
    const bench = restart(before);
    expect(bench.replica).toMatchObject({ view: 1, active: false });
    expect(bench.status(2)).toEqual(['send 2 view-change v1, stable -']);
    expect(bench.vote(0, 'pre-prepare', 0, 1, A)).toEqual([]);
    expect(bench.records).toEqual([]);
  });

  test('in a view that it entered it is, with its NEW-VIEW and what that proposes', () => {
    const before = new Bench({ self: 2 });
    const { pens } = before;
    const prepared = [pens.prepared(0, 1, A, [1, 3])];
    const viewChanges = [0, 1, 3].map((voter) => pens.viewChange(voter, 1, { prepared }));
    before.receive(1, { kind: 'new-view', newView: pens.newView(1, viewChanges) });
    const bench = restart(before);
    expect(bench.beginning).toEqual(['check-body v1 h1 a repeat', 'send all status v1 stable 0 executed 0']);
    expect(bench.status(1)).toEqual(['send 1 new-view v1 of 0,1,3, pre-prepare v1 h1 a']);
  });

  test.each([[[0, 1]], [[1, 0]]])('the order of records does not matter: %j', (order) => {
    const { pens } = new Bench({ self: 2 });
    const records = [
      { kind: 'view-change', viewChange: pens.viewChange(2, 1) } as const,
      {
        kind: 'new-view',
        newView: pens.newView(
          1,
          [0, 1, 3].map((voter) => pens.viewChange(voter, 1)),
        ),
      } as const,
    ];
    const bench = new Bench({ self: 2 }, { records: order.map((position) => records[position]!) });
    expect(bench.replica).toMatchObject({ view: 1, active: true });
  });

  test('a VIEW-CHANGE after the NEW-VIEW leaves that view for good', () => {
    const { pens } = new Bench({ self: 2 });
    const newView = pens.newView(
      1,
      [0, 1, 3].map((voter) => pens.viewChange(voter, 1)),
    );
    const bench = new Bench(
      { self: 2 },
      {
        records: [
          { kind: 'view-change', viewChange: pens.viewChange(2, 2) },
          { kind: 'new-view', newView },
        ],
      },
    );
    expect(bench.replica).toMatchObject({ view: 2, active: false, newView: null });
  });

  test('its next VIEW-CHANGE carries what it had prepared', () => {
    const before = new Bench();
    before.vote(0, 'pre-prepare', 0, 1, A);
    before.bodyChecked(0, 1, A);
    before.vote(2, 'prepare', 0, 1, A);
    const bench = restart(before);
    expect(bench.give({ kind: 'censored', view: 0 as never })[2]).toBe(
      'send all view-change v1, stable -, prepared v0 h1 a by 0+1,2',
    );
  });

  test('a block that was durable without a CHECKPOINT is declared; one with it is not declared again', () => {
    const blocks = [{ height: 1 as never, hash: BLOCK }];
    const bench = new Bench({}, { blocks, executedHeight: 1 as never });
    expect(bench.beginning).toEqual([
      'persist checkpoint h1 d',
      'send all checkpoint h1 d',
      'send all status v0 stable 0 executed 1',
    ]);
    const again = restart(bench, {}, { blocks, executedHeight: 1 as never });
    expect(again.beginning).toEqual(['send all status v0 stable 0 executed 1']);
    expect(again.status(2)).toEqual(['send 2 checkpoint h1 d']);
  });

  test('a certificate ahead of its blocks says that it is behind', () => {
    const { pens } = new Bench();
    const stable = pens.certificate(3, BLOCK, [0, 2, 3]);
    expect(new Bench({}, { stable }).beginning[0]).toBe('behind h3');
  });

  test('its own old votes, sent back by a peer, neither move it nor accuse it', () => {
    const before = new Bench();
    before.vote(0, 'pre-prepare', 0, 1, A);
    before.bodyChecked(0, 1, A);
    const bench = restart(before);
    expect(bench.vote(1, 'prepare', 0, 1, A)).toEqual([]);
    expect(bench.replica.slots.get(1 as never)?.prepares.size).toBe(1);
  });
});

test('whatever it is made to do before and after a crash, no two votes of one kind and place differ', () => {
  const before = new Bench();
  before.vote(0, 'pre-prepare', 0, 1, A);
  before.bodyChecked(0, 1, A);
  before.vote(2, 'prepare', 0, 1, A);
  for (const voter of [0, 2]) before.vote(voter, 'commit', 0, 1, A);
  before.executed(1, BLOCK);
  // Any crash point: only a prefix of the records is there.
  for (let kept = 0; kept <= before.records.length; kept++) {
    const bench = new Bench({}, { records: before.records.slice(0, kept) });
    bench.vote(0, 'pre-prepare', 0, 1, B);
    bench.bodyChecked(0, 1, B);
    for (const voter of [2, 3]) bench.vote(voter, 'prepare', 0, 1, B);
    const seen = new Map<string, string>();
    for (const record of [...before.records.slice(0, kept), ...bench.records]) {
      if (record.kind !== 'vote') continue;
      const { kind, view, height, hash } = record.vote.vote;
      expect(seen.get(`${kind}/${view}/${height}`) ?? hash).toBe(hash);
      seen.set(`${kind}/${view}/${height}`, hash);
    }
  }
});

describe('the end of an epoch', () => {
  test('heights of the next one are out of the window, whatever the certificate', () => {
    const bench = new Bench({ lastHeight: 1, self: 0 });
    bench.commitHeight(1, A, BLOCK, [1, 2]);
    expect(bench.replica.stable?.height).toBe(1);
    expect(nextProposal(bench.replica)).toBeNull();
    expect(moves(bench)).toEqual([]);
  });

  test('an instance that begins later begins in view 0, with the primary of its epoch', () => {
    const bench = new Bench({ epoch: 2, firstHeight: 7, lastHeight: 9, self: 2 });
    expect(bench.pens.primary(0)).toBe(2);
    expect(nextProposal(bench.replica)).toEqual({ view: 0, height: 7 });
    expect(bench.propose(0, 7, A)).toHaveLength(2);
    expect(bench.status(1)).toEqual(['send 1 pre-prepare v0 h7 a']);
  });
});

const moves = (bench: Bench): string[] => {
  bench.give({ kind: 'reach', quorum: true });
  return bench.ticks(100).filter((line) => line.startsWith('view-change-started'));
};
