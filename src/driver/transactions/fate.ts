/** What becomes of a transaction: the words in which driver, node and HTTP server tell it to one another. */
import type { Hash } from '../../base/brand.ts';
import type { Coded } from '../../base/result.ts';
import type { DecodeError } from '../../codec/codec.ts';
import type { Receipt } from '../../ledger/block.ts';
import type { AdmissionCode, StatelessCode } from '../../ledger/transaction-rules.ts';
import type { TransactionPlace } from '../stored/records.ts';
import type { AddCode } from './mempool.ts';

/** Why a transaction is not taken in: its bytes, its rules, the state, its signature, the mempool, or the node itself. */
export type RefusalCode =
  | DecodeError['code']
  | StatelessCode
  | AdmissionCode
  | AddCode
  | 'BAD_SIGNATURE'
  /** The node has stopped, or will. */
  | 'NODE_HALTED';

/** `id`: where the bytes could be read. */
export interface Refusal extends Coded<RefusalCode> {
  readonly id?: Hash;
}

/** Answer to a submission. */
export type SubmitOutcome = { readonly id: Hash; readonly status: 'pending' | 'committed' } | Refusal;

/** Whoever waits for the answer to a submission. */
export type Answer = (outcome: SubmitOutcome) => void;

/** What is answered when the driver has ended. */
export const ENDED: Refusal = { code: 'NODE_HALTED', message: 'the node has stopped; submit again elsewhere' };

/** Where a transaction of a final block stands, and what came of it. */
export interface CommittedTransaction extends TransactionPlace {
  readonly status: 'committed';
  readonly blockHash: Hash;
  readonly receipt: Receipt;
}

/** What a node knows of a transaction. `rejected`: it waited here, and then no later block could hold it. */
export type TransactionState =
  | { readonly status: 'unknown' | 'pending' }
  | CommittedTransaction
  | { readonly status: 'rejected'; readonly code: AdmissionCode };
