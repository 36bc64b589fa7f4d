/** What a backend derives from a secret key, kept as long as the owner keeps the key, and no longer. */
import { assertSecretKey } from './ed25519.ts';

export class SecretCache<T> {
  readonly #derive: (secretKey: Uint8Array) => T;
  readonly #entries = new WeakMap<Uint8Array, { readonly copy: Uint8Array; readonly derived: T }>();

  constructor(derive: (secretKey: Uint8Array) => T) {
    this.#derive = derive;
  }

  of(secretKey: Uint8Array): T {
    assertSecretKey(secretKey);
    const entry = this.#entries.get(secretKey);
    // An array can be overwritten (wiped, or used again) after it was first seen.
    if (entry !== undefined && entry.copy.every((byte, i) => byte === secretKey[i])) return entry.derived;
    const derived = this.#derive(secretKey);
    this.#entries.set(secretKey, { copy: secretKey.slice(), derived });
    return derived;
  }
}
