import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ENTRIES_PER_MESSAGE_MAX, PAYLOAD_BYTES_MAX } from '../../../src/compare/raft/core/limits.ts';
import { type Message, messageBytes, messageCodec } from '../../../src/compare/raft/core/messages.ts';

const number = fc.maxSafeNat();
const entry = fc.record({ term: number, payload: fc.uint8Array({ maxLength: 200 }) });
const message: fc.Arbitrary<Message> = fc.oneof(
  fc.record({
    kind: fc.constant('request-vote' as const),
    preVote: fc.boolean(),
    term: number,
    lastIndex: number,
    lastTerm: number,
  }),
  fc.record({ kind: fc.constant('vote' as const), preVote: fc.boolean(), term: number, granted: fc.boolean() }),
  fc.record({
    kind: fc.constant('append-entries' as const),
    term: number,
    previousIndex: number,
    previousTerm: number,
    commit: number,
    entries: fc.array(entry, { maxLength: 10 }),
  }),
  fc.record({
    kind: fc.constant('append-reply' as const),
    term: number,
    success: fc.boolean(),
    index: number,
    conflictTerm: number,
    conflictIndex: number,
  }),
);

const append = (entries: Message extends infer M ? (M extends { entries: infer E } ? E : never) : never): Message => ({
  kind: 'append-entries',
  term: 1,
  previousIndex: 0,
  previousTerm: 0,
  commit: 0,
  entries,
});

describe('a message of Raft', () => {
  test('comes back from its bytes, which are as many as it was said to have', () => {
    fc.assert(
      fc.property(message, (each) => {
        const bytes = messageCodec.encode(each);
        expect(messageCodec.decode(bytes)).toEqual({ ok: true, value: each });
        expect(messageBytes(each)).toBe(bytes.length);
      }),
    );
  });

  test('takes 37 bytes as a heartbeat, and for each entry 16 and its payload', () => {
    const entries = [100, 7].map((length) => ({ term: 1, payload: new Uint8Array(length) }));
    expect(messageBytes(append([]))).toBe(37);
    expect(messageBytes(append(entries))).toBe(37 + 2 * 16 + 107);
  });

  test('may be as long as the longest AppendEntries', () => {
    const entries = Array.from({ length: ENTRIES_PER_MESSAGE_MAX }, () => ({
      term: 1,
      payload: new Uint8Array(PAYLOAD_BYTES_MAX),
    }));
    expect(messageCodec.decode(messageCodec.encode(append(entries))).ok).toBe(true);
  });
});
