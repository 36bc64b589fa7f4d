/**
 * Ed25519 by libsodium, whose own set of valid signatures is the predicate. The fastest of the three, and an optional
 * dependency: there are platforms without a build of it. Node only.
 */
import type { Ed25519 } from './ed25519.ts';
import { PUBLIC_KEY_BYTES, SIGNATURE_BYTES } from './ed25519-encoding.ts';
import { SecretCache } from './secret-cache.ts';

/** Libsodium's form of a secret key: the seed and then the public key. */
const EXPANDED_KEY_BYTES = 64;

/** Undefined where the package, or its build for this platform, is not there. */
export async function loadSodiumEd25519(): Promise<Ed25519 | undefined> {
  try {
    return fromSodium(await import('sodium-native'));
  } catch {
    return undefined;
  }
}

function fromSodium(sodium: typeof import('sodium-native')): Ed25519 {
  const secrets = new SecretCache((secretKey) => {
    const publicKey = new Uint8Array(PUBLIC_KEY_BYTES);
    const expanded = new Uint8Array(EXPANDED_KEY_BYTES);
    sodium.crypto_sign_seed_keypair(publicKey, expanded, secretKey);
    return { publicKey, expanded };
  });
  return {
    name: 'sodium',

    verify(publicKey, message, signature) {
      return (
        publicKey.length === PUBLIC_KEY_BYTES &&
        signature.length === SIGNATURE_BYTES &&
        sodium.crypto_sign_verify_detached(signature, message, publicKey)
      );
    },

    sign(secretKey, message) {
      const signature = new Uint8Array(SIGNATURE_BYTES);
      sodium.crypto_sign_detached(signature, message, secrets.of(secretKey).expanded);
      return signature;
    },

    publicKey(secretKey) {
      return secrets.of(secretKey).publicKey.slice();
    },
  };
}
