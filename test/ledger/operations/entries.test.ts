/** Entries: put and delete under conditions, alone and in lists. */
import { describe, expect, test } from 'vitest';
import type { Address } from '../../../src/base/brand.ts';
import { VALUE_BYTES_MAX } from '../../../src/ledger/limits.ts';
import type { EntryVersion } from '../../../src/ledger/operations/data-fields.ts';
import type { Operation } from '../../../src/ledger/transaction.ts';
import { stranger, transfer } from '../network.ts';
import { ABSENT, ANY, at, Ledger, NAMESPACE, put, remove, required, text } from './kit.ts';

const version = (height: number, index = 0): EntryVersion => ({ height: height as EntryVersion['height'], index });
const none = { depositPaid: 0n, depositRefunded: 0n };

/** Under `there` stands "old" since height 2. */
function ledgerWithEntry(): Ledger {
  const ledger = Ledger.withNamespace();
  ledger.send(ledger.bob, put('there', 'old'));
  return ledger;
}

describe('a value', () => {
  test('stands under its key with the place of its transaction as version', () => {
    const ledger = Ledger.withNamespace();
    const { alice, bob } = ledger;
    const receipts = ledger.append([
      [alice, [transfer(bob, 1n)]],
      [bob, [put('k', 'v')]],
    ]);
    expect(ledger.entry('k')).toEqual({ version: version(2, 1), lease: null, deposit: 0n, value: text('v') });
    expect(receipts[1]).toMatchObject({
      code: 'OK',
      events: [{ kind: 'put', namespace: NAMESPACE, key: 'k', version: version(2, 1), ...none }],
    });
  });

  test('of one version is that of the newest place, counted among the executed transactions', () => {
    const ledger = ledgerWithEntry();
    const { alice, bob } = ledger;
    ledger.append([
      [alice, [put('there', 'x')], { nonce: 999 }],
      [bob, [put('there', 'new')]],
    ]);
    expect(ledger.version('there')).toEqual(version(3, 0));
  });

  test.each([
    ['nothing', 0],
    ['one byte', 1],
    ['as much as there may be', VALUE_BYTES_MAX],
  ])('can be %s', (_, bytes) => {
    const ledger = Ledger.withNamespace();
    const value = new Uint8Array(bytes).fill(7);
    const operation: Operation = { kind: 'put', namespace: NAMESPACE, key: 'k', value, condition: ANY };
    expect(ledger.send(ledger.alice, operation).code).toBe('OK');
    expect(ledger.entry('k')?.value).toEqual(value);
  });

  test('goes when it is deleted, and the next one has a greater version than all before it', () => {
    const ledger = ledgerWithEntry();
    const { alice } = ledger;
    expect(ledger.send(alice, remove('there'))).toMatchObject({
      code: 'OK',
      events: [{ kind: 'delete', namespace: NAMESPACE, key: 'there', version: version(3), depositRefunded: 0n }],
    });
    expect(ledger.entry('there')).toBeUndefined();
    ledger.send(alice, put('there', 'again'));
    expect(ledger.version('there')).toEqual(version(4));
  });
});

describe('under a condition', () => {
  const other = at(version(1));
  const own = at(version(2));
  test.each<[string, Operation, string]>([
    ['puts whatever is there', put('there', 'new', ANY), 'OK'],
    ['puts where nothing is', put('free', 'new', ANY), 'OK'],
    ['puts what is absent', put('free', 'new', ABSENT), 'OK'],
    ['puts no second time', put('there', 'new', ABSENT), 'CONDITION_FAILED'],
    ['puts after the version that is there', put('there', 'new', own), 'OK'],
    ['puts after no other version', put('there', 'new', other), 'CONDITION_FAILED'],
    ['puts after no other index of the height', put('there', 'new', at(version(2, 1))), 'CONDITION_FAILED'],
    ['puts after no version where nothing is', put('free', 'new', own), 'CONDITION_FAILED'],
    ['deletes whatever is there', remove('there', ANY), 'OK'],
    ['deletes nothing', remove('free', ANY), 'NO_ENTRY'],
    ['deletes nothing that has to be absent', remove('free', ABSENT), 'NO_ENTRY'],
    ['deletes the version that is there', remove('there', own), 'OK'],
    ['deletes no other version', remove('there', other), 'CONDITION_FAILED'],
    ['deletes nothing of that version', remove('free', own), 'CONDITION_FAILED'],
    ['requires the version that is there', required('there', own), 'OK'],
    ['requires absence', required('free', ABSENT), 'OK'],
    ['requires no other version', required('there', other), 'CONDITION_FAILED'],
    ['requires no absence of what is there', required('there', ABSENT), 'CONDITION_FAILED'],
  ])('a transaction %s', (_, operation, code) => {
    const ledger = ledgerWithEntry();
    const before = ledger.data();
    expect(ledger.send(ledger.alice, transfer(stranger(1), 5n), operation).code).toBe(code);
    expect(ledger.balance(stranger(1))).toBe(code === 'OK' ? 5n : 0n);
    if (code !== 'OK') expect(ledger.data()).toEqual(before);
  });

  test('anybody may require, since anybody may read', () => {
    const ledger = ledgerWithEntry();
    expect(ledger.send(ledger.carol, required('there', own), transfer(stranger(1), 5n))).toMatchObject({
      code: 'OK',
      events: [{ kind: 'require', namespace: NAMESPACE, key: 'there' }, { kind: 'transfer' }],
    });
  });
});

describe('the conditions of a list', () => {
  /** Under `a` and `b` stands something since height 2, with the same version. */
  const two = (): [Ledger, EntryVersion] => {
    const ledger = Ledger.withNamespace();
    ledger.send(ledger.alice, put('a', '1'), put('b', '1'));
    return [ledger, ledger.version('a')];
  };

  test('compare and swap several keys, and pay for it, all or nothing', () => {
    const [ledger, before] = two();
    const swap = (value: string) => [
      put('a', value, at(before)),
      put('b', value, at(before)),
      transfer(stranger(1), 5n),
    ];
    expect(ledger.send(ledger.alice, ...swap('2')).code).toBe('OK');
    expect(ledger.send(ledger.bob, ...swap('3')).code).toBe('CONDITION_FAILED');
    expect([ledger.entry('a')?.value, ledger.entry('b')?.value]).toEqual([text('2'), text('2')]);
    expect(ledger.balance(stranger(1))).toBe(5n);
  });

  test.each<[string, (before: EntryVersion) => readonly Operation[]]>([
    ['the first', (before) => [put('a', '2', ABSENT), put('b', '2', at(before))]],
    ['the last', (before) => [put('a', '2', at(before)), put('b', '2', ABSENT)]],
  ])('fail together where %s fails', (_, operations) => {
    const [ledger, before] = two();
    expect(ledger.send(ledger.alice, ...operations(before)).code).toBe('CONDITION_FAILED');
    expect([ledger.version('a'), ledger.version('b')]).toEqual([before, before]);
  });

  test('are judged before any operation is executed: two that put the same absent key both do, and the last one stays', () => {
    const ledger = Ledger.withNamespace();
    const { events, code } = ledger.send(ledger.alice, put('k', 'first', ABSENT), put('k', 'second', ABSENT));
    expect([code, events.length]).toEqual(['OK', 2]);
    expect(ledger.entry('k')).toMatchObject({ value: text('second'), version: version(2) });
  });

  test('see what stood there, not what an operation of the list has put or deleted', () => {
    const [ledger, before] = two();
    const { alice } = ledger;
    expect(ledger.send(alice, remove('a'), put('a', '2', ABSENT)).code).toBe('CONDITION_FAILED');
    expect(ledger.send(alice, remove('a'), put('a', '2', at(before)), required('a', at(before))).code).toBe('OK');
  });

  test('are judged before anything else can fail', () => {
    const [ledger] = two();
    expect(ledger.send(ledger.carol, transfer(stranger(1), 0n), put('a', '2', ABSENT)).code).toBe('CONDITION_FAILED');
  });

  test('see what earlier transactions of the block have done', () => {
    const ledger = Ledger.withNamespace();
    const { alice, bob } = ledger;
    const codes = ledger
      .append([
        [alice, [put('k', 'a', ABSENT)]],
        [bob, [put('k', 'b', ABSENT)]],
        [bob, [put('k', 'b', at(version(2, 0)))]],
      ])
      .map(({ code }) => code);
    expect(codes).toEqual(['OK', 'CONDITION_FAILED', 'OK']);
  });
});

describe('of many who compare and swap one key', () => {
  test.each([1, 2, 50])('in one block, %i of them, exactly one succeeds', (count) => {
    const ledger = ledgerWithEntry();
    const before = ledger.version('there');
    const writer = (i: number): Address => (i % 2 === 0 ? ledger.alice : ledger.bob);
    const receipts = ledger.append(
      Array.from({ length: count }, (_, i) => [writer(i), [put('there', `by ${i}`, at(before))]] as const),
    );
    expect(receipts.map(({ code }) => code)).toEqual(['OK', ...Array(count - 1).fill('CONDITION_FAILED')]);
    expect(ledger.entry('there')?.value).toEqual(text('by 0'));
  });

  test('in as many blocks, again only the first', () => {
    const ledger = ledgerWithEntry();
    const before = ledger.version('there');
    const codes = Array.from({ length: 5 }, () => ledger.send(ledger.alice, put('there', 'x', at(before))).code);
    expect(codes).toEqual(['OK', ...Array(4).fill('CONDITION_FAILED')]);
  });
});
