/**
 * Ed25519 by the runtime's OpenSSL. It verifies without the cofactor; what it makes of small orders and of encodings that
 * are not canonical has changed from version to version, so the check of the bytes comes first. Node only.
 */
import { createPrivateKey, createPublicKey, type KeyObject, sign, verify } from 'node:crypto';
import { ForgetfulMap } from '../base/bounded.ts';
import { present } from '../base/invariant.ts';
import type { Ed25519 } from './ed25519.ts';
import { isWellFormed } from './ed25519-encoding.ts';
import { SecretCache } from './secret-cache.ts';

/** Importing a key costs 8 µs beside some 60 for verifying. Validators and busy accounts fit; about 1 KB each. */
const KEY_OBJECTS_MAX = 4_096;

/** RFC 8410's PKCS #8 form of an ed25519 seed, up to the seed. A JWK would want the public key as well. */
const PKCS8_HEADER = Buffer.from('302e020100300506032b657004220420', 'hex');

const publicKeys = new ForgetfulMap<string, KeyObject>(KEY_OBJECTS_MAX);

const secrets = new SecretCache((secretKey) => {
  const key = createPrivateKey({ key: Buffer.concat([PKCS8_HEADER, secretKey]), format: 'der', type: 'pkcs8' });
  const { x } = createPublicKey(key).export({ format: 'jwk' });
  return { key, publicKey: new Uint8Array(Buffer.from(present(x, 'x of an exported public key'), 'base64url')) };
});

function importPublicKey(publicKey: Uint8Array): KeyObject {
  const x = Buffer.from(publicKey.buffer, publicKey.byteOffset, publicKey.byteLength).toString('base64url');
  const known = publicKeys.get(x);
  if (known !== undefined) return known;
  const key = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' });
  publicKeys.set(x, key);
  return key;
}

export const opensslEd25519: Ed25519 = {
  name: 'openssl',

  verify(publicKey, message, signature) {
    return isWellFormed(publicKey, signature) && verify(null, message, importPublicKey(publicKey), signature);
  },

  sign(secretKey, message) {
    return new Uint8Array(sign(null, message, secrets.of(secretKey).key));
  },

  publicKey(secretKey) {
    return secrets.of(secretKey).publicKey.slice();
  },
};
