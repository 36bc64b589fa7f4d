/**
 * What travels between peers: one kind byte, then the SSZ form. Everything that arrives is decoded here, strictly, before
 * anything looks at it.
 */
import { ByteListType, ContainerType, ListCompositeType, OptionalType, UintNumberType } from '@chainsafe/ssz';
import type { Hash, Height } from '../../base/brand.ts';
import { fail, ok, type Result } from '../../base/result.ts';
import { shared } from '../../base/shared.ts';
import { type Codec, codec } from '../../codec/codec.ts';
import { hex32, uint64 } from '../../codec/types.ts';
import { type Message, signedNewViewCodec, signedViewChangeCodec, statusCodec } from '../../consensus/messages.ts';
import {
  BODY_BYTES_MAX,
  type Body,
  BodyType,
  FULL_BODY_BYTES_MAX,
  type FullBody,
  FullBodyType,
  type Header,
  HeaderType,
} from '../../ledger/block.ts';
import { BODY_EVIDENCE_MAX, TRANSACTION_BYTES_MAX } from '../../ledger/limits.ts';
import { type Evidence, EvidenceType } from '../../ledger/evidence.ts';
import {
  type Certificate,
  certificateCodec,
  CertificateType,
  type SignedVote,
  SignedVoteType,
  signedVoteCodec,
} from '../../ledger/vote.ts';
import { BUNDLE_BYTES_MAX, BUNDLE_TRANSACTIONS_MAX, SYNC_ANSWER_BYTES_MAX, SYNC_BLOCKS_MAX } from '../limits.ts';
import type { Lane } from '../ports.ts';

const PrePrepareType = new ContainerType({ vote: SignedVoteType, body: BodyType });
const TransactionsType = new ListCompositeType(new ByteListType(TRANSACTION_BYTES_MAX), BUNDLE_TRANSACTIONS_MAX);
const FetchTransactionsType = new ListCompositeType(hex32<Hash>() as never, BUNDLE_TRANSACTIONS_MAX);
const FetchBodyType = new ContainerType({ height: uint64<Height>(), hash: hex32<Hash>() });
const BodyAnswerType = new ContainerType({ height: uint64<Height>(), fullBody: FullBodyType });
const FetchBlocksType = new ContainerType({ from: uint64<Height>(), count: new UintNumberType(2) });
const SyncBlockType = new ContainerType({
  header: HeaderType,
  fullBody: FullBodyType,
  /** This block's own; one without it is proved by the parent link of the next, of which the header is enough. */
  certificate: new OptionalType(CertificateType),
});
const BlocksType = new ListCompositeType(SyncBlockType, SYNC_BLOCKS_MAX);
const EvidenceListType = new ListCompositeType(EvidenceType as never, BODY_EVIDENCE_MAX);

export interface SyncBlock {
  readonly header: Header;
  readonly fullBody: FullBody;
  readonly certificate: Certificate | null;
}

export type PeerMessage =
  | Exclude<Message, { kind: 'vote' }>
  /** A vote; a PRE-PREPARE without its body, which the receiver has or can fetch. */
  | { readonly kind: 'vote'; readonly vote: SignedVote }
  | { readonly kind: 'pre-prepare'; readonly vote: SignedVote; readonly body: Body }
  /** Signed bytes. */
  | { readonly kind: 'transactions'; readonly transactions: readonly Uint8Array[] }
  | { readonly kind: 'fetch-transactions'; readonly ids: readonly Hash[] }
  | { readonly kind: 'fetch-body'; readonly height: Height; readonly hash: Hash }
  | { readonly kind: 'body'; readonly height: Height; readonly fullBody: FullBody }
  | { readonly kind: 'fetch-blocks'; readonly from: Height; readonly count: number }
  /** From the asked height on, without gaps; empty when there is none. */
  | { readonly kind: 'blocks'; readonly blocks: readonly SyncBlock[] }
  /** Proofs of offences that the sender does not find in the chain; as many as a body holds. */
  | { readonly kind: 'evidence'; readonly evidence: readonly Evidence[] };

interface Format {
  readonly lane: Lane;
  encode(message: PeerMessage): Uint8Array;
  decode(bytes: Uint8Array): Result<PeerMessage>;
}

function format<K extends PeerMessage['kind'], T>(
  kind: K,
  lane: Lane,
  of: Codec<T>,
  from: (message: Extract<PeerMessage, { kind: K }>) => T,
  to: (value: T) => Omit<Extract<PeerMessage, { kind: K }>, 'kind'>,
): Format {
  return {
    lane,
    encode: (message) => of.encode(from(message as Extract<PeerMessage, { kind: K }>)),
    decode(bytes) {
      const decoded = of.decode(bytes);
      return decoded.ok ? ok({ kind, ...to(decoded.value) } as unknown as PeerMessage) : decoded;
    },
  };
}

/** By kind byte. The order is part of the wire format. */
const FORMATS = {
  vote: format(
    'vote',
    'consensus',
    signedVoteCodec,
    ({ vote }) => vote,
    (vote) => ({ vote }),
  ),
  'pre-prepare': format(
    'pre-prepare',
    'consensus',
    codec('PrePrepare', PrePrepareType, BODY_BYTES_MAX + 1024) as unknown as Codec<{ vote: SignedVote; body: Body }>,
    ({ vote, body }) => ({ vote, body }),
    (value) => value,
  ),
  'view-change': format(
    'view-change',
    'consensus',
    signedViewChangeCodec,
    (m) => m.viewChange,
    (viewChange) => ({ viewChange }),
  ),
  'new-view': format(
    'new-view',
    'consensus',
    signedNewViewCodec,
    (m) => m.newView,
    (newView) => ({ newView }),
  ),
  status: format(
    'status',
    'consensus',
    statusCodec,
    (m) => m.status,
    (status) => ({ status }),
  ),
  transactions: format(
    'transactions',
    'transactions',
    codec('Transactions', TransactionsType, BUNDLE_BYTES_MAX + 4 * BUNDLE_TRANSACTIONS_MAX),
    (m) => m.transactions as Uint8Array[],
    (transactions) => ({ transactions }),
  ),
  'fetch-transactions': format(
    'fetch-transactions',
    'transactions',
    codec('FetchTransactions', FetchTransactionsType, 32 * BUNDLE_TRANSACTIONS_MAX) as unknown as Codec<
      readonly Hash[]
    >,
    (m) => m.ids,
    (ids) => ({ ids }),
  ),
  'fetch-body': format(
    'fetch-body',
    'sync',
    codec('FetchBody', FetchBodyType, 40),
    ({ height, hash }) => ({ height, hash }),
    (v) => v,
  ),
  body: format(
    'body',
    'sync',
    codec('BodyAnswer', BodyAnswerType, FULL_BODY_BYTES_MAX + 64) as unknown as Codec<{
      height: Height;
      fullBody: FullBody;
    }>,
    ({ height, fullBody }) => ({ height, fullBody }),
    (value) => value,
  ),
  'fetch-blocks': format(
    'fetch-blocks',
    'sync',
    codec('FetchBlocks', FetchBlocksType, 10),
    ({ from, count }) => ({ from, count }),
    (v) => v,
  ),
  blocks: format(
    'blocks',
    'sync',
    codec('Blocks', BlocksType, SYNC_ANSWER_BYTES_MAX) as unknown as Codec<readonly SyncBlock[]>,
    (m) => m.blocks,
    (blocks) => ({ blocks }),
  ),
  certificate: format(
    'certificate',
    'consensus',
    certificateCodec,
    (m) => m.certificate,
    (certificate) => ({ certificate }),
  ),
  evidence: format(
    'evidence',
    'consensus',
    codec('EvidenceList', EvidenceListType, EvidenceListType.maxSize) as unknown as Codec<readonly Evidence[]>,
    (m) => m.evidence,
    (evidence) => ({ evidence }),
  ),
} as const satisfies Record<PeerMessage['kind'], Format>;

const KINDS = Object.keys(FORMATS) as readonly PeerMessage['kind'][];

export const laneOf = (message: PeerMessage): Lane => FORMATS[message.kind].lane;

export function encodePeerMessage(message: PeerMessage): Uint8Array {
  const payload = FORMATS[message.kind].encode(message);
  const bytes = new Uint8Array(1 + payload.length);
  bytes[0] = KINDS.indexOf(message.kind);
  bytes.set(payload, 1);
  return bytes;
}

/** What the bytes say they are; undefined when there is no such kind. */
export const kindOfBytes = (bytes: Uint8Array): PeerMessage['kind'] | undefined => KINDS[bytes[0] ?? KINDS.length];

/** What a validator signs for itself, and is held to: its votes, and its moves to another view. */
const SIGNED_KINDS: ReadonlySet<PeerMessage['kind'] | undefined> = new Set<PeerMessage['kind']>([
  'vote',
  'pre-prepare',
  'view-change',
  'new-view',
]);

/** Whether the bytes say that they are a message of those. */
export const areSigned = (bytes: Uint8Array): boolean => SIGNED_KINDS.has(kindOfBytes(bytes));

/** The lane of what the bytes say they are. What is nothing is looked at first: its sender is shut out for it. */
export function laneOfBytes(bytes: Uint8Array): Lane {
  const kind = kindOfBytes(bytes);
  return kind === undefined ? 'consensus' : FORMATS[kind].lane;
}

/** Errors: UNKNOWN_KIND, TOO_LARGE, MALFORMED, NON_CANONICAL. */
export const decodePeerMessage: (bytes: Uint8Array) => Result<PeerMessage> = shared((bytes) => {
  const kind = kindOfBytes(bytes);
  if (kind === undefined) return fail('UNKNOWN_KIND', `no message of kind ${bytes[0]}`);
  return FORMATS[kind].decode(bytes.subarray(1));
});

/** What is answered from the bytes of the store. */
export type AnswerKind = 'body' | 'blocks';
/** A message that leaves, or of an encoded answer what it is. */
export type Leaving = PeerMessage | { readonly kind: AnswerKind };

/** A block as the store has its parts, encoded. */
export interface EncodedBlock {
  readonly header: Uint8Array;
  readonly fullBody: Uint8Array;
  readonly certificate: Uint8Array | null;
}

const HEADER_BYTES = HeaderType.maxSize;
/** What stands before the parts of a SyncBlock that have no fixed size: the header, and two offsets. */
const SYNC_BLOCK_FIXED_BYTES = HEADER_BYTES + 8;
/** What stands before the body in an answer: the height, and an offset. */
const BODY_ANSWER_FIXED_BYTES = 12;

const blockBytes = ({ fullBody, certificate }: Omit<EncodedBlock, 'header'>): number =>
  SYNC_BLOCK_FIXED_BYTES + fullBody.length + (certificate === null ? 0 : 1 + certificate.length);

/** Bytes by which an answer with blocks grows with this one: an offset, and the block. */
export const encodedBlockSize = (block: Omit<EncodedBlock, 'header'>): number => 4 + blockBytes(block);

/** What `encodePeerMessage` makes of a body and of blocks, from the bytes that the store has: decoding megabytes only to encode
 *  them again would cost us far more than the question costs who asks. */
export function encodeBodyAnswer(height: Height, fullBody: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(1 + BODY_ANSWER_FIXED_BYTES + fullBody.length);
  bytes[0] = KINDS.indexOf('body');
  const view = new DataView(bytes.buffer, 1);
  view.setBigUint64(0, BigInt(height), true);
  view.setUint32(8, BODY_ANSWER_FIXED_BYTES, true);
  bytes.set(fullBody, 1 + BODY_ANSWER_FIXED_BYTES);
  return bytes;
}

export function encodeBlocksAnswer(blocks: readonly EncodedBlock[]): Uint8Array {
  const size = blocks.reduce((sum, block) => sum + encodedBlockSize(block), 0);
  const bytes = new Uint8Array(1 + size);
  bytes[0] = KINDS.indexOf('blocks');
  const payload = bytes.subarray(1);
  const view = new DataView(bytes.buffer, 1);
  let at = 4 * blocks.length;
  for (const [i, block] of blocks.entries()) {
    const { header, fullBody, certificate } = block;
    view.setUint32(4 * i, at, true);
    payload.set(header, at);
    view.setUint32(at + HEADER_BYTES, SYNC_BLOCK_FIXED_BYTES, true);
    view.setUint32(at + HEADER_BYTES + 4, SYNC_BLOCK_FIXED_BYTES + fullBody.length, true);
    payload.set(fullBody, at + SYNC_BLOCK_FIXED_BYTES);
    if (certificate !== null) {
      const from = at + SYNC_BLOCK_FIXED_BYTES + fullBody.length;
      payload[from] = 1;
      payload.set(certificate, from + 1);
    }
    at += blockBytes(block);
  }
  return bytes;
}
