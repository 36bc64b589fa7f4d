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
  const plain = parsePlain(text, prefix);
  if (plain !== undefined) return ok(plain);
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

const ALPHABET = 'qpzry9x8gf2tvdw0s3jn54khce6mua7l';
/** By character code; 0xff where the character is none of bech32. */
const VALUES = new Uint8Array(128).fill(0xff);
for (const [value, character] of Array.from(ALPHABET).entries()) VALUES[character.charCodeAt(0)] = value;
const CHECKSUM_CHARACTERS = 6;
const WORDS = Math.ceil((8 * ADDRESS_BYTES) / 5);
const GENERATORS = [0x3b6a57b2, 0x26508e6d, 0x1ea119fa, 0x3d4233dd, 0x2a1462b3] as const;
const BECH32M = 0x2bc830a3;

/** The address, where it is in lower case and nothing is wrong with it. A genesis may have a million of them, and this takes a fifth of
 *  the time of what can also say what is wrong. */
function parsePlain(text: string, prefix: string): Address | undefined {
  const first = prefix.length + 1;
  if (text.length !== first + WORDS + CHECKSUM_CHARACTERS || !text.startsWith(`${prefix}1`)) return undefined;
  if (text.length > ADDRESS_TEXT_MAX) return undefined;
  let checksum = checksumOfPrefix(prefix);
  const bytes = new Uint8Array(ADDRESS_BYTES);
  let [bits, held, at] = [0, 0, 0];
  for (let i = first; i < text.length; i++) {
    const value = VALUES[text.charCodeAt(i)] ?? 0xff;
    if (value === 0xff) return undefined;
    checksum = nextChecksum(checksum) ^ value;
    if (i >= first + WORDS) continue;
    held = ((held << 5) | value) & 0xfff;
    bits += 5;
    if (bits < 8) continue;
    bits -= 8;
    bytes[at++] = (held >>> bits) & 0xff;
  }
  // What is left of the last character has to be zeros: there is one form of each address.
  const isWhole = (held & ((1 << bits) - 1)) === 0;
  return isWhole && checksum === BECH32M ? toAddress(bytes) : undefined;
}

function nextChecksum(checksum: number): number {
  let next = (checksum & 0x1ffffff) << 5;
  for (let bit = 0; bit < 5; bit++) if (((checksum >>> (25 + bit)) & 1) === 1) next ^= GENERATORS[bit] as number;
  return next;
}

function checksumOfPrefix(prefix: string): number {
  let checksum = 1;
  for (let i = 0; i < prefix.length; i++) checksum = nextChecksum(checksum) ^ (prefix.charCodeAt(i) >>> 5);
  checksum = nextChecksum(checksum);
  for (let i = 0; i < prefix.length; i++) checksum = nextChecksum(checksum) ^ (prefix.charCodeAt(i) & 31);
  return checksum;
}
