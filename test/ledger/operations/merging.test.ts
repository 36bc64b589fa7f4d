/** Counters and sets: what they do, and that the order in which it comes makes no difference. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { COUNTERS } from '../../../src/ledger/data/counter.ts';
import { ENTRIES } from '../../../src/ledger/data/entry.ts';
import { MEMBERS } from '../../../src/ledger/data/member.ts';
import { stateKeyText } from '../../../src/ledger/state/entry-kind.ts';
import type { Operation } from '../../../src/ledger/transaction.ts';
import { add, createNamespace, insert, Ledger, NAMESPACE, put, type Sent, takeOut } from './kit.ts';

const MAX = 2n ** 63n - 1n;
const MIN = -(2n ** 63n);

describe('a counter', () => {
  test('is zero before anybody adds to it, and says in its event what it is after that', () => {
    const ledger = Ledger.withNamespace();
    const paid = { depositPaid: 0n, depositRefunded: 0n };
    expect(ledger.send(ledger.alice, add('n', 5n), add('n', -7n)).events).toEqual([
      { kind: 'add', namespace: NAMESPACE, key: 'n', value: 5n, ...paid },
      { kind: 'add', namespace: NAMESPACE, key: 'n', value: -2n, ...paid },
    ]);
    expect(ledger.counter('n')).toBe(-2n);
  });

  test('is no part of the state when it is zero again', () => {
    const ledger = Ledger.withNamespace();
    const before = ledger.data();
    const { stateRoot } = ledger.state.head.header;
    expect(ledger.send(ledger.alice, add('n', 5n), add('n', -5n), add('m', 0n)).code).toBe('OK');
    expect(ledger.data()).toEqual(before);
    expect(ledger.state.head.header.stateRoot).not.toBe(stateRoot);
  });

  test.each<[string, bigint, bigint, string]>([
    ['up to the most there is', MAX - 1n, 1n, 'OK'],
    ['no further', MAX, 1n, 'COUNTER_OVERFLOW'],
    ['down to the least there is', MIN + 1n, -1n, 'OK'],
    ['no further', MIN, -1n, 'COUNTER_OVERFLOW'],
    ['from one end to the other', MIN, MAX, 'OK'],
    ['not by all there is at once', MAX, MAX, 'COUNTER_OVERFLOW'],
  ])('counts %s', (_, start, delta, code) => {
    const ledger = Ledger.withNamespace();
    ledger.send(ledger.alice, add('n', start));
    expect(ledger.send(ledger.bob, add('n', delta)).code).toBe(code);
    expect(ledger.counter('n')).toBe(code === 'OK' ? start + delta : start);
  });

  test('is nothing to the entry of that key', () => {
    const ledger = Ledger.withNamespace();
    ledger.send(ledger.alice, put('n', 'v'), add('n', 1n), insert('n', 'm'));
    expect([ledger.version('n'), ledger.counter('n'), ledger.has('n', 'm')]).toEqual([
      { height: 2, index: 0 },
      1n,
      true,
    ]);
  });
});

describe('a set', () => {
  test('takes a member once, and says whether that changed anything', () => {
    const ledger = Ledger.withNamespace();
    const event = (kind: string, changed: boolean) =>
      expect.objectContaining({ kind, namespace: NAMESPACE, key: 's', member: 'm', changed });
    const twice = ledger.send(ledger.alice, insert('s', 'm'), insert('s', 'm'));
    expect(twice.events).toEqual([event('insert', true), event('insert', false)]);
    expect(ledger.has('s', 'm')).toBe(true);
    const gone = ledger.send(ledger.bob, takeOut('s', 'm'), takeOut('s', 'm'));
    expect(gone.events).toEqual([event('remove', true), event('remove', false)]);
    expect(ledger.has('s', 'm')).toBe(false);
  });

  test('is another one for each key, also where key and member have slashes', () => {
    const ledger = Ledger.withNamespace();
    ledger.send(ledger.alice, insert('a/b', 'c'));
    expect([ledger.has('a/b', 'c'), ledger.has('a', 'b/c'), ledger.has('a/b/c', '')]).toEqual([true, false, false]);
  });
});

test('no two keys of the state have the same text, whatever their parts are made of', () => {
  const part = fc.stringMatching(/^[ab/]{1,4}$/);
  const namespace = fc.constantFrom('a', 'b', 'ab');
  const keyOf = ([kind, space, key, member]: readonly [number, string, string, string]): string => {
    const named = { namespace: space, key };
    const keys = [ENTRIES.key(named), COUNTERS.key(named), MEMBERS.key({ ...named, member })] as const;
    return stateKeyText(keys[kind as 0]);
  };
  const parts = fc.tuple(fc.nat(2), namespace, part, part);
  fc.assert(
    fc.property(parts, parts, (a, b) => {
      const same = (a[0] === 2 ? a : a.slice(0, 3)).join(' ') === (b[0] === 2 ? b : b.slice(0, 3)).join(' ');
      expect(keyOf(a) === keyOf(b)).toBe(same);
    }),
  );
});

/** One transaction for each of the people of the genesis: additions to two counters, and inserts and removals that agree on
 *  which members come and which go. */
const merging = fc
  .array(
    fc.array(
      fc.oneof(
        fc.tuple(fc.constantFrom('n', 'm'), fc.bigInt({ min: -3n, max: 3n })).map(([key, delta]) => add(key, delta)),
        fc.constantFrom('a', 'b', 'c').map((member): Operation => insert('s', member)),
        fc.constantFrom('d', 'e').map((member): Operation => takeOut('s', member)),
      ),
      { minLength: 1, maxLength: 5 },
    ),
    { minLength: 3, maxLength: 3 },
  )
  .chain((lists) => fc.tuple(fc.constant(lists), fc.shuffledSubarray([0, 1, 2], { minLength: 3 }), fc.boolean()));

describe('additions, inserts and removals of three senders in any order', () => {
  const started = (parameters = {}) => {
    const ledger = new Ledger(parameters);
    const writers = [ledger.alice, ledger.bob, ledger.carol];
    const receipt = ledger.send(ledger.alice, createNamespace(NAMESPACE, writers), insert('s', 'd'), add('n', 2n));
    expect(receipt.code).toBe('OK');
    return { ledger, writers };
  };
  const after = (
    lists: readonly (readonly Operation[])[],
    order: readonly number[],
    together: boolean,
    parameters = {},
  ) => {
    const { ledger, writers } = started(parameters);
    const sent = order.map((i): Sent => [writers[i]!, lists[i]!]);
    const receipts = together ? ledger.append(sent) : sent.flatMap((one) => ledger.append([one]));
    expect(receipts.map(({ code }) => code)).toEqual(['OK', 'OK', 'OK']);
    return ledger;
  };

  test('leave the same state, by its root', () => {
    fc.assert(
      fc.property(merging, ([lists, order, together]) => {
        const one = after(lists, [0, 1, 2], together);
        const other = after(lists, order, !together);
        expect(other.state.head.header.stateRoot).toBe(one.state.head.header.stateRoot);
      }),
    );
  });

  test('leave the same data where deposits are asked for: who paid for it and who got it back is another thing', () => {
    fc.assert(
      fc.property(merging, ([lists, order, together]) => {
        const one = after(lists, [0, 1, 2], together, { depositPerByte: '3' });
        const other = after(lists, order, together, { depositPerByte: '3' });
        expect(other.data()).toEqual(one.data());
        expect(other.deposits()).toBe(one.deposits());
      }),
    );
  });
});
