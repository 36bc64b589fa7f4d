/** What a watcher is told of each kind of operation, and whose it is. */
import { describe, expect, test } from 'vitest';
import { present } from '../../../src/base/invariant.ts';
import { formatAddress } from '../../../src/crypto/address.ts';
import { type AnyKind, OperationTable } from '../../../src/ledger/operations/operation-table.ts';
import { put as putKind } from '../../../src/ledger/operations/put.ts';
import { OPERATIONS } from '../../../src/ledger/operations/table.ts';
import type { Operation } from '../../../src/ledger/transaction.ts';
import { valueField } from '../../../src/ledger/operations/data-fields.ts';
import { ANY, add, createNamespace, insert, Ledger, lease, put, release, remove, required, takeOut } from './kit.ts';

const PREFIX = 'tre';
const { alice, bob, carol } = new Ledger();
const text = (who: typeof alice): string => formatAddress(who, PREFIX);
const named = { namespace: 'docs', key: 'k' };
const nothing = { depositPaid: '0', depositRefunded: '0' };

/** Kind of operation; what comes before it, in a namespace in which bob may write; the operation of alice; what is told of it. */
const CASES: readonly (readonly [Operation['kind'], readonly Operation[], Operation, object | undefined])[] = [
  ['transfer', [], { kind: 'transfer', to: carol, amount: 5n }, undefined],
  [
    'create-namespace',
    [],
    createNamespace('more', [carol]),
    { namespace: 'more', owner: text(alice), writers: [text(carol)], depositPaid: '0' },
  ],
  [
    'set-writers',
    [],
    { kind: 'set-writers', name: 'docs', writers: [bob, carol] },
    { namespace: 'docs', writers: [text(bob), text(carol)], ...nothing },
  ],
  ['set-owner', [], { kind: 'set-owner', name: 'docs', owner: carol }, { namespace: 'docs', owner: text(carol) }],
  ['put', [], put('k', 'v'), { ...named, version: '2:0', value: 'dg==', ...nothing }],
  ['delete', [put('k', 'v')], remove('k'), { ...named, version: '3:0', depositRefunded: '0' }],
  ['lease', [], lease('k', 9), { ...named, version: '2:0', owner: text(alice), until: 9, depositPaid: '0' }],
  ['release', [lease('k', 9)], release('k'), { ...named, version: '3:0' }],
  ['add', [], add('k', -5n), { ...named, value: '-5', ...nothing }],
  ['insert', [], insert('k', 'm'), { ...named, member: 'm', changed: true, depositPaid: '0' }],
  ['insert', [insert('k', 'm')], insert('k', 'm'), undefined],
  ['remove', [insert('k', 'm')], takeOut('k', 'm'), { ...named, member: 'm', changed: true, depositRefunded: '0' }],
  ['remove', [], takeOut('k', 'm'), undefined],
  ['require', [put('k', 'v')], required('k', ANY), undefined],
];

describe('what a watcher is told', () => {
  test.each(CASES)('of %s after %j', (kind, before, operation, told) => {
    const ledger = Ledger.withNamespace();
    for (const each of before) ledger.send(alice, each);
    const event = present(ledger.send(alice, operation).events[0], 'an event');
    const change = OPERATIONS.changedBy(event);
    expect(change === undefined).toBe(told === undefined);
    if (told === undefined) return;
    expect(change).toMatchObject('namespace' in told ? { namespace: told.namespace } : {});
    const json = OPERATIONS.changeToJson(event, operation, PREFIX);
    expect(json).toEqual({ kind, ...told });
    expect(OPERATIONS.changeSchema.parse(json)).toEqual(json);
  });

  test('covers every kind', () => {
    const kinds = new Set(CASES.map(([kind]) => kind));
    const schema = OPERATIONS.schema as unknown as { options: { shape: { kind: { value: string } } }[] };
    // Those on validators and proposals name no namespace.
    const others = ['bond', 'unbond', 'withdraw', 'unjail', 'propose', 'vote'];
    const all = schema.options.map(({ shape }) => shape.kind.value);
    expect(all.filter((kind) => !kinds.has(kind as never))).toEqual(others);
    for (const kind of others) expect(OPERATIONS.changedBy({ kind })).toBeUndefined();
  });

  test.each<[string, Partial<AnyKind>]>([
    ['a field that the operation does not have', { told: { other: valueField } }],
    ['another field under the name of one', { told: { value: putKind.fields.key } }],
    ['what the event says already', { told: { key: putKind.fields.key } }],
  ])('is not %s', (_, changed) => {
    expect(() => new OperationTable<AnyKind>([{ ...putKind, ...changed }])).toThrow('is said by the operation');
  });
});

test.each<[string, Operation, readonly unknown[]]>([
  ['whom it pays', { kind: 'transfer', to: carol, amount: 5n }, [carol]],
  ['writers', { kind: 'set-writers', name: 'docs', writers: [bob, carol] }, [bob, carol]],
  ['the new owner', { kind: 'set-owner', name: 'docs', owner: bob }, [bob]],
  ['nobody', put('k', 'v'), []],
])('an operation names %s', (_, operation, accounts) => {
  expect(OPERATIONS.accountsIn(operation)).toEqual(accounts);
});
