/** Peer ids of libp2p, as far as the ledger looks at them: text that names a node, which nodes have to be able to read. */
import { base58 } from '@scure/base';
import { toHex } from '../codec/hex.ts';
import { PEER_ID_CHARACTERS } from './limits.ts';

/** Start of every libp2p peer id of an ed25519 key: identity multihash of 36 bytes, then the key's protobuf header. */
const PEER_ID_PREFIX = '002408011220';
const TEXT = new RegExp(`^[1-9A-HJ-NP-Za-km-z]{${PEER_ID_CHARACTERS}}$`);

export function isEd25519PeerId(candidate: string): boolean {
  if (!TEXT.test(candidate)) return false;
  const bytes = base58.decode(candidate);
  return bytes.length === 38 && toHex(bytes).startsWith(PEER_ID_PREFIX);
}
