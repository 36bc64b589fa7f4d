/** What a node's disk has of an account: memory has only what was of use lately. */
import type { Address } from '../../src/base/brand.ts';
import { KEYS } from '../../src/driver/stored/records.ts';
import { type Account, ACCOUNTS, NO_ACCOUNT } from '../../src/ledger/account.ts';

export function storedAccount(disk: { get(key: string): Uint8Array | undefined }, address: Address): Account {
  const key = ACCOUNTS.key(address);
  const bytes = disk.get(KEYS.entry(key));
  if (bytes === undefined) return NO_ACCOUNT;
  const account = key.kind.codec.decode(bytes);
  if (!account.ok) throw new Error(account.error.message);
  return account.value;
}
