/** Which ed25519 this node uses. Node only. */
import type { Ed25519 } from './ed25519.ts';
import { checkEd25519 } from './ed25519-check.ts';
import { opensslEd25519 } from './ed25519-openssl.ts';
import { loadSodiumEd25519 } from './ed25519-sodium.ts';

/** The fastest implementation that is there: libsodium, else OpenSSL.
 *  Throws InvariantViolation if it does not compute the predicate: a node that goes on could be split from the others. */
export async function selectEd25519(): Promise<Ed25519> {
  const selected = (await loadSodiumEd25519()) ?? opensslEd25519;
  checkEd25519(selected);
  return selected;
}
