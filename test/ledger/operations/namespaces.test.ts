/** Namespaces: who owns them, who may write in them, and each code of their operations. */
import { describe, expect, test } from 'vitest';
import type { Address } from '../../../src/base/brand.ts';
import type { Operation } from '../../../src/ledger/transaction.ts';
import { stranger, transfer } from '../network.ts';
import { add, createNamespace, insert, Ledger, lease, NAMESPACE, put, release, remove, takeOut } from './kit.ts';

const setWriters = (writers: readonly Address[], name = NAMESPACE): Operation => ({
  kind: 'set-writers',
  name,
  writers,
});
const setOwner = (owner: Address, name = NAMESPACE): Operation => ({ kind: 'set-owner', name, owner });

describe('a namespace', () => {
  test('belongs to whoever makes it', () => {
    const ledger = new Ledger();
    const { alice, bob } = ledger;
    const receipt = ledger.send(alice, createNamespace('a', [bob]));
    expect(receipt).toMatchObject({
      code: 'OK',
      events: [{ kind: 'create-namespace', namespace: 'a', owner: alice, depositPaid: 0n }],
    });
    expect(ledger.namespace('a')).toEqual({ owner: alice, writers: [bob], deposit: 0n });
  });

  test('has other writers when its owner says so', () => {
    const ledger = Ledger.withNamespace();
    const { alice, bob, carol } = ledger;
    expect(ledger.send(alice, setWriters([carol]))).toMatchObject({
      code: 'OK',
      events: [{ kind: 'set-writers', namespace: NAMESPACE, depositPaid: 0n, depositRefunded: 0n }],
    });
    expect(ledger.send(bob, put('k', 'v')).code).toBe('NOT_A_WRITER');
    expect(ledger.send(carol, put('k', 'v')).code).toBe('OK');
    expect(ledger.send(alice, put('k', 'v')).code).toBe('OK');
  });

  test('has another owner when its owner says so, who alone may say anything from then on', () => {
    const ledger = Ledger.withNamespace();
    const { alice, bob, carol } = ledger;
    expect(ledger.send(alice, setOwner(carol))).toMatchObject({
      code: 'OK',
      events: [{ kind: 'set-owner', namespace: NAMESPACE, owner: carol }],
    });
    expect(ledger.namespace()).toEqual({ owner: carol, writers: [bob], deposit: 0n });
    expect(ledger.send(alice, setOwner(alice)).code).toBe('NOT_OWNER');
    expect(ledger.send(alice, put('k', 'v')).code).toBe('NOT_A_WRITER');
    expect(ledger.send(carol, put('k', 'v')).code).toBe('OK');
  });

  test('can be made and written in one transaction, and given away by the next operation', () => {
    const ledger = new Ledger();
    const { alice, bob } = ledger;
    const given = [createNamespace(), put('k', 'v'), setOwner(bob)];
    expect(ledger.send(alice, ...given, put('k', 'w')).code).toBe('NOT_A_WRITER');
    expect(ledger.namespace()).toBeUndefined();
    expect(ledger.send(alice, ...given).code).toBe('OK');
    expect(ledger.namespace()?.owner).toBe(bob);
  });
});

describe('an operation on a namespace fails, and leaves nothing of the operations before it,', () => {
  test.each<[string, string, (ledger: Ledger) => readonly [Address, Operation]]>([
    ['NAMESPACE_EXISTS', 'where there is one of that name', ({ alice }) => [alice, createNamespace()]],
    ['NAMESPACE_EXISTS', 'also to somebody else', ({ bob }) => [bob, createNamespace()]],
    ['DUPLICATE_WRITER', 'with a writer twice', ({ alice, bob }) => [alice, createNamespace('b', [bob, alice, bob])]],
    ['DUPLICATE_WRITER', 'with a writer twice', ({ alice, bob }) => [alice, setWriters([bob, bob])]],
    ['NO_NAMESPACE', 'where there is none', ({ alice }) => [alice, setWriters([], 'b')]],
    ['NO_NAMESPACE', 'where there is none', ({ alice }) => [alice, setOwner(alice, 'b')]],
    ['NOT_OWNER', 'for a writer', ({ bob }) => [bob, setWriters([])]],
    ['NOT_OWNER', 'for anybody else', ({ carol }) => [carol, setOwner(carol)]],
  ])('%s %s', (code, _, choose) => {
    const ledger = Ledger.withNamespace();
    const before = ledger.data();
    const [sender, operation] = choose(ledger);
    const receipt = ledger.send(sender, transfer(stranger(1), 5n), createNamespace('c'), operation);
    expect(receipt).toMatchObject({ code, events: [] });
    expect(ledger.data()).toEqual(before);
    expect(ledger.balance(stranger(1))).toBe(0n);
  });
});

describe('whoever is no writer', () => {
  const writes: [string, Operation][] = [put('k', 'v'), remove('k'), lease('k', 9), release('k')]
    .concat([add('n', 1n), insert('s', 'm'), takeOut('s', 'm')])
    .map((operation) => [operation.kind, operation]);

  test.each(writes)('can do nothing in a namespace: %s', (_, operation) => {
    const ledger = Ledger.withNamespace();
    ledger.send(ledger.alice, put('k', 'v'), insert('s', 'm'));
    const before = ledger.data();
    expect(ledger.send(ledger.carol, operation).code).toBe('NOT_A_WRITER');
    expect(ledger.data()).toEqual(before);
  });

  test.each(writes)('is told where there is no namespace: %s', (_, operation) => {
    const ledger = new Ledger();
    expect(ledger.send(ledger.alice, operation).code).toBe('NO_NAMESPACE');
  });
});
