/** Between signed transactions and their JSON form. Only the SSZ form is signed and hashed; JSON is for people. */
import type { Height } from '../base/brand.ts';
import { type Coded, fail, ok, type Result } from '../base/result.ts';
import { fromHex, toHex } from '../codec/hex.ts';
import { formatAddress } from '../crypto/address.ts';
import type { Receipt } from '../ledger/block.ts';
import { MEMO_BYTES_MAX } from '../ledger/limits.ts';
import { addressField } from '../ledger/operations/fields.ts';
import type { KindOf, OperationTable } from '../ledger/operations/operation-table.ts';
import { OPERATIONS } from '../ledger/operations/table.ts';
import type { Operation, SignedTransaction } from '../ledger/transaction.ts';
import type { ReceiptJson, SignedTransactionJson } from './transaction.ts';

type Kind = KindOf<typeof OPERATIONS>;
type MemoJson = SignedTransactionJson['transaction']['memo'];

/** The JSON form, with addresses in the network's prefix. */
export function signedTransactionToJson(
  signed: SignedTransaction,
  addressPrefix: string,
  table: OperationTable<Kind> = OPERATIONS,
): SignedTransactionJson {
  const { chainId, sender, nonce, expiresAt, maxFee, operations, memo } = signed.transaction;
  return {
    transaction: {
      chainId,
      sender: formatAddress(sender, addressPrefix),
      nonce,
      expiresAt,
      maxFee: maxFee.toString(),
      operations: operations.map((operation) => table.toJson(operation, addressPrefix)),
      memo: memoToJson(memo),
    },
    signature: toHex(signed.signature),
  };
}

/** The transaction that this JSON describes, which satisfies its schema. Errors: BAD_ADDRESS, MALFORMED (memo). */
export function signedTransactionFromJson(
  json: SignedTransactionJson,
  addressPrefix: string,
  table: OperationTable<Kind> = OPERATIONS,
): Result<SignedTransaction, Coded<'BAD_ADDRESS' | 'MALFORMED'>> {
  const { chainId, nonce, expiresAt, maxFee } = json.transaction;
  const sender = addressField.fromJson(json.transaction.sender, 'transaction.sender', addressPrefix);
  if (!sender.ok) return sender;
  const operations: Operation[] = [];
  for (const [index, operation] of json.transaction.operations.entries()) {
    const read = table.fromJson(operation, `transaction.operations[${index}]`, addressPrefix);
    if (!read.ok) return read;
    operations.push(read.value);
  }
  const memo = memoFromJson(json.transaction.memo);
  if (memo.length > MEMO_BYTES_MAX) {
    return fail('MALFORMED', `transaction.memo: ${memo.length} bytes, at most ${MEMO_BYTES_MAX}`);
  }
  return ok({
    transaction: {
      chainId,
      sender: sender.value,
      nonce,
      expiresAt: expiresAt as Height,
      maxFee: BigInt(maxFee),
      operations,
      memo,
    },
    signature: fromHex(json.signature),
  });
}

/** The JSON form of a receipt, with addresses in the network's prefix. */
export function receiptToJson(
  { transactionId, code, feePaid, events }: Receipt,
  addressPrefix: string,
  table: OperationTable<Kind> = OPERATIONS,
): ReceiptJson {
  return {
    transactionId,
    code,
    feePaid: feePaid.toString(),
    events: events.map((event) => table.eventToJson(event, addressPrefix)),
  };
}

/** Text where the bytes are exactly the UTF-8 of it, so that the way back gives the same bytes. */
function memoToJson(memo: Uint8Array): MemoJson {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(memo);
  } catch {
    return { hex: toHex(memo) };
  }
}

const memoFromJson = (memo: MemoJson): Uint8Array =>
  typeof memo === 'string' ? new TextEncoder().encode(memo) : fromHex(memo.hex);
