/** Hexadecimal text, lower case, without prefix. */
import type { Address, Hash } from '../base/brand.ts';
import { invariant } from '../base/invariant.ts';

const DIGITS = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));
const DIGIT_CODES = Array.from('0123456789abcdef', (digit) => digit.charCodeAt(0));
/** By character code; -1 where the character is no digit. */
const DIGIT_VALUES = Int8Array.from({ length: 128 }, (_, code) =>
  /[0-9a-fA-F]/.test(String.fromCharCode(code)) ? Number.parseInt(String.fromCharCode(code), 16) : -1,
);

/** Bytes that become text at once: those of a hash, a key or an address. */
const PIECE_BYTES = 32;
/** Character codes of a piece, written anew for each. */
const piece = Array.from({ length: 2 * PIECE_BYTES }, () => 0);

/** Piece by piece, because a string that grows by two characters leaves a rope of thirty for the collector. */
export function toHex(bytes: Uint8Array): string {
  let text = '';
  let at = 0;
  for (; at + PIECE_BYTES <= bytes.length; at += PIECE_BYTES) {
    for (let i = 0; i < PIECE_BYTES; i++) {
      const byte = bytes[at + i] as number;
      piece[2 * i] = DIGIT_CODES[byte >> 4] as number;
      piece[2 * i + 1] = DIGIT_CODES[byte & 15] as number;
    }
    text += String.fromCharCode(...piece);
  }
  for (; at < bytes.length; at++) text += DIGITS[bytes[at] as number];
  return text;
}

/** Undefined unless the text is pairs of hexadecimal digits, either case. */
export function parseHex(text: string): Uint8Array | undefined {
  if (text.length % 2 !== 0 || !/^[0-9a-fA-F]*$/.test(text)) return undefined;
  return fromHex(text);
}

/** Bytes of text that is known to be hexadecimal, such as a Hash. */
export function fromHex(text: string): Uint8Array {
  const bytes = new Uint8Array(text.length / 2);
  writeHex(text, bytes, 0);
  return bytes;
}

/** Writes the bytes of known hexadecimal text into `target` from `offset`. */
export function writeHex(text: string, target: Uint8Array, offset: number): void {
  let all = 0;
  for (let i = 0, at = offset; i < text.length; i += 2, at++) {
    const value = ((DIGIT_VALUES[text.charCodeAt(i)] ?? -1) << 4) | (DIGIT_VALUES[text.charCodeAt(i + 1)] ?? -1);
    target[at] = value;
    all |= value;
  }
  // One digit that is none makes the whole negative.
  invariant(all >= 0, 'a hash or address is hexadecimal text', { text });
}

export function toHash(bytes: Uint8Array): Hash {
  invariant(bytes.length === 32, 'a hash is 32 bytes', { length: bytes.length });
  return toHex(bytes) as Hash;
}

export function toAddress(publicKey: Uint8Array): Address {
  invariant(publicKey.length === 32, 'a public key is 32 bytes', { length: publicKey.length });
  return toHex(publicKey) as Address;
}
