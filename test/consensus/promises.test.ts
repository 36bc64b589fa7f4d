/** What a replica remembers of votes that were cast, its own and those of liars: what is of use, and nothing more. */
import { expect, test } from 'vitest';
import { Bench, H } from './kit.ts';

test('votes of a view that was left are forgotten, and so do not add up over views that fail', () => {
  const bench = new Bench({ self: 1 });
  const sizes: number[] = [];
  for (let view = 0; view < 20; view += 4) {
    for (const height of [1, 2, 3, 4]) {
      bench.vote(0, 'pre-prepare', view, height, H('a'));
      bench.bodyChecked(view, height, H('a'));
      bench.vote(2, 'prepare', view, height, H('a'));
    }
    sizes.push(bench.replica.promises.votes.size);
    const viewChanges = [0, 2, 3].map((voter) => bench.pens.viewChange(voter, view + 4));
    bench.receive(0, { kind: 'new-view', newView: bench.pens.newView(view + 4, viewChanges) });
    expect(bench.replica).toMatchObject({ view: view + 4, active: true });
    expect(bench.replica.promises.votes.size).toBe(0);
  }
  expect(sizes).toEqual([8, 8, 8, 8, 8]);
});

test('CHECKPOINTs outlive the view', () => {
  const bench = new Bench();
  bench.executed(1, H('b'));
  bench.give({ kind: 'censored', view: 0 as never });
  expect([...bench.replica.promises.votes.values()].map(({ vote }) => vote.kind)).toEqual(['checkpoint']);
});

test('offences are forgotten with the view in which they were committed, those of CHECKPOINTs with their height', () => {
  const bench = new Bench();
  const places = (): string[] => [...bench.replica.reported.values()].map(({ kind, height }) => `${kind} h${height}`);
  for (const height of [1, 2]) {
    for (const bodyHash of [H('a'), H('b')]) bench.vote(2, 'prepare', 0, height, bodyHash);
    for (const blockHash of [H('a'), H('b')]) bench.vote(2, 'checkpoint', 0, height, blockHash);
  }
  expect(places()).toEqual(['prepare h1', 'checkpoint h1', 'prepare h2', 'checkpoint h2']);
  bench.give({ kind: 'censored', view: 0 as never });
  expect(places()).toEqual(['checkpoint h1', 'checkpoint h2']);
  // Two heights further than the window of four below the certificate reaches.
  bench.receive(0, { kind: 'certificate', certificate: bench.pens.certificate(6, H('d'), [0, 2, 3]) });
  expect(places()).toEqual([]);
});
