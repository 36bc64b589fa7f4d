import { sha256 } from '../../src/crypto/sha256.ts';

/** A stand-in with the interface of ed25519: whoever knows the public key can sign. */
export function standInSignature(publicKey: Uint8Array, message: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(publicKey.length + message.length);
  bytes.set(publicKey);
  bytes.set(message, publicKey.length);
  const half = sha256(bytes);
  const signature = new Uint8Array(64);
  signature.set(half);
  signature.set(half, 32);
  return signature;
}
