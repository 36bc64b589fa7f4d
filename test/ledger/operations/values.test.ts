/** Values stand apart from their entries: what names them, which of them a block writes, and which it leaves behind. */
import { describe, expect, test } from 'vitest';
import { InvariantViolation, present } from '../../../src/base/invariant.ts';
import { sha256Hash } from '../../../src/crypto/sha256.ts';
import { ENTRIES } from '../../../src/ledger/data/entry.ts';
import { VALUE_BYTES_MAX } from '../../../src/ledger/limits.ts';
import type { EntryVersion } from '../../../src/ledger/operations/data-fields.ts';
import { deltaOf } from '../../../src/ledger/state/delta.ts';
import { Overlay } from '../../../src/ledger/state/overlay.ts';
import { valuePlaceText } from '../../../src/ledger/state/value-place.ts';
import { isNamedBy, referenceTo } from '../../../src/ledger/state/value-reference.ts';
import type { Operation } from '../../../src/ledger/transaction.ts';
import { ABSENT, at, Ledger, lease, NAMESPACE, put, release, remove, required, text } from './kit.ts';

const version = (height: number, index = 0): EntryVersion => ({ height: height as EntryVersion['height'], index });
const placeOf = (key: string, of: EntryVersion) => ({ key: ENTRIES.key({ namespace: NAMESPACE, key }), version: of });
const FIRST = referenceTo(text('first'), version(2));

/** Under `k` stands "first" since height 2. */
function ledgerWithValue(): Ledger {
  const ledger = Ledger.withNamespace();
  ledger.send(ledger.alice, put('k', 'first'));
  return ledger;
}

describe('a reference', () => {
  test('has the version that wrote the value, its length and its hash, and nothing of the value itself', () => {
    const ledger = Ledger.withNamespace();
    const value = 'v'.repeat(VALUE_BYTES_MAX);
    ledger.send(ledger.alice, put('k', value));
    const entry = present(ledger.stored('k'), 'k');
    expect(entry.value).toEqual({ version: version(2), length: value.length, hash: sha256Hash(text(value)) });
    expect(ENTRIES.codec.encode(entry)).toHaveLength(72);
  });

  test.each<[string, readonly Operation[]]>([
    ['takes a lease', [lease('k', 9)]],
    ['renews a lease', [lease('k', 9), lease('k', 10)]],
    ['gives a lease up', [lease('k', 9), release('k')]],
    ['asks for its version', [required('k', at(version(2)))]],
  ])('stays when somebody %s', (_, operations) => {
    const ledger = ledgerWithValue();
    for (const operation of operations) expect(ledger.send(ledger.alice, operation).code).toBe('OK');
    expect(ledger.stored('k')?.value).toEqual(FIRST);
    expect(ledger.entry('k')?.value).toEqual(text('first'));
  });

  test.each<[string, Uint8Array, boolean]>([
    ['the value', text('first'), true],
    ['another one of that length', text('fIrst'), false],
    ['a shorter one', text('firs'), false],
    ['nothing', text(''), false],
  ])('names what it was made of alone: %s', (_, bytes, expected) => {
    expect(isNamedBy(bytes, FIRST)).toBe(expected);
    expect(isNamedBy(bytes, { ...FIRST, length: bytes.length })).toBe(expected);
  });
});

const K = (of: EntryVersion, value: string) => [valuePlaceText(placeOf('k', of)), value];

describe('of values a block', () => {
  test.each<[string, readonly (readonly Operation[])[], string[][], EntryVersion[]]>([
    ['writes the one that is put', [[put('k', 'new')]], [K(version(3), 'new')], [version(2)]],
    ['writes one that is as the one before', [[put('k', 'first')]], [K(version(3), 'first')], [version(2)]],
    ['writes an empty one', [[put('k', '')]], [K(version(3), '')], [version(2)]],
    ['writes the last of a list', [[put('k', 'a'), put('k', 'b')]], [K(version(3), 'b')], [version(2)]],
    ['writes the last of several', [[put('k', 'a')], [put('k', 'b')]], [K(version(3, 1), 'b')], [version(2)]],
    ['writes the one that a lease kept', [[put('k', 'a')], [lease('k', 9)]], [K(version(3), 'a')], [version(2)]],
    [
      'writes the one before a transaction that failed',
      [[put('k', 'a')], [put('k', 'b'), put('k', 'c'), release('k')]],
      [K(version(3), 'a')],
      [version(2)],
    ],
    ['writes none where all failed', [[put('k', 'a', ABSENT)]], [], []],
    ['writes none for leases', [[lease('k', 9)], [release('k')]], [], []],
    ['leaves behind the one of an entry that goes', [[remove('k')]], [], [version(2)]],
    ['leaves nothing behind of what came and went', [[put('k', 'a')], [remove('k')]], [], [version(2)]],
    [
      'writes an empty one for a lease of what has gone',
      [[remove('k'), lease('k', 9)]],
      [K(version(3), '')],
      [version(2)],
    ],
  ])('%s', (_, lists, values, stale) => {
    const ledger = ledgerWithValue();
    const { delta } = ledger.execute(lists.map((operations) => [ledger.alice, operations] as const));
    const decoder = new TextDecoder();
    expect(delta.values.map((each) => [valuePlaceText(each), decoder.decode(each.bytes)])).toEqual(values);
    expect(delta.staleValues).toEqual(stale.map((each) => placeOf('k', each)));
  });

  test('has each that its entries name: one that names what nobody has written is our own bug', () => {
    const ledger = ledgerWithValue();
    const overlay = new Overlay(ledger.state.source);
    const entry = present(ledger.stored('k'), 'k');
    overlay.set(placeOf('k', version(3)).key, { ...entry, value: { ...FIRST, version: version(3) } });
    const heights = { from: version(2).height, to: version(3).height };
    expect(() => deltaOf(ledger.state.source, overlay, heights)).toThrow(InvariantViolation);
    overlay.setValue(placeOf('k', version(3)), text('first'));
    expect(deltaOf(ledger.state.source, overlay, heights).values).toHaveLength(1);
  });
});

test('an operation writes values of the entries alone that it declared', () => {
  const ledger = ledgerWithValue();
  const { key } = placeOf('k', version(3));
  const declared = new Overlay(ledger.state.source).under([key]);
  declared.setValue({ key, version: version(3) }, text('new'));
  expect(() => declared.setValue(placeOf('other', version(3)), text('new'))).toThrow(InvariantViolation);
});
