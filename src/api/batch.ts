/**
 * Media types of POST /v1/transactions, and the form of a batch: an SSZ list of byte lists, each the SSZ form of one signed
 * transaction. `List[ByteList[N], 256]`, N being TRANSACTION_BYTES_MAX, that is one little-endian uint32 offset for each, then the bytes.
 */
import { ByteListType, ListCompositeType } from '@chainsafe/ssz';
import { type Codec, codec } from '../codec/codec.ts';
import { TRANSACTION_BYTES_MAX } from '../ledger/limits.ts';
import { BATCH_BYTES_MAX, BATCH_TRANSACTIONS_MAX } from './limits.ts';

/** One signed transaction as JSON. */
export const JSON_MEDIA_TYPE = 'application/json';
/** One signed transaction in its SSZ form. */
export const SSZ_MEDIA_TYPE = 'application/octet-stream';
/** Up to 256 signed transactions, see batchCodec. */
export const BATCH_MEDIA_TYPE = 'application/vnd.trefoil.transactions';

const BatchType = new ListCompositeType(new ByteListType(TRANSACTION_BYTES_MAX), BATCH_TRANSACTIONS_MAX);

/** The bytes of signed transactions, in order. */
export const batchCodec: Codec<readonly Uint8Array[]> = codec('Batch', BatchType, BATCH_BYTES_MAX);
