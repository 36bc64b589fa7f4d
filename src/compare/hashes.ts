/** Counts the SHA-256 that nodes compute. */
import { shareNothing } from '../base/shared.ts';
import type { Ed25519 } from '../crypto/ed25519.ts';
import { installedSha256, installSha256, type Sha256 } from '../crypto/sha256.ts';
import { standIn } from '../simulator/world/stand-in.ts';

let isAside = false;

/** Runs what is no work of a node, or stands in for work of another kind. */
export function aside<T>(run: () => T): T {
  const before = isAside;
  isAside = true;
  try {
    return run();
  } finally {
    isAside = before;
  }
}

/** Runs it, and tells of each hash. No node spares another one its hashing meanwhile, as they do in other simulations. */
export function countHashes<T>(count: () => void, run: () => T): T {
  const plain = installedSha256();
  const told = <V>(value: V): V => {
    if (!isAside) count();
    return value;
  };
  const counting: Sha256 = {
    digest: (bytes) => told(plain.digest(bytes)),
    hex: (bytes) => told(plain.hex(bytes)),
    write: (bytes, target, at) => told(plain.write(bytes, target, at)),
  };
  aside(() => installSha256(counting));
  shareNothing();
  try {
    return run();
  } finally {
    aside(() => installSha256(plain));
  }
}

/** Of clients: what they sign and hash is no work of the network. */
export const clientSign: Ed25519['sign'] = (secret, message) => aside(() => standIn.sign(secret, message));

/** Of nodes: tells of each signature that is made or checked. What stands in for it hashes, as ed25519 would not. */
export const countedSignatures = (count: () => void): Ed25519 => ({
  ...standIn,
  sign: (secret, message) => {
    count();
    return aside(() => standIn.sign(secret, message));
  },
  verify: (publicKey, message, signature) => {
    count();
    return aside(() => standIn.verify(publicKey, message, signature));
  },
});
