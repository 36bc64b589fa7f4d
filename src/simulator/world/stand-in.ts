/** Fast stand-in for ed25519: whoever knows the public key can sign. In a simulation nobody forges but the liars, and they
 *  only with their own keys. */
import { equalBytes } from '../../codec/codec.ts';
import type { Ed25519 } from '../../crypto/ed25519.ts';
import { sha256 } from '../../crypto/sha256.ts';

function sign(key: Uint8Array, message: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(key.length + message.length);
  bytes.set(key);
  bytes.set(message, key.length);
  const half = sha256(bytes);
  const signature = new Uint8Array(64);
  signature.set(half);
  signature.set(half, 32);
  return signature;
}

export const standIn: Ed25519 = {
  name: 'stand-in',
  verify: (publicKey, message, signature) => equalBytes(signature, sign(publicKey, message)),
  sign,
  publicKey: (secretKey) => secretKey,
};
