/** Between signed transactions and their JSON form. Only the SSZ form is signed and hashed; JSON is for people. */
import type { Address, Height } from '../base/brand.ts';
import { type Coded, fail, ok, type Result } from '../base/result.ts';
import { fromHex, toHex } from '../codec/hex.ts';
import { formatAddress, parseAddress } from '../crypto/address.ts';
import { MEMO_BYTES_MAX } from '../ledger/limits.ts';
import type { Operation, SignedTransaction } from '../ledger/transaction.ts';
import type { SignedTransactionJson } from './transaction.ts';

type OperationJson = SignedTransactionJson['transaction']['operations'][number];
type MemoJson = SignedTransactionJson['transaction']['memo'];

/** The JSON form, with addresses in the network's prefix. */
export function signedTransactionToJson(signed: SignedTransaction, addressPrefix: string): SignedTransactionJson {
  const { chainId, sender, nonce, expiresAt, maxFee, operations, memo } = signed.transaction;
  return {
    transaction: {
      chainId,
      sender: formatAddress(sender, addressPrefix),
      nonce,
      expiresAt,
      maxFee: maxFee.toString(),
      operations: operations.map((operation) => operationToJson(operation, addressPrefix)),
      memo: memoToJson(memo),
    },
    signature: toHex(signed.signature),
  };
}

/** The transaction that this JSON describes, which satisfies its schema. Errors: BAD_ADDRESS, MALFORMED (memo). */
export function signedTransactionFromJson(
  json: SignedTransactionJson,
  addressPrefix: string,
): Result<SignedTransaction, Coded<'BAD_ADDRESS' | 'MALFORMED'>> {
  const { chainId, nonce, expiresAt, maxFee } = json.transaction;
  const sender = addressAt('transaction.sender', json.transaction.sender, addressPrefix);
  if (!sender.ok) return sender;
  const operations: Operation[] = [];
  for (const [index, operation] of json.transaction.operations.entries()) {
    const to = addressAt(`transaction.operations[${index}].to`, operation.to, addressPrefix);
    if (!to.ok) return to;
    operations.push({ kind: operation.kind, to: to.value, amount: BigInt(operation.amount) });
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

function addressAt(path: string, text: string, prefix: string): Result<Address, Coded<'BAD_ADDRESS'>> {
  const address = parseAddress(text, prefix);
  return address.ok ? address : fail('BAD_ADDRESS', `${path}: ${address.error.message}`);
}

function operationToJson(operation: Operation, addressPrefix: string): OperationJson {
  return { kind: operation.kind, to: formatAddress(operation.to, addressPrefix), amount: operation.amount.toString() };
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
