/** Bodies, which PBFT orders, and blocks, which each replica derives from them. */
import {
  ByteListType,
  ContainerType,
  ListBasicType,
  ListCompositeType,
  OptionalType,
  type ValueOf,
} from '@chainsafe/ssz';
import type { Epoch, Hash, Height, ValidatorIndex } from '../base/brand.ts';
import { shared } from '../base/shared.ts';
import { type Codec, codec } from '../codec/codec.ts';
import { hex32, uint16, uint64 } from '../codec/types.ts';
import { sha256Hash } from '../crypto/sha256.ts';
import { BODY_EVIDENCE_MAX, BODY_TRANSACTIONS_MAX, TRANSACTION_BYTES_MAX } from './limits.ts';
import type { KindOf, ReceiptOf } from './operations/operation-table.ts';
import { OPERATIONS } from './operations/table.ts';
import { type Evidence, EvidenceType } from './evidence.ts';
import { CertificateType } from './vote.ts';

/** Stands for nobody in `proposer`: the null body that a NEW-VIEW puts into a gap. */
export const NO_PROPOSER = 0xffff as ValidatorIndex;

/** A body as it travels in a PRE-PREPARE: transactions by id. The ids bind the signed bytes, so the hash of this form
 *  binds the whole body. */
export const BodyType = new ContainerType({
  proposer: uint16<ValidatorIndex>(),
  /** Milliseconds since 1970, by the proposer's clock. */
  timestampMs: uint64(),
  /** The newest finality certificate that the proposer holds; null before the first. */
  certificate: new OptionalType(CertificateType),
  transactionIds: new ListCompositeType(hex32<Hash>() as never, BODY_TRANSACTIONS_MAX),
  evidence: new ListCompositeType(EvidenceType as never, BODY_EVIDENCE_MAX),
});

/** A body with its transactions, as it is stored and as it is sent to a node that catches up. Transactions are the signed
 *  bytes, in the order of `transactionIds`; once the block is final, none for those that execution skipped. */
export const FullBodyType = new ContainerType({
  body: BodyType,
  transactions: new ListCompositeType(new ByteListType(TRANSACTION_BYTES_MAX), BODY_TRANSACTIONS_MAX),
});

export const HeaderType = new ContainerType({
  chainId: hex32<Hash>(),
  height: uint64<Height>(),
  epoch: uint64<Epoch>(),
  parentHash: hex32<Hash>(),
  bodyHash: hex32<Hash>(),
  /** RFC 9162 tree over the ids of the executed transactions, in order. */
  transactionsRoot: hex32<Hash>(),
  /** RFC 9162 tree over the encoded receipts, in the same order. */
  receiptsRoot: hex32<Hash>(),
  stateRoot: hex32<Hash>(),
  /** RFC 9162 tree over the hashes of all earlier blocks, genesis first. */
  historyRoot: hex32<Hash>(),
  validatorsHash: hex32<Hash>(),
  nextValidatorsHash: hex32<Hash>(),
  /** The body's time, or one millisecond after the parent's where that is later: strictly growing. */
  timestampMs: uint64(),
  proposer: uint16<ValidatorIndex>(),
});

/** What is stored of a block beside its body: the header and what execution made of the transactions. */
const BlockRecordType = new ContainerType({
  header: HeaderType,
  /** Positions, in the body, of the transactions that were executed; the others were skipped. */
  executed: new ListBasicType(uint16(), BODY_TRANSACTIONS_MAX),
  receipts: new ListCompositeType(OPERATIONS.receiptType as never, BODY_TRANSACTIONS_MAX),
});

export type Body = Readonly<Omit<ValueOf<typeof BodyType>, 'transactionIds' | 'evidence'>> & {
  readonly transactionIds: readonly Hash[];
  readonly evidence: readonly Evidence[];
};
export interface FullBody {
  readonly body: Body;
  readonly transactions: readonly Uint8Array[];
}
export type Header = Readonly<ValueOf<typeof HeaderType>>;
export type Receipt = ReceiptOf<KindOf<typeof OPERATIONS>>;
export type ReceiptCode = Receipt['code'];
export interface BlockRecord {
  readonly header: Header;
  readonly executed: readonly number[];
  readonly receipts: readonly Receipt[];
}

/** Bytes of a body as it travels: 32 a transaction, plus certificate and evidence. */
export const BODY_BYTES_MAX = 32 * BODY_TRANSACTIONS_MAX + 64 * 1024;
/** Bytes of a body with its transactions. Within the frame limit of the network. */
export const FULL_BODY_BYTES_MAX = 8 * 1024 * 1024;

export const bodyCodec = codec('Body', BodyType, BODY_BYTES_MAX) as unknown as Codec<Body>;
export const fullBodyCodec = codec('FullBody', FullBodyType, FULL_BODY_BYTES_MAX) as unknown as Codec<FullBody>;
export const headerCodec = codec('Header', HeaderType, HeaderType.maxSize);
export const receiptCodec: Codec<Receipt> = OPERATIONS.receiptCodec;
/** A record can be longer than its body: receipts repeat more than operations say. */
export const blockRecordCodec = codec(
  'BlockRecord',
  BlockRecordType,
  BlockRecordType.maxSize,
) as unknown as Codec<BlockRecord>;

/** Bytes of the encoded FullBody: two offsets, the body, and an offset and the bytes for each transaction. */
export const fullBodySize = (body: Body, transactionBytes: number): number =>
  8 + BodyType.value_serializedSize(body as never) + 4 * body.transactionIds.length + transactionBytes;

/** What stands for a transaction that execution skipped, in a body whose block is final: nobody needs its bytes any more. The
 *  ids of the body name it, and the header's `transactionsRoot` proves that it was not executed. */
export const SKIPPED_BYTES: Uint8Array = new Uint8Array(0);

/** Whether the encoded FullBody has all its transactions, not only those that were executed. Reads offsets alone: in SSZ two
 *  equal ones enclose nothing. */
export function hasAllTransactions(fullBody: Uint8Array): boolean {
  const view = new DataView(fullBody.buffer, fullBody.byteOffset, fullBody.byteLength);
  const list = view.getUint32(4, true);
  if (list >= fullBody.length) return true;
  const offset = (i: number): number => view.getUint32(list + 4 * i, true);
  const count = offset(0) / 4;
  for (let i = 1; i < count; i++) if (offset(i) === offset(i - 1)) return false;
  return list + offset(count - 1) < fullBody.length;
}

/** Hash of the block with this header. */
export const blockHash = (header: Header): Hash => sha256Hash(headerCodec.encode(header));

/** Hash of a body: what PBFT votes on. */
export const bodyHash: (body: Body) => Hash = shared((body) => sha256Hash(bodyCodec.encode(body)));

/** What a NEW-VIEW proposes where no body was prepared (Castro & Liskov 1999, 4.4 "null request"): an empty block. */
export const NULL_BODY: Body = {
  proposer: NO_PROPOSER,
  timestampMs: 0,
  certificate: null,
  transactionIds: [],
  evidence: [],
};
export const NULL_BODY_HASH: Hash = bodyHash(NULL_BODY);

/** What stands for the body of a block of which only the header is given, to lead to a certificate. */
export const NO_BODY: FullBody = { body: NULL_BODY, transactions: [] };
