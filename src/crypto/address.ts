/** Text form of an address: bech32m (BIP 350) of the public key, with the genesis's prefix. */
import { bech32m } from '@scure/base';
import type { Address } from '../base/brand.ts';
import { fail, ok, type Result } from '../base/result.ts';
import { fromHex, toAddress } from '../codec/hex.ts';

const ADDRESS_BYTES = 32;

/** Characters of an address: BIP 173's limit, with which the checksum finds any four wrong ones. */
export const ADDRESS_TEXT_MAX = 90;

export function formatAddress(address: Address, prefix: string): string {
  return bech32m.encodeFromBytes(prefix, fromHex(address));
}

type AddressErrorCode = 'MALFORMED_ADDRESS' | 'WRONG_ADDRESS_PREFIX';

/** Lower or upper case, not mixed. Errors: MALFORMED_ADDRESS (not bech32m, a wrong character, not 32 bytes),
 *  WRONG_ADDRESS_PREFIX (an address, but of another network). */
export function parseAddress(
  text: string,
  prefix: string,
): Result<Address, { readonly code: AddressErrorCode; readonly message: string }> {
  const decoded = bech32m.decodeUnsafe(text, ADDRESS_TEXT_MAX);
  const bytes = decoded && bech32m.fromWordsUnsafe(decoded.words);
  if (!decoded || !bytes) {
    return fail('MALFORMED_ADDRESS', 'not an address: a character is wrong or missing, or it is not bech32m');
  }
  if (bytes.length !== ADDRESS_BYTES) {
    return fail('MALFORMED_ADDRESS', `an address is ${ADDRESS_BYTES} bytes, not ${bytes.length}`);
  }
  if (decoded.prefix !== prefix) {
    return fail('WRONG_ADDRESS_PREFIX', `an address of this network starts with ${prefix}1, not ${decoded.prefix}1`);
  }
  return ok(toAddress(bytes));
}
