/** The text form of an account that people see and type: bech32m (BIP-350) with the genesis's prefix. */
import { bech32m } from '@scure/base';
import type { Address } from '../base/brand.ts';
import { fail, ok, type Result } from '../base/result.ts';
import { fromHex, toAddress } from './hex.ts';

/** Longest text that is looked at, in characters; that of BIP-350. */
export const ADDRESS_TEXT_MAX = 90;

export interface AddressError {
  readonly code: 'BAD_ADDRESS';
  readonly message: string;
}

export const formatAddress = (address: Address, prefix: string): string =>
  bech32m.encode(prefix, bech32m.toWords(fromHex(address)));

/** Errors: BAD_ADDRESS, which says whether the checksum, the prefix or the length is wrong. */
export function parseAddress(text: string, prefix: string): Result<Address, AddressError> {
  let bytes: Uint8Array;
  try {
    const decoded = bech32m.decode(text as `${string}1${string}`, ADDRESS_TEXT_MAX);
    if (decoded.prefix !== prefix) {
      return fail('BAD_ADDRESS', `the address begins with "${decoded.prefix}1", this network's with "${prefix}1"`);
    }
    bytes = bech32m.fromWords(decoded.words);
  } catch {
    return fail('BAD_ADDRESS', 'not a bech32m address: it is cut short or mistyped');
  }
  if (bytes.length !== 32) return fail('BAD_ADDRESS', `an address holds 32 bytes, this one ${bytes.length}`);
  return ok(toAddress(bytes));
}
