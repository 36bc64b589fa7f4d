/** The rules of Ongaro & Ousterhout 2014, one section after another: the exact effects of one input. */
import { describe, expect, test } from 'vitest';
import { InvariantViolation } from '../../../src/base/invariant.ts';
import { PAYLOAD_BYTES_MAX } from '../../../src/compare/raft/core/limits.ts';
import type { MessageOf } from '../../../src/compare/raft/core/messages.ts';
import { entries, hear, leader, payload, server, take, ticks } from './kit.ts';

const request = (fields: Partial<MessageOf<'request-vote'>> = {}): MessageOf<'request-vote'> => ({
  kind: 'request-vote',
  preVote: false,
  term: 3,
  lastIndex: 2,
  lastTerm: 2,
  ...fields,
});
const append = (fields: Partial<MessageOf<'append-entries'>> = {}): MessageOf<'append-entries'> => ({
  kind: 'append-entries',
  term: 2,
  previousIndex: 0,
  previousTerm: 0,
  commit: 0,
  entries: [],
  ...fields,
});
const has = (term: number, index: number): MessageOf<'append-reply'> => ({
  kind: 'append-reply',
  term,
  success: true,
  index,
  conflictTerm: 0,
  conflictIndex: 0,
});

describe('an election (5.2)', () => {
  test('begins when no leader was heard for the whole timeout, and asks first (9.6)', () => {
    const replica = server({ term: 1, log: entries(1) });
    expect(ticks(replica, 5)).toEqual([]);
    expect(ticks(replica, 1)).toEqual(['to 1: would you vote in 2? 1/1', 'to 2: would you vote in 2? 1/1']);
    expect(replica.term).toBe(1);
  });

  test('is stood for when a majority would vote, and the term is durable before anybody hears of it', () => {
    const replica = server();
    ticks(replica, 6);
    expect(hear(replica, 2, { kind: 'vote', preVote: true, term: 1, granted: true })).toEqual([
      'persist term 1 vote 0',
      'to 1: vote in 1? 0/0',
      'to 2: vote in 1? 0/0',
    ]);
  });

  test('asks those again who have not said yes', () => {
    const replica = server({ servers: 5 });
    ticks(replica, 6);
    hear(replica, 2, { kind: 'vote', preVote: true, term: 1, granted: true });
    expect(ticks(replica, 2)).toEqual([1, 3, 4].map((to) => `to ${to}: would you vote in 1? 0/0`));
  });

  test('is won with a majority of votes; the leader begins with an entry of its own', () => {
    const replica = server({ term: 1, log: entries(1) });
    ticks(replica, 6);
    hear(replica, 1, { kind: 'vote', preVote: true, term: 2, granted: true });
    expect(hear(replica, 1, { kind: 'vote', preVote: false, term: 2, granted: true })).toEqual([
      'elected 2',
      'persist from 2: 2-',
      'to 1: append in 2 after 1/1: [2-] commit 0',
      'to 2: append in 2 after 1/1: [2-] commit 0',
    ]);
  });

  test.each([
    ['of an earlier term', { term: 0, preVote: false, granted: true }],
    ['that was only said beforehand', { term: 1, preVote: true, granted: true }],
    ['that is none', { term: 1, preVote: false, granted: false }],
  ])('is not won with a vote %s', (_, vote) => {
    const replica = server();
    ticks(replica, 6);
    hear(replica, 1, { kind: 'vote', preVote: true, term: 1, granted: true });
    expect(hear(replica, 1, { kind: 'vote', ...vote })).toEqual([]);
    expect(replica.role).toBe('candidate');
  });

  test('of one server alone needs nobody', () => {
    const replica = server({ servers: 1 });
    expect(ticks(replica, 6)).toEqual(['persist term 1 vote 0', 'elected 1', 'persist from 1: 1-', 'committed 1']);
  });
});

describe('a vote', () => {
  test('is durable before it leaves', () => {
    expect(hear(server({ term: 2 }), 1, request())).toEqual([
      'persist term 3 vote none',
      'persist term 3 vote 1',
      'to 1: yes in 3',
    ]);
  });

  test('is given once in a term, and again to who has it (5.2)', () => {
    const replica = server({ term: 3, votedFor: 1 });
    expect(hear(replica, 2, request())).toEqual(['to 2: no in 3']);
    expect(hear(replica, 1, request())).toEqual(['to 1: yes in 3']);
  });

  test.each([
    ['a later last term, in a shorter log', [1, 1, 1], { lastIndex: 1, lastTerm: 2 }, 'yes'],
    ['the same log', [1, 2], { lastIndex: 2, lastTerm: 2 }, 'yes'],
    ['the same last term, in a shorter log', [1, 2, 2], { lastIndex: 2, lastTerm: 2 }, 'no'],
    ['an earlier last term, in a longer log', [2], { lastIndex: 9, lastTerm: 1 }, 'no'],
  ] as const)('for a candidate with %s: 5.4.1', (_, terms, last, answer) => {
    const replica = server({ term: 2, log: entries(...terms) });
    expect(hear(replica, 1, request(last)).at(-1)).toBe(`to 1: ${answer} in 3`);
  });

  test('is refused in an old term, which the candidate learns', () => {
    expect(hear(server({ term: 7 }), 1, request())).toEqual(['to 1: no in 7']);
  });
});

describe('a pre-vote (thesis, 9.6)', () => {
  const beforehand = request({ preVote: true });

  test('binds nobody: nothing is written, and two may have it', () => {
    const replica = server({ term: 2, log: entries(1, 2) });
    expect(hear(replica, 1, beforehand)).toEqual(['to 1: would yes in 3']);
    expect(hear(replica, 2, beforehand)).toEqual(['to 2: would yes in 3']);
    expect(replica.term).toBe(2);
  });

  test('is refused while a leader is heard, until the shortest election timeout is over', () => {
    const replica = server({ term: 2 });
    hear(replica, 1, append());
    ticks(replica, 3);
    expect(hear(replica, 2, beforehand)).toEqual(['to 2: would no in 2']);
    ticks(replica, 1);
    expect(hear(replica, 2, beforehand)).toEqual(['to 2: would yes in 3']);
  });

  test('is refused by a leader', () => {
    expect(hear(leader({ term: 1 }), 2, beforehand)).toEqual(['to 2: would no in 2']);
  });

  test('is refused in a term that is over, and the asker follows', () => {
    expect(hear(server({ term: 3 }), 1, beforehand)).toEqual(['to 1: would no in 3']);
    const asker = server({ term: 2 });
    ticks(asker, 6);
    expect(hear(asker, 1, { kind: 'vote', preVote: true, term: 5, granted: false })).toEqual([
      'persist term 5 vote none',
    ]);
  });
});

describe('a follower (5.3)', () => {
  test('appends, and what it acknowledges is durable', () => {
    expect(hear(server({ term: 2 }), 1, append({ entries: entries(1, 2) }))).toEqual([
      'persist from 1: 1 2',
      'to 1: has 2 in 2',
    ]);
  });

  test.each([
    ['what it has not', [1, 1], 5, 1, 'to 1: not after 5 in 4, 0 from 3'],
    ['another term', [1, 2, 2, 2], 4, 3, 'to 1: not after 4 in 4, 2 from 2'],
  ] as const)('refuses entries after %s, and says where to go on', (_, terms, previousIndex, previousTerm, answer) => {
    const replica = server({ term: 4, log: entries(...terms) });
    expect(hear(replica, 1, append({ term: 4, previousIndex, previousTerm, entries: entries(4) }))).toEqual([answer]);
  });

  test('cuts off what conflicts, and nothing that agrees', () => {
    const replica = server({ term: 4, log: entries(1, 2, 2, 3) });
    const tail = entries(1, 2, 4).slice(1);
    expect(hear(replica, 1, append({ term: 4, previousIndex: 1, previousTerm: 1, entries: tail }))).toEqual([
      'persist from 3: 4',
      'to 1: has 3 in 4',
    ]);
  });

  test('keeps what an old, shorter message does not mention, and acknowledges no more than it proves', () => {
    const replica = server({ term: 2, log: entries(1, 2, 2) });
    expect(hear(replica, 1, append({ entries: entries(1), commit: 3 }))).toEqual(['committed 1', 'to 1: has 1 in 2']);
    expect(replica.log).toHaveLength(3);
  });

  test('tells an old leader the term, and takes nothing from it', () => {
    expect(hear(server({ term: 5 }), 1, append({ entries: entries(2) }))).toEqual(['to 1: not after 0 in 5, 0 from 0']);
  });

  test('sends clients to the leader it knows', () => {
    const replica = server({ term: 2 });
    expect(take(replica, { kind: 'propose', payload: payload('a') })).toEqual(['refused NOT_LEADER, ask nobody']);
    hear(replica, 2, append());
    expect(take(replica, { kind: 'propose', payload: payload('a') })).toEqual(['refused NOT_LEADER, ask 2']);
  });

  test.each([
    ['a second leader of a term', 2, append(), 'SECOND_LEADER'],
    ['another entry for a committed one', 1, append({ term: 3, entries: entries(3) }), 'OVERWRITES_COMMITTED'],
    ['terms that fall', 1, append({ entries: entries(2, 1) }), 'IMPOSSIBLE_TERMS'],
    ['terms that are yet to come', 1, append({ entries: entries(1, 3) }), 'IMPOSSIBLE_TERMS'],
  ])('passes over %s', (_, from, message, reason) => {
    const replica = server({ term: 2 });
    hear(replica, 1, append({ entries: entries(1), commit: 1 }));
    expect(hear(replica, from, message).at(-1)).toBe(`contradiction ${reason}`);
    expect(replica.log).toEqual(entries(1));
  });
});

describe('a leader', () => {
  test('replicates a proposal to who keeps up, without waiting for answers', () => {
    const replica = leader();
    hear(replica, 1, has(1, 1));
    expect(take(replica, { kind: 'propose', payload: payload('a') })).toEqual([
      'persist from 2: 1',
      'to 1: append in 1 after 1/1: [1] commit 1',
    ]);
    expect(take(replica, { kind: 'propose', payload: payload('b') }).at(-1)).toBe(
      'to 1: append in 1 after 2/1: [1] commit 1',
    );
  });

  test.each([
    ['0 bytes', 0],
    ['a byte too many', PAYLOAD_BYTES_MAX + 1],
  ])('refuses a payload of %s', (_, length) => {
    const proposal = { kind: 'propose', payload: new Uint8Array(length) } as const;
    expect(take(leader(), proposal)).toEqual(['refused BAD_SIZE, ask 0']);
  });

  test('commits what a majority has, in order', () => {
    const replica = leader({ servers: 5, term: 1, log: entries(1) });
    expect(hear(replica, 1, has(2, 2))).toEqual([]);
    expect(hear(replica, 2, has(2, 2))).toEqual(['committed 1', 'committed 2']);
  });

  test('does not commit an entry of an older term by counting (5.4.2)', () => {
    const replica = leader({ servers: 5, term: 3, log: entries(1, 2) });
    hear(replica, 1, has(4, 2));
    expect(hear(replica, 2, has(4, 2)).filter((line) => line.startsWith('committed'))).toEqual([]);
    expect(replica.commit).toBe(0);
  });

  test.each([
    ['to the end of a log that is too short', [1, 1, 2, 2], 4, 0, 3, 'after 2/1'],
    ['before a term that it does not have', [1, 3, 3, 3], 4, 2, 2, 'after 1/1'],
    ['to its own last entry of the other term', [1, 2, 3, 3], 4, 2, 2, 'after 2/2'],
  ] as const)('goes back %s (end of 5.3)', (_, terms, index, conflictTerm, conflictIndex, place) => {
    const replica = leader({ term: 3, log: entries(...terms) });
    const refusal = { kind: 'append-reply', term: 4, success: false, index, conflictTerm, conflictIndex } as const;
    expect(hear(replica, 1, refusal)[0]).toContain(place);
    // The same again is an old answer.
    expect(hear(replica, 1, refusal)).toEqual([]);
  });

  test('steps down in a higher term', () => {
    expect(hear(leader(), 2, request())).toEqual([
      'persist term 3 vote none',
      'stepped down from 1: higher-term',
      'persist term 3 vote 2',
      'to 2: yes in 3',
    ]);
  });

  test('steps down when no majority answered for an election timeout, and not before (thesis, 6.2)', () => {
    const replica = leader();
    hear(replica, 1, has(1, 1));
    expect(ticks(replica, 4)).not.toContain('stepped down from 1: quorum-lost');
    expect(ticks(replica, 4)).toEqual(['stepped down from 1: quorum-lost']);
    expect(replica.term).toBe(1);
  });

  test('believes nobody who has more than it has', () => {
    expect(hear(leader(), 1, has(1, 9))).toEqual(['contradiction UNKNOWN_ENTRIES']);
  });
});

test('a server whose commit index runs ahead of its log stops', () => {
  const replica = server();
  replica.commit = 1;
  expect(() => take(replica, { kind: 'tick' })).toThrow(InvariantViolation);
});
