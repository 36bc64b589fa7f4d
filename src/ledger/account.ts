/** Accounts, as they are counted, hashed and stored. */
import { ContainerType, type ValueOf } from '@chainsafe/ssz';
import { type Address, address } from '../base/brand.ts';
import { codec } from '../codec/codec.ts';
import { hex32, uint64, uint64Big } from '../codec/types.ts';

export interface Account {
  readonly balance: bigint;
  /** Number of its transactions so far, and the nonce of the next. A safe integer: it grows by one at a time. */
  readonly nonce: number;
}

/** What an address that was never paid has. Not part of the state. */
export const NO_ACCOUNT: Account = { balance: 0n, nonce: 0 };

/**
 * Where fees go, so that the supply stays what it is. Nobody can spend from it: these 32 bytes are no canonical encoding
 * of a point of the curve, and so no signature is valid for them. Distributing it is for a later version of the rules.
 */
export const FEE_POOL: Address = address('f'.repeat(64));

const StoredAccountType = new ContainerType({ address: hex32<Address>(), balance: uint64Big(), nonce: uint64() });

/** An account under its address: a leaf of the state tree, and a stored entry. 48 bytes. */
export type StoredAccount = Readonly<ValueOf<typeof StoredAccountType>>;
export const storedAccountCodec = codec('StoredAccount', StoredAccountType, 48);
