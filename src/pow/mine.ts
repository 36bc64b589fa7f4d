/** The search for a nonce, a bounded number of them at a time: between two slices a miner hears what others have found. */
import { invariant } from '../base/invariant.ts';
import { HEADER_BYTES, headerDigest, NONCE_MAX, NONCE_OFFSET } from './header.ts';

/** `exhausted`: none of the nonces that were tried is one. `hashes`: how many were tried. */
export type Searched =
  | { readonly kind: 'found'; readonly nonce: number; readonly hashes: number }
  | { readonly kind: 'exhausted'; readonly hashes: number };

/** Tries `count` nonces from `from` on, or as many as there are: after 2^32 - 1 the time or the extra nonce has to change.
 *  `header`: 80 bytes, whose nonce does not matter; they stay as they are. */
export function search(header: Uint8Array, target: bigint, from: number, count: number): Searched {
  invariant(
    header.length === HEADER_BYTES && Number.isSafeInteger(from) && from >= 0,
    'a header has its length, and a nonce is a whole number',
    {
      from,
    },
  );
  const bytes = header.slice();
  const view = new DataView(bytes.buffer);
  const limit = bytesOf(target);
  const end = Math.min(from + count, NONCE_MAX + 1);
  for (let nonce = from; nonce < end; nonce++) {
    view.setUint32(NONCE_OFFSET, nonce, true);
    if (isAtMost(headerDigest(bytes), limit)) return { kind: 'found', nonce, hashes: nonce - from + 1 };
  }
  return { kind: 'exhausted', hashes: Math.max(0, end - from) };
}

/** Little-endian, as digests are read. */
function bytesOf(target: bigint): Uint8Array {
  const bytes = new Uint8Array(32);
  for (let i = 0, rest = target; i < bytes.length; i++, rest >>= 8n) bytes[i] = Number(rest & 0xffn);
  return bytes;
}

function isAtMost(digest: Uint8Array, limit: Uint8Array): boolean {
  for (let i = digest.length - 1; i >= 0; i--) {
    const difference = (digest[i] as number) - (limit[i] as number);
    if (difference !== 0) return difference < 0;
  }
  return true;
}
