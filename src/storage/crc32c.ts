/** CRC-32C (RFC 3720: the polynomial of Castagnoli, reflected), as LevelDB stores it. */

/** What each byte does to the register. */
const TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let register = byte;
  for (let bit = 0; bit < 8; bit++) register = (register >>> 1) ^ (register & 1 ? 0x82f6_3b78 : 0);
  return register;
});

export function crc32c(bytes: Uint8Array): number {
  let register = 0xffff_ffff;
  for (let at = 0; at < bytes.length; at++)
    register = (register >>> 8) ^ (TABLE[(register ^ (bytes[at] ?? 0)) & 0xff] ?? 0);
  return ~register >>> 0;
}

const MASK_DELTA = 0xa282_ead8;

/** LevelDB stores checksums rotated and shifted, since what they are about may hold checksums of its own. */
const masked = (crc: number): number => (((crc >>> 15) | (crc << 17)) + MASK_DELTA) >>> 0;

function unmasked(stored: number): number {
  const rotated = (stored - MASK_DELTA) >>> 0;
  return ((rotated >>> 17) | (rotated << 15)) >>> 0;
}

/** Whether the four bytes at `at` are the checksum of these bytes. */
export const isChecksum = (stored: Uint8Array, at: number, bytes: Uint8Array): boolean =>
  unmasked(uint32At(stored, at)) === crc32c(bytes);

/** Whether they would be if one bit were another, of theirs or of the bytes. */
export function isChecksumButOneBit(stored: Uint8Array, at: number, bytes: Uint8Array): boolean {
  const actual = crc32c(bytes);
  const flipped = (masked(actual) ^ uint32At(stored, at)) >>> 0;
  if (flipped !== 0 && (flipped & (flipped - 1)) === 0) return true;
  return isBitOf((actual ^ unmasked(uint32At(stored, at))) >>> 0, bytes.length);
}

/** Whether flipping one bit of a message of this length changes its CRC by this difference. */
function isBitOf(difference: number, length: number): boolean {
  // From the last byte to the first: each byte after the bit takes the register one step on.
  const registers = Array.from({ length: 8 }, (_, bit) => TABLE[1 << bit] ?? 0);
  for (let position = 0; position < length; position++) {
    for (let bit = 0; bit < 8; bit++) {
      const register = registers[bit] ?? 0;
      if (register === difference) return true;
      registers[bit] = ((register >>> 8) ^ (TABLE[register & 0xff] ?? 0)) >>> 0;
    }
  }
  return false;
}

/** Little-endian. */
const uint32At = (bytes: Uint8Array, at: number): number =>
  ((bytes[at] ?? 0) | ((bytes[at + 1] ?? 0) << 8) | ((bytes[at + 2] ?? 0) << 16) | ((bytes[at + 3] ?? 0) << 24)) >>> 0;
