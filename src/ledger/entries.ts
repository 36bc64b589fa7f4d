/** The entries of the state: under which keys they stand, and what execution makes of them before a block is made. */
import type { Address } from '../base/brand.ts';
import { InvariantViolation, present } from '../base/invariant.ts';
import { type Account, NO_ACCOUNT } from './account.ts';

/** Where an entry stands. */
export type StateKey = { readonly kind: 'account'; readonly address: Address };

export const accountKey = (address: Address): StateKey => ({ kind: 'account', address });

/** Entries to read and to change. */
export interface Entries {
  /** An address that was never paid has NO_ACCOUNT. */
  account(address: Address): Account;
  setAccount(address: Address, account: Account): void;
}

/** The state as a body changes it. What lies below stays as it is. */
export class Overlay implements Entries {
  /** Accounts that are not as before, with what they are now. */
  readonly accounts = new Map<Address, Account>();
  readonly #below: ReadonlyMap<Address, Account>;
  /** What was overwritten since the last `keep`, oldest first: where, and what stood there. The arrays are used again, since this
   *  happens for every transaction; only so many of their entries count. */
  readonly #addresses: Address[] = [];
  readonly #before: (Account | undefined)[] = [];
  #overwritten = 0;

  constructor(below: ReadonlyMap<Address, Account>) {
    this.#below = below;
  }

  account(address: Address): Account {
    return this.accounts.get(address) ?? this.#below.get(address) ?? NO_ACCOUNT;
  }

  setAccount(address: Address, account: Account): void {
    this.#addresses[this.#overwritten] = address;
    this.#before[this.#overwritten] = this.accounts.get(address);
    this.#overwritten += 1;
    this.accounts.set(address, account);
  }

  /** All changes so far stay. */
  keep(): void {
    this.#overwritten = 0;
  }

  /** Takes back the changes since the last `keep`. */
  takeBack(): void {
    while (this.#overwritten > 0) {
      this.#overwritten -= 1;
      const address = present(this.#addresses[this.#overwritten], 'address');
      const before = this.#before[this.#overwritten];
      if (before === undefined) this.accounts.delete(address);
      else this.accounts.set(address, before);
    }
  }

  /** The entries under these keys, and no others. */
  under(keys: readonly StateKey[]): Entries {
    return new Declared(this, keys);
  }
}

/** What an operation sees. One that touches what it did not declare is our own bug: nobody could fetch that before it runs. */
class Declared implements Entries {
  readonly #all: Overlay;
  readonly #keys: readonly StateKey[];

  constructor(all: Overlay, keys: readonly StateKey[]) {
    this.#all = all;
    this.#keys = keys;
  }

  account(address: Address): Account {
    this.#require('account', address);
    return this.#all.account(address);
  }

  setAccount(address: Address, account: Account): void {
    this.#require('account', address);
    this.#all.setAccount(address, account);
  }

  #require(kind: StateKey['kind'], address: Address): void {
    for (const key of this.#keys) if (key.kind === kind && key.address === address) return;
    throw new InvariantViolation('an operation touches only what it declared', { kind, address });
  }
}
