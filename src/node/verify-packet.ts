/**
 * Signature checks as one buffer, which changes hands between threads without a copy. Native byte order, no checks: both
 * ends are this process.
 *
 *   packet = count, then for each check: length of the message; then for each check: key, signature, message
 */
import type { SignatureCheck } from '../driver/ports.ts';

const KEY_BYTES = 32;
const SIGNATURE_BYTES = 64;

/** Keys that are not 32 bytes or signatures that are not 64 are packed as zeros, which no predicate accepts. */
export function packChecks(checks: readonly SignatureCheck[]): Uint8Array<ArrayBuffer> {
  let size = 4 + 4 * checks.length;
  for (const { message } of checks) size += KEY_BYTES + SIGNATURE_BYTES + message.length;
  const packet = new Uint8Array(size);
  const lengths = new Uint32Array(packet.buffer, 0, 1 + checks.length);
  lengths[0] = checks.length;
  let at = lengths.byteLength;
  for (const [i, { publicKey, message, signature }] of checks.entries()) {
    lengths[i + 1] = message.length;
    if (publicKey.length === KEY_BYTES && signature.length === SIGNATURE_BYTES) {
      packet.set(publicKey, at);
      packet.set(signature, at + KEY_BYTES);
    }
    packet.set(message, at + KEY_BYTES + SIGNATURE_BYTES);
    at += KEY_BYTES + SIGNATURE_BYTES + message.length;
  }
  return packet;
}

/** The checks of a packet, as views of it, in order. */
export function* unpackChecks(packet: Uint8Array<ArrayBuffer>): Generator<SignatureCheck> {
  const [count = 0] = new Uint32Array(packet.buffer, 0, 1);
  const lengths = new Uint32Array(packet.buffer, 4, count);
  let at = 4 + lengths.byteLength;
  for (const length of lengths) {
    const message = at + KEY_BYTES + SIGNATURE_BYTES;
    yield {
      publicKey: packet.subarray(at, at + KEY_BYTES),
      signature: packet.subarray(at + KEY_BYTES, message),
      message: packet.subarray(message, message + length),
    };
    at = message + length;
  }
}
