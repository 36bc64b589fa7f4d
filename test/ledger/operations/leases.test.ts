/** Leases: who may write while one holds, how long it holds, and what its version is good for. */
import { describe, expect, test } from 'vitest';
import type { EntryVersion } from '../../../src/ledger/operations/data-fields.ts';
import { LEASE_HEIGHTS_MAX } from '../../../src/ledger/limits.ts';
import type { Operation } from '../../../src/ledger/transaction.ts';
import { ABSENT, at, Ledger, lease, NAMESPACE, put, release, remove, required, text } from './kit.ts';

/** Alice has the lease of `lock` up to and including height 5. Height 2. */
function leased(): Ledger {
  const ledger = Ledger.withNamespace();
  expect(ledger.send(ledger.alice, lease('lock', 5)).code).toBe('OK');
  return ledger;
}

describe('a lease', () => {
  test('of a key with nothing under it makes an empty entry', () => {
    const ledger = Ledger.withNamespace();
    const { alice } = ledger;
    const receipt = ledger.send(alice, lease('lock', 5, ABSENT));
    const version = { height: 2, index: 0 };
    expect(receipt.events).toEqual([
      { kind: 'lease', namespace: NAMESPACE, key: 'lock', version, owner: alice, until: 5, depositPaid: 0n },
    ]);
    expect(ledger.entry('lock')).toEqual({ version, lease: { owner: alice, until: 5 }, deposit: 0n, value: text('') });
  });

  test('of an entry keeps its value, and makes a new version of it', () => {
    const ledger = Ledger.withNamespace();
    ledger.send(ledger.bob, put('lock', 'v'));
    ledger.send(ledger.alice, lease('lock', 5));
    expect(ledger.entry('lock')).toMatchObject({ version: { height: 3, index: 0 }, value: text('v') });
  });

  test('stays when its owner writes, and is renewed by the same operation', () => {
    const ledger = leased();
    ledger.send(ledger.alice, put('lock', 'v'));
    expect(ledger.entry('lock')?.lease).toEqual({ owner: ledger.alice, until: 5 });
    ledger.send(ledger.alice, lease('lock', 9));
    expect(ledger.entry('lock')).toMatchObject({ lease: { until: 9 }, value: text('v'), version: { height: 4 } });
  });

  test('of somebody who may not write any more keeps nobody from it', () => {
    const ledger = Ledger.withNamespace();
    const { alice, bob } = ledger;
    expect(ledger.send(bob, lease('lock', 1000)).code).toBe('OK');
    expect(ledger.send(alice, put('lock', 'v')).code).toBe('LEASED');
    expect(ledger.send(alice, { kind: 'set-writers', name: NAMESPACE, writers: [] }).code).toBe('OK');
    expect(ledger.send(alice, put('lock', 'v')).code).toBe('OK');
    expect(ledger.entry('lock')).toMatchObject({ lease: null, value: text('v') });
  });

  test('is given up by its owner, and then anybody may write', () => {
    const ledger = leased();
    const { alice, bob } = ledger;
    expect(ledger.send(alice, release('lock'))).toMatchObject({
      code: 'OK',
      events: [{ kind: 'release', namespace: NAMESPACE, key: 'lock', version: { height: 3, index: 0 } }],
    });
    expect(ledger.entry('lock')).toMatchObject({ lease: null, version: { height: 3 } });
    expect(ledger.send(bob, put('lock', 'v')).code).toBe('OK');
  });

  test('goes with its entry when the owner deletes that', () => {
    const ledger = leased();
    expect(ledger.send(ledger.alice, remove('lock')).code).toBe('OK');
    expect(ledger.send(ledger.bob, lease('lock', 9, ABSENT)).code).toBe('OK');
  });

  test('that has run out is gone when somebody else writes', () => {
    const ledger = leased();
    ledger.wait(5);
    ledger.send(ledger.bob, put('lock', 'v'));
    expect(ledger.entry('lock')?.lease).toBeNull();
  });
});

const writes: [string, Operation][] = [put('lock', 'v'), remove('lock'), lease('lock', 20), release('lock')].map(
  (operation) => [operation.kind, operation],
);

describe('while a lease holds', () => {
  test.each(writes)('nobody but its owner can %s', (_, operation) => {
    for (const height of [3, 4, 5]) {
      const ledger = leased();
      ledger.wait(height - 1);
      expect(ledger.send(ledger.bob, operation).code).toBe('LEASED');
      expect([ledger.height, ledger.version('lock')]).toEqual([height, { height: 2, index: 0 }]);
    }
  });

  test.each(writes)('its owner can %s, at its last height too', (_, operation) => {
    const ledger = leased();
    ledger.wait(4);
    expect(ledger.send(ledger.alice, operation).code).toBe('OK');
  });

  test('the owner of the namespace is nobody else: it has to wait as well', () => {
    const ledger = Ledger.withNamespace();
    ledger.send(ledger.bob, lease('lock', 5));
    expect(ledger.send(ledger.alice, remove('lock')).code).toBe('LEASED');
  });

  test('a condition that fails is told first', () => {
    const ledger = leased();
    expect(ledger.send(ledger.bob, put('lock', 'v', ABSENT)).code).toBe('CONDITION_FAILED');
  });
});

describe('at the height after its last', () => {
  test.each(writes.filter(([kind]) => kind !== 'release'))('anybody can %s', (_, operation) => {
    const ledger = leased();
    ledger.wait(5);
    expect(ledger.send(ledger.bob, operation).code).toBe('OK');
  });

  test.each([['alice'], ['bob']] as const)('there is no lease to give up for %s', (who) => {
    const ledger = leased();
    ledger.wait(5);
    expect(ledger.send(ledger[who], release('lock')).code).toBe('NO_LEASE');
  });
});

describe('a release fails', () => {
  test.each([
    ['NO_ENTRY', 'nothing'],
    ['NO_LEASE', 'plain'],
  ])('%s', (code, key) => {
    const ledger = Ledger.withNamespace();
    ledger.send(ledger.alice, put('plain', 'v'));
    expect(ledger.send(ledger.alice, release(key)).code).toBe(code);
  });

  test('CONDITION_FAILED after another version, as when two who share an account take the lease in turn', () => {
    const ledger = leased();
    const first = ledger.version('lock');
    ledger.send(ledger.alice, lease('lock', 9));
    expect(ledger.send(ledger.alice, release('lock', at(first))).code).toBe('CONDITION_FAILED');
  });
});

describe('a lease may be taken', () => {
  test.each([
    ['not up to the height before', -1, 'UNTIL_OUT_OF_RANGE'],
    ['for its own height alone', 0, 'OK'],
    ['as far ahead as there is', LEASE_HEIGHTS_MAX, 'OK'],
    ['no further', LEASE_HEIGHTS_MAX + 1, 'UNTIL_OUT_OF_RANGE'],
  ])('%s', (_, ahead, code) => {
    const ledger = Ledger.withNamespace();
    const height = ledger.height + 1;
    expect(ledger.send(ledger.alice, lease('lock', height + ahead)).code).toBe(code);
    expect(ledger.entry('lock') !== undefined).toBe(code === 'OK');
  });
});

describe('a lock', () => {
  /** Alice takes the lock, and is paused with her token. The lease runs out. */
  function paused(): [Ledger, EntryVersion] {
    const ledger = leased();
    const token = ledger.version('lock');
    ledger.wait(5);
    return [ledger, token];
  }

  test('refuses the late write of an owner that was paused, by its token', () => {
    const [ledger, token] = paused();
    const { alice, bob } = ledger;
    expect(ledger.send(bob, lease('lock', 9)).code).toBe('OK');
    const newer = ledger.version('lock');
    expect(ledger.send(alice, put('lock', 'late', at(token))).code).toBe('CONDITION_FAILED');
    expect(ledger.send(alice, required('lock', at(token)), put('protected', 'late')).code).toBe('CONDITION_FAILED');
    expect(ledger.send(bob, required('lock', at(newer)), put('protected', 'in time')).code).toBe('OK');
    expect(ledger.entry('protected')?.value).toEqual(text('in time'));
    expect(newer.height).toBeGreaterThan(token.height);
  });

  test('refuses it too when the next owner has come and gone', () => {
    const [ledger, token] = paused();
    const { alice, bob } = ledger;
    ledger.send(bob, lease('lock', 9));
    ledger.send(bob, release('lock'));
    expect(ledger.send(alice, put('lock', 'late', at(token))).code).toBe('CONDITION_FAILED');
    ledger.send(bob, remove('lock'));
    expect(ledger.send(alice, put('lock', 'late', at(token))).code).toBe('CONDITION_FAILED');
  });

  test('lets it through where nobody has taken the lock in between: that hurts nobody', () => {
    const [ledger, token] = paused();
    expect(ledger.send(ledger.alice, required('lock', at(token)), put('protected', 'late')).code).toBe('OK');
  });

  test('lets its owner write many times under one token, of which none waits for the other', () => {
    const ledger = leased();
    const token = at(ledger.version('lock'));
    const write = (value: string) => [ledger.alice, [required('lock', token), put('protected', value)]] as const;
    expect(ledger.append([write('1'), write('2'), write('3')]).map(({ code }) => code)).toEqual(['OK', 'OK', 'OK']);
  });

  test('is an election too: one of all who run in a block leads, and all can read who', () => {
    const ledger = Ledger.withNamespace();
    const { alice, bob } = ledger;
    const run = (who: 'alice' | 'bob') => [ledger[who], [lease('leader', 9), put('leader', who)]] as const;
    expect(ledger.append([run('bob'), run('alice')]).map(({ code }) => code)).toEqual(['OK', 'LEASED']);
    expect(ledger.entry('leader')).toMatchObject({ lease: { owner: bob }, value: text('bob') });
    expect(ledger.entry('leader')?.lease?.owner).not.toBe(alice);
  });
});
