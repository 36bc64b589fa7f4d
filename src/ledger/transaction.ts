/** Transactions: what a client signs, how it is encoded, and what its id is. */
import { ByteListType, ByteVectorType, ContainerType, ListCompositeType, type ValueOf } from '@chainsafe/ssz';
import type { Address, Hash, Height } from '../base/brand.ts';
import { ok, type Result } from '../base/result.ts';
import { type Codec, codec, type DecodeError } from '../codec/codec.ts';
import { hex32, uint64, uint64Big } from '../codec/types.ts';
import { signingBytes } from '../crypto/domain.ts';
import { sha256Hash } from '../crypto/sha256.ts';
import { MEMO_BYTES_MAX, OPERATIONS_MAX, TRANSACTION_BYTES_MAX } from './limits.ts';
import type { KindOf, OperationOf, OperationTable } from './operations/operation-table.ts';
import { OPERATIONS } from './operations/table.ts';

const transactionType = ({ type }: OperationTable) =>
  new ContainerType({
    chainId: hex32<Hash>(),
    sender: hex32<Address>(),
    /** The sender's number of earlier transactions. */
    nonce: uint64(),
    /** Last height at which it may be executed; 0 for never expires. */
    expiresAt: uint64<Height>(),
    /** Most that the sender will pay. */
    maxFee: uint64Big(),
    operations: new ListCompositeType(type as never, OPERATIONS_MAX),
    memo: new ByteListType(MEMO_BYTES_MAX),
  });

export type Operation = OperationOf<KindOf<typeof OPERATIONS>>;
export type Transaction = Readonly<Omit<ValueOf<ReturnType<typeof transactionType>>, 'operations'>> & {
  readonly operations: readonly Operation[];
};
export interface SignedTransaction {
  readonly transaction: Transaction;
  /** 64 bytes. */
  readonly signature: Uint8Array;
}

/** The codecs of transactions with the operations of a table. */
export function transactionCodecs(operations: OperationTable): {
  readonly unsigned: Codec<Transaction>;
  readonly signed: Codec<SignedTransaction>;
} {
  const transaction = transactionType(operations);
  const signed = new ContainerType({ transaction, signature: new ByteVectorType(64) });
  return {
    unsigned: codec('Transaction', transaction, TRANSACTION_BYTES_MAX),
    signed: codec('SignedTransaction', signed, TRANSACTION_BYTES_MAX),
  };
}

export const { unsigned: transactionCodec, signed: signedTransactionCodec } = transactionCodecs(OPERATIONS);

/** The id: SHA-256 of the signed bytes. */
export const transactionId = (signedBytes: Uint8Array): Hash => sha256Hash(signedBytes);

/** A signed transaction with the bytes it came in and their hash, which belong together. */
export interface IdentifiedTransaction {
  readonly id: Hash;
  readonly signed: SignedTransaction;
  readonly bytes: Uint8Array;
}

/** Bytes of these together. */
export const bytesOf = (transactions: readonly { readonly bytes: Uint8Array }[]): number =>
  transactions.reduce((sum, { bytes }) => sum + bytes.length, 0);

/** The one way from foreign bytes to a transaction. The signature is not looked at. `id`: theirs, where it is known. Errors:
 *  TOO_LARGE, MALFORMED, NON_CANONICAL. */
export function identifyTransaction(
  bytes: Uint8Array,
  id: Hash = transactionId(bytes),
  signedCodec: Codec<SignedTransaction> = signedTransactionCodec,
): Result<IdentifiedTransaction, DecodeError> {
  const decoded = signedCodec.decode(bytes);
  return decoded.ok ? ok({ id, signed: decoded.value, bytes }) : decoded;
}

/** Bytes of a signed transaction before the transaction: its offset (4) and the signature. */
const SIGNED_PREFIX_BYTES = 4 + 64;
/** Bytes of a signed transaction that has neither operations nor a memo. */
export const BARE_TRANSACTION_BYTES = SIGNED_PREFIX_BYTES + transactionType(OPERATIONS).minSize;

/** What the sender signed, cut out of the bytes it came in: they are canonical, so encoding again gives the same. */
export const signedMessage = ({ signed, bytes }: IdentifiedTransaction): Uint8Array =>
  signingBytes('transaction', signed.transaction.chainId, bytes.subarray(SIGNED_PREFIX_BYTES));

/** What the sender signs. */
export const transactionSigningBytes = (transaction: Transaction): Uint8Array =>
  signingBytes('transaction', transaction.chainId, transactionCodec.encode(transaction));
