/** People beside the accounts of a development network, as many as a test likes, each of them a number. Nobody takes a transaction of
 *  somebody who was never paid, so the genesis pays those who are to be heard. */
import type { Height } from '../../src/base/brand.ts';
import { toAddress } from '../../src/codec/hex.ts';
import { formatAddress } from '../../src/crypto/address.ts';
import { signedTransactionCodec, type Transaction, transactionSigningBytes } from '../../src/ledger/transaction.ts';
import { standInSignature } from '../consensus/stand-in.ts';
import { stranger, transfer } from '../ledger/network.ts';
import type { Cluster, GenesisText } from './cluster.ts';

const keyOf = (person: number): Uint8Array => {
  const key = new Uint8Array(32).fill(9);
  new DataView(key.buffer).setUint32(0, person);
  return key;
};

export const addressOf = (person: number) => toAddress(keyOf(person));

/** What all that are paid have: enough for one transfer of the smallest amount. */
const BALANCE = '1';

/** A genesis of a development network has these people too. */
export const pay =
  (people: readonly number[]) =>
  ({ accounts }: GenesisText): void => {
    for (const person of people) accounts.push({ address: formatAddress(addressOf(person), 'tre'), balance: BALANCE });
  };

/** Signed by this person; a transfer that it can afford if it was paid, where nothing else is said. */
export function signedBy(
  person: number,
  { genesis: { chainId } }: Cluster,
  fields: Partial<Pick<Transaction, 'nonce' | 'expiresAt' | 'operations' | 'memo'>> = {},
): Uint8Array {
  const transaction: Transaction = {
    chainId,
    sender: addressOf(person),
    nonce: 0,
    expiresAt: 0 as Height,
    maxFee: 0n,
    operations: [transfer(stranger(1), 1n)],
    memo: new Uint8Array(),
    ...fields,
  };
  const signature = standInSignature(keyOf(person), transactionSigningBytes(transaction));
  return signedTransactionCodec.encode({ transaction, signature });
}
