/** Transactions as the interface takes them in and shows them. */
import { z } from 'zod';
import { OPERATIONS_MAX } from '../ledger/limits.ts';
import type { AnyKind, OperationTable } from '../ledger/operations/operation-table.ts';
import { OPERATIONS } from '../ledger/operations/table.ts';
import { WAIT_MS_MAX } from './limits.ts';
import { addressText, amountText, hashText, memo, natural, signatureText } from './scalars.ts';

/** A signed transaction as JSON, with the operations of a table. What is signed is its SSZ form, see ledger/transaction.ts. */
export const signedTransactionSchemaOf = <K extends AnyKind>(table: OperationTable<K>) =>
  z.object({
    transaction: z.object({
      chainId: hashText,
      sender: addressText,
      nonce: natural,
      expiresAt: natural.describe('Last height at which it may be executed, 0 for never expires'),
      maxFee: amountText,
      operations: z.array(table.schema).max(OPERATIONS_MAX),
      memo,
    }),
    signature: signatureText,
  });
export const signedTransactionSchema = signedTransactionSchemaOf(OPERATIONS);
export type SignedTransactionJson = z.infer<typeof signedTransactionSchema>;

/** A receipt as JSON, with the codes and events of a table. */
export const receiptSchemaOf = <K extends AnyKind>(table: OperationTable<K>) =>
  z.object({
    transactionId: hashText,
    code: z.enum(table.codes).describe('OK, or why nothing but the fee happened'),
    feePaid: amountText,
    events: z.array(table.eventSchema),
  });
export const receiptSchema = receiptSchemaOf(OPERATIONS);
export type ReceiptJson = z.infer<typeof receiptSchema>;

export const committedTransactionSchema = z.object({
  id: hashText,
  status: z.literal('committed'),
  height: natural,
  index: natural.describe("Position among the block's executed transactions: its leaf under transactionsRoot"),
  blockHash: hashText,
  code: z.enum(OPERATIONS.codes),
  receipt: receiptSchema,
});
export type CommittedTransactionJson = z.infer<typeof committedTransactionSchema>;

/** What this node knows about a transaction. `unknown`: it has never seen it or has forgotten it. */
export const transactionStatusSchema = z.discriminatedUnion('status', [
  z.object({ id: hashText, status: z.literal('unknown') }),
  z.object({ id: hashText, status: z.literal('pending') }),
  committedTransactionSchema,
  z.object({ id: hashText, status: z.literal('rejected'), code: z.string(), detail: z.string().optional() }),
]);
export type TransactionStatus = z.infer<typeof transactionStatusSchema>;

/** One transaction of a batch that was refused. `code` is one of the problem codes. */
export const refusedSchema = z.object({ id: hashText.optional(), code: z.string(), detail: z.string() });
export type RefusedTransaction = z.infer<typeof refusedSchema>;

/** Answer to a batch: one result for each transaction, in order. A refused one has no `status`. */
export const batchResponseSchema = z.object({ results: z.array(z.union([transactionStatusSchema, refusedSchema])) });
export type BatchResponse = z.infer<typeof batchResponseSchema>;

/** A duration as text: 1500ms, 10s or 1m. */
const durationText = z.string().regex(/^[0-9]{1,6}(ms|s|m)$/);

export const submitQuerySchema = z.strictObject({
  wait: z.literal('committed').optional().describe('Answer when the transaction is final, or "pending" at the timeout'),
  timeout: durationText.optional().describe(`How long to wait, such as 10s; at most ${WAIT_MS_MAX / 1000}s`),
});
