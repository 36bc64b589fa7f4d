/** Each of the properties of figure 3 of the paper, broken by steps that no server takes. */
import { expect, test } from 'vitest';
import { RaftChecker } from '../../../src/compare/raft/checker.ts';
import type { Entry } from '../../../src/compare/raft/core/messages.ts';
import type { Effect } from '../../../src/compare/raft/core/transition.ts';
import { entries, payload, server } from './kit.ts';

interface Story {
  readonly checker: RaftChecker;
  /** From its disk; both were started with an empty log. */
  start(self: number, log: readonly Entry[]): void;
  take(self: number, term: number, ...effects: readonly Effect[]): void;
}

function story(): Story {
  const checker = new RaftChecker();
  const start = (self: number, log: readonly Entry[]): void => checker.started(self, server({ log }));
  for (const self of [0, 1]) start(self, []);
  return {
    checker,
    start,
    take: (self, term, ...effects) => checker.stepped(self, server({ term }), effects),
  };
}

const elected = (term: number): Effect => ({ kind: 'elected', term });
const write = (from: number, list: readonly Entry[]): Effect => ({
  kind: 'persist',
  record: { kind: 'log', from, entries: list },
});
const commit = (index: number, entry: Entry): Effect => ({ kind: 'committed', index, entry });
const [first, second] = entries(1, 1) as [Entry, Entry];
const other: Entry = { term: 1, payload: payload('other') };
const later: Entry = { term: 2, payload: payload('later') };

const broken: readonly (readonly [property: string, play: (story: Story) => void])[] = [
  [
    'election safety',
    ({ take }) => {
      take(0, 1, elected(1));
      take(1, 1, elected(1));
    },
  ],
  [
    'leader append-only',
    ({ take }) => {
      take(0, 1, elected(1), write(1, [first]));
      take(0, 1, write(1, [first]));
    },
  ],
  [
    'log matching',
    ({ take, start }) => {
      start(0, [first, second]);
      take(1, 1, write(1, [other, second]));
    },
  ],
  [
    'leader completeness',
    ({ take, start }) => {
      start(0, [first]);
      take(0, 1, commit(1, first));
      take(1, 2, elected(2));
    },
  ],
  [
    // The same, where the election is seen before the commit.
    'leader completeness',
    ({ take, start }) => {
      start(0, [first]);
      take(1, 2, elected(2));
      take(0, 1, commit(1, first));
    },
  ],
  [
    'state machine safety',
    ({ take, start }) => {
      start(0, [first]);
      start(1, [later]);
      take(0, 1, commit(1, first));
      take(1, 2, commit(1, later));
    },
  ],
  ['no contradiction', ({ checker }) => checker.contradicted(0, 1, 'SECOND_LEADER')],
];

test.each(broken)('%s is seen to be broken, and nothing else', (property, play) => {
  const told = story();
  play(told);
  expect(new Set(told.checker.violations.map((violation) => violation.property))).toEqual(new Set([property]));
});

test('a leader that was elected again may write where it wrote as a follower', () => {
  const { checker, take } = story();
  take(0, 1, elected(1), write(1, [first]));
  take(0, 2, { kind: 'stepped-down', term: 1, reason: 'higher-term' }, write(1, [later]));
  take(0, 3, elected(3), write(2, entries(1, 3).slice(1)));
  expect(checker.violations).toEqual([]);
});
