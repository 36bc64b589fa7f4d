/** Base64 text of RFC 4648, section 4, in its one canonical form: padded, without white space, unused bits zero. */
const DIGITS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
const DIGIT_CODES = Uint8Array.from(DIGITS, (digit) => digit.charCodeAt(0));
const PAD = '='.charCodeAt(0);
/** By character code; 64 where the character is no digit. */
const DIGIT_VALUES = Uint8Array.from({ length: 256 }, (_, code) => {
  const value = DIGITS.indexOf(String.fromCharCode(code));
  return value < 0 ? 64 : value;
});
/** Characters that become text at once: as arguments of one call, which must not be too many. */
const PIECE_CHARACTERS = 8192;

/** Characters of the text of so many bytes. */
export const base64Length = (bytes: number): number => 4 * Math.ceil(bytes / 3);

export function toBase64(bytes: Uint8Array): string {
  const text = new Uint8Array(base64Length(bytes.length));
  for (let from = 0, to = 0; from < bytes.length; from += 3, to += 4) {
    const left = bytes.length - from;
    const group = ((bytes[from] ?? 0) << 16) | ((bytes[from + 1] ?? 0) << 8) | (bytes[from + 2] ?? 0);
    text[to] = digit(group >> 18);
    text[to + 1] = digit(group >> 12);
    text[to + 2] = left > 1 ? digit(group >> 6) : PAD;
    text[to + 3] = left > 2 ? digit(group) : PAD;
  }
  let pieces = '';
  for (let at = 0; at < text.length; at += PIECE_CHARACTERS)
    pieces += String.fromCharCode.apply(null, text.subarray(at, at + PIECE_CHARACTERS) as unknown as number[]);
  return pieces;
}

/** Undefined unless the text is what `toBase64` gives. */
export function parseBase64(text: string): Uint8Array | undefined {
  if (text.length % 4 !== 0) return undefined;
  const pads = text.endsWith('==') ? 2 : text.endsWith('=') ? 1 : 0;
  const bytes = new Uint8Array((text.length / 4) * 3 - pads);
  for (let from = 0, to = 0; from < text.length; from += 4, to += 3) {
    const padded = from + 4 < text.length ? 0 : pads;
    const [a, b] = [valueAt(text, from), valueAt(text, from + 1)];
    const c = padded > 1 ? 0 : valueAt(text, from + 2);
    const d = padded > 0 ? 0 : valueAt(text, from + 3);
    if ((a | b | c | d) > 63) return undefined;
    const group = (a << 18) | (b << 12) | (c << 6) | d;
    // What the padding leaves over of the last digit has to be zero, or one value had several texts.
    if ((padded > 1 && (b & 15) !== 0) || (padded === 1 && (c & 3) !== 0)) return undefined;
    bytes[to] = group >> 16;
    if (to + 1 < bytes.length) bytes[to + 1] = group >> 8;
    if (to + 2 < bytes.length) bytes[to + 2] = group;
  }
  return bytes;
}

const digit = (bits: number): number => DIGIT_CODES[bits & 63] as number;

const valueAt = (text: string, at: number): number => DIGIT_VALUES[text.charCodeAt(at)] ?? 64;
