/** Deposits: who pays, how much, and that all of it comes back. */
import type { Epochs, KnownEpoch } from '../../../src/ledger/epoch.ts';
import { describe, expect, test } from 'vitest';
import { fromHex } from '../../../src/codec/hex.ts';
import { nobleEd25519 } from '../../../src/crypto/ed25519.ts';
import type { Address } from '../../../src/base/brand.ts';
import { DEPOSITS, FEE_POOL } from '../../../src/ledger/account.ts';
import { formatAddress } from '../../../src/crypto/address.ts';
import { parseGenesis } from '../../../src/ledger/genesis.ts';
import type { Operation } from '../../../src/ledger/transaction.ts';
import { genesisJson, transfer } from '../network.ts';
import {
  add,
  createNamespace,
  insert,
  Ledger,
  lease,
  NAMESPACE,
  put,
  release,
  remove,
  required,
  takeOut,
  ANY,
} from './kit.ts';

const PRICE = 7n;
const BALANCE = 1_000_000_000n;
const NAME = BigInt(NAMESPACE.length);
/** Text of a key with one character. */
const KEY = NAME + 2n;

/** With a namespace that alice paid for. What she paid is left out of what follows. */
const priced = () => Ledger.withNamespace({ depositPerByte: String(PRICE) });

describe('a deposit is paid for each byte of', () => {
  const setWriters = (writers: readonly Address[]): Operation => ({ kind: 'set-writers', name: NAMESPACE, writers });
  test.each<[string, readonly Operation[], bigint]>([
    ['a value and its key', [put('k', 'value')], KEY + 5n],
    ['the key alone, where the value is empty', [put('k', '')], KEY],
    ['what a value grows by', [put('k', 'v'), put('k', 'value')], KEY + 5n],
    ['what is left of a value', [put('k', 'value'), put('k', 'v')], KEY + 1n],
    ['nothing that goes', [put('k', 'value'), remove('k')], 0n],
    ['a key that is leased', [lease('k', 9)], KEY],
    ['nothing more, when a lease is renewed or given up', [lease('k', 9), lease('k', 10), release('k')], KEY],
    ['a counter', [add('n', 1n), add('n', 10n ** 18n)], KEY + 8n],
    ['no counter that is zero', [add('n', 1n), add('n', -1n), add('m', 0n)], 0n],
    ['a member of a set, with the key of the set', [insert('s', 'mm'), insert('s', 'mm')], KEY + 3n],
    ['no member that goes', [insert('s', 'm'), takeOut('s', 'm'), takeOut('s', 'm')], 0n],
    ['a namespace: its name, its owner and its writers', [createNamespace('ab', [FEE_POOL])], 2n + 32n * 2n],
    ['what is left of the writers', [setWriters([])], -32n],
    ['writers who come', [setWriters([FEE_POOL, DEPOSITS, DEPOSITS.replace('e', 'd') as Address])], 64n],
    ['nothing that is only asked', [required('k', ANY)], 0n],
  ])('%s', (_, operations, bytes) => {
    const ledger = priced();
    const before = ledger.balance(ledger.alice);
    const deposits = ledger.deposits();
    expect(ledger.send(ledger.alice, ...operations).code).toBe('OK');
    expect(before - ledger.balance(ledger.alice)).toBe(bytes * PRICE);
    expect(ledger.deposits() - deposits).toBe(bytes * PRICE);
    expect(ledger.kept()).toBe(ledger.deposits());
  });
});

describe('a deposit', () => {
  test('comes back to the last unit when all is deleted, to whoever deletes it', () => {
    const ledger = priced();
    const { alice, bob } = ledger;
    const [before, deposits] = [ledger.balance(alice), ledger.deposits()];
    ledger.send(alice, put('k', 'value'), add('n', 5n), insert('s', 'm'), lease('l', 9));
    const paid = before - ledger.balance(alice);
    expect(paid).toBe((KEY + 5n + (KEY + 8n) + (KEY + 2n) + KEY) * PRICE);
    ledger.send(alice, release('l'));
    const receipt = ledger.send(bob, remove('k'), add('n', -5n), takeOut('s', 'm'), remove('l'));
    expect(receipt.code).toBe('OK');
    expect(ledger.balance(bob)).toBe(BALANCE + paid);
    expect([ledger.deposits(), ledger.kept()]).toEqual([deposits, deposits]);
  });

  test('stands in the events, with what came back', () => {
    const ledger = priced();
    const { events } = ledger.send(ledger.alice, put('k', 'value'), put('k', 'v'), remove('k'));
    expect(events).toMatchObject([
      { depositPaid: (KEY + 5n) * PRICE, depositRefunded: 0n },
      { depositPaid: 0n, depositRefunded: 4n * PRICE },
      { depositRefunded: (KEY + 1n) * PRICE },
    ]);
  });

  test.each<[string, Operation, string]>([
    ['put', put('k', 'x'.repeat(100)), 'INSUFFICIENT_BALANCE'],
    ['lease', lease('k', 9), 'INSUFFICIENT_BALANCE'],
    ['add', add('k', 1n), 'INSUFFICIENT_BALANCE'],
    ['insert', insert('k', 'm'), 'INSUFFICIENT_BALANCE'],
    ['create-namespace', createNamespace('other'), 'INSUFFICIENT_BALANCE'],
    ['set-writers', { kind: 'set-writers', name: NAMESPACE, writers: [FEE_POOL, DEPOSITS] }, 'INSUFFICIENT_BALANCE'],
    ['delete', remove('k'), 'NO_ENTRY'],
  ])('that the sender does not have is not paid: %s', (_, operation, code) => {
    const ledger = priced();
    const { alice, bob } = ledger;
    ledger.send(alice, transfer(bob, ledger.balance(alice) - PRICE));
    const before = ledger.data();
    expect(ledger.send(alice, operation).code).toBe(code);
    expect(ledger.balance(alice)).toBe(PRICE);
    expect(ledger.data()).toEqual(before);
  });

  test('is paid with all that the sender has', () => {
    const ledger = priced();
    const { alice, bob } = ledger;
    ledger.send(alice, transfer(bob, ledger.balance(alice) - (KEY + 1n) * PRICE));
    expect(ledger.send(alice, put('k', 'v')).code).toBe('OK');
    expect(ledger.balance(alice)).toBe(0n);
  });

  test('is not made by a transfer: what lies there is what entries keep', () => {
    const ledger = priced();
    expect(ledger.send(ledger.alice, transfer(DEPOSITS, 1n)).code).toBe('NOT_PAYABLE');
    expect(ledger.deposits()).toBe(ledger.kept());
  });

  test('is not made by a genesis either', () => {
    const json = genesisJson();
    json.accounts.push({ address: formatAddress(DEPOSITS, 'tre'), balance: '1' });
    expect(parseGenesis(JSON.stringify(json))).toMatchObject({
      error: { message: expect.stringContaining(`accounts[${json.accounts.length - 1}].address`) as string },
    });
  });

  test('is nobody’s to spend: no signature is valid for the account where it lies', () => {
    const message = new Uint8Array(1);
    const signature = nobleEd25519.sign(new Uint8Array(32).fill(1), message);
    expect(DEPOSITS).not.toBe(FEE_POOL);
    expect(nobleEd25519.verify(fromHex(DEPOSITS), message, signature)).toBe(false);
    expect(nobleEd25519.verify(fromHex(DEPOSITS), message, new Uint8Array(64))).toBe(false);
  });
});

describe('when the price of a byte has changed', () => {
  /** The same state, with another price from now on. */
  const repriced = (ledger: Ledger, price: bigint): void => {
    const { epochs } = ledger.state;
    const priced = (known: KnownEpoch | undefined): KnownEpoch | undefined =>
      known && {
        ...known,
        parameters: { ...known.parameters, ledger: { ...known.parameters.ledger, depositPerByte: price } },
      };
    const again: Epochs = { of: (epoch) => priced(epochs.of(epoch)), at: (height) => priced(epochs.at(height)) };
    Object.assign(ledger.state, { epochs: again });
  };

  test.each([
    ['dearer', 10n * PRICE],
    ['cheaper', 1n],
    ['free', 0n],
  ])('to %s, what was paid comes back, no more and no less', (_, price) => {
    const ledger = priced();
    const { alice } = ledger;
    const before = ledger.balance(alice);
    ledger.send(alice, put('k', 'value'), add('n', 1n), insert('s', 'm'));
    repriced(ledger, price);
    ledger.send(alice, remove('k'), add('n', -1n), takeOut('s', 'm'));
    expect(ledger.balance(alice)).toBe(before);
    expect(ledger.deposits()).toBe(ledger.kept());
  });

  test('a value that grows pays the new price for what is new, and a shorter one gets its part of all that was paid', () => {
    const ledger = priced();
    const { alice } = ledger;
    ledger.send(alice, put('k', ''));
    repriced(ledger, 1n);
    ledger.send(alice, put('k', 'value'));
    const paid = KEY * PRICE + 5n;
    expect(ledger.entry('k')?.deposit).toBe(paid);
    ledger.send(alice, put('k', 'v'));
    // A part of a unit stays with the entry, and comes back with the rest.
    const left = (paid * (KEY + 1n) + (KEY + 5n - 1n)) / (KEY + 5n);
    expect(ledger.entry('k')?.deposit).toBe(left);
    expect(ledger.deposits()).toBe(ledger.kept());
  });
});
