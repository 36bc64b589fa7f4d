/** The node key: an ed25519 key for transport alone, whose public half is the peer id. */
import { createPrivateKey, createPublicKey } from 'node:crypto';
import { privateKeyFromRaw } from '@libp2p/crypto/keys';
import type { PrivateKey } from '@libp2p/interface';
import { peerIdFromPrivateKey } from '@libp2p/peer-id';
import { invariant } from '../base/invariant.ts';
import type { PeerId } from '../driver/ports.ts';

/** RFC 8410: what stands before the 32 bytes of an ed25519 seed in PKCS #8, and of a public key in SPKI. */
const PKCS8_PREFIX = Buffer.from('302e020100300506032b657004220420', 'hex');
const SPKI_PREFIX_BYTES = 12;

export interface NodeIdentity {
  readonly privateKey: PrivateKey;
  readonly peerId: PeerId;
}

/** The identity of a node from the 32-byte seed of its key. */
export function nodeIdentity(seed: Uint8Array): NodeIdentity {
  invariant(seed.length === 32, 'a node key is 32 bytes', { length: seed.length });
  const secret = createPrivateKey({ key: Buffer.concat([PKCS8_PREFIX, seed]), format: 'der', type: 'pkcs8' });
  const spki = createPublicKey(secret).export({ format: 'der', type: 'spki' });
  const privateKey = privateKeyFromRaw(Buffer.concat([seed, spki.subarray(SPKI_PREFIX_BYTES)]));
  return { privateKey, peerId: peerIdFromPrivateKey(privateKey).toString() };
}
