/**
 * What is signed: `domain ‖ 0x00 ‖ chainId ‖ body`. One ASCII domain per type and version, so that no signature is valid
 * as another type, and the chain id, so that none is valid on another chain.
 */
import type { Hash } from '../base/brand.ts';
import { writeHex } from '../codec/hex.ts';

export const DOMAINS = {
  transaction: 'trefoil/tx/v1',
  'pre-prepare': 'trefoil/pre-prepare/v1',
  prepare: 'trefoil/prepare/v1',
  commit: 'trefoil/commit/v1',
  checkpoint: 'trefoil/checkpoint/v1',
  'view-change': 'trefoil/view-change/v2',
  'new-view': 'trefoil/new-view/v1',
} as const;

export type Domain = keyof typeof DOMAINS;

/** The bytes to sign for a body of the given type on the given chain. */
export function signingBytes(domain: Domain, chainId: Hash, body: Uint8Array): Uint8Array {
  const label = DOMAINS[domain];
  const bytes = new Uint8Array(label.length + 33 + body.length);
  for (let i = 0; i < label.length; i++) bytes[i] = label.charCodeAt(i);
  writeHex(chainId, bytes, label.length + 1);
  bytes.set(body, label.length + 33);
  return bytes;
}
