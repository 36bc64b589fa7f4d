/** Accounts, as they are counted, hashed and stored. */
import { ContainerType, type ValueOf } from '@chainsafe/ssz';
import { type Address, address } from '../base/brand.ts';
import { codec } from '../codec/codec.ts';
import { uint64, uint64Big } from '../codec/types.ts';
import { EntryKind, type StateKey } from './state/entry-kind.ts';
import type { StateDelta } from './state/source.ts';

const AccountType = new ContainerType({
  balance: uint64Big(),
  /** Number of its transactions so far, and the nonce of the next. A safe integer: it grows by one at a time. */
  nonce: uint64(),
});

export type Account = Readonly<ValueOf<typeof AccountType>>;

/** Accounts under their addresses. */
export const ACCOUNTS = new EntryKind<Address, Account>('account', codec('Account', AccountType, 16), (key) => key);

/** What an address that was never paid has. Not part of the state. */
export const NO_ACCOUNT: Account = { balance: 0n, nonce: 0 };

/** What the address has in this state. */
export const accountIn = (state: { get(key: StateKey<Account>): Account | undefined }, of: Address): Account =>
  state.get(ACCOUNTS.key(of)) ?? NO_ACCOUNT;

/** The accounts that a block changed, with what they have now. */
export function* accountsOf({ entries }: Pick<StateDelta, 'entries'>): Generator<readonly [Address, Account]> {
  for (const { key, after } of entries)
    if (key.kind === ACCOUNTS) yield [key.text as Address, (after as Account | undefined) ?? NO_ACCOUNT];
}

/** The accounts that a block made, and those that sent something in it. */
export function* actingIn({ entries }: Pick<StateDelta, 'entries'>): Generator<Address> {
  for (const { key, before, after } of entries) {
    if (key.kind !== ACCOUNTS) continue;
    if ((before as Account | undefined)?.nonce !== (after as Account | undefined)?.nonce) yield key.text as Address;
  }
}

/**
 * Where fees go, so that the supply stays what it is. Nobody can spend from it: these 32 bytes are no canonical encoding
 * of a point of the curve, and so no signature is valid for them. Distributing it is for a later version of the rules.
 */
export const FEE_POOL: Address = address('f'.repeat(64));

/**
 * Where deposits lie, together: what all entries keep is what it has. So nobody can pay into it but by a deposit, and nobody can
 * spend from it, for the same reason as from the pool of fees: read as little-endian, it is 2^255 - 2 with the sign bit set, and a
 * coordinate is below 2^255 - 19.
 */
export const DEPOSITS: Address = address(`fe${'f'.repeat(62)}`);

/** Where the stakes of validators lie, together, those on their way out among them: nobody can pay into it but by a bond. */
export const STAKES: Address = address(`fd${'f'.repeat(62)}`);

/** What penalties burnt. It still counts as supply, and is there for nobody. */
export const BURNT: Address = address(`fc${'f'.repeat(62)}`);

/** What penalties left to the chain. Spending it is for a later version of the rules. */
export const TREASURY: Address = address(`fb${'f'.repeat(62)}`);

/** Accounts whose balance is the sum of what is noted elsewhere: nobody else can pay into them. */
export const isVault = (of: string): boolean => of === DEPOSITS || of === STAKES;

export const SYSTEM_ACCOUNTS: ReadonlySet<Address> = new Set([FEE_POOL, DEPOSITS, STAKES, BURNT, TREASURY]);

/** Whether the account belongs to the ledger itself. What is asked of accounts that somebody has is not asked of it. */
export const isSystemAccount = (of: string): boolean => SYSTEM_ACCOUNTS.has(of as Address);
