/** A signature that came to all nodes is checked for the first of them; each pays for it as if it had checked it itself. */
import { Beside } from '../../base/shared.ts';
import { equalBytes } from '../../codec/codec.ts';
import type { Ed25519 } from '../../crypto/ed25519.ts';

interface Checked {
  readonly publicKey: Uint8Array;
  readonly message: Uint8Array;
  readonly isValid: boolean;
}

export function checkedOnce(scheme: Ed25519): Ed25519 {
  const checked = new Beside<Uint8Array, Checked>();
  return {
    ...scheme,
    verify(publicKey, message, signature) {
      const last = checked.get(signature);
      // By content where it is not the same object: what is compared was hashed otherwise.
      if (last?.publicKey === publicKey && (last.message === message || equalBytes(last.message, message)))
        return last.isValid;
      const isValid = scheme.verify(publicKey, message, signature);
      checked.set(signature, { publicKey, message, isValid });
      return isValid;
    },
  };
}
