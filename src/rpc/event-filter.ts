/** Which transactions a stream is told of: all, or those of an account, of a namespace, of keys with a prefix. */
import type { Address } from '../base/brand.ts';
import { present } from '../base/invariant.ts';
import { fromHex } from '../codec/hex.ts';
import type { FinalizedBlock } from '../driver/ports.ts';
import type { Receipt } from '../ledger/block.ts';
import { OPERATIONS } from '../ledger/operations/table.ts';
import { signedTransactionCodec, type Transaction } from '../ledger/transaction.ts';
import { contain, type Trace } from './trace.ts';

interface FilteredAccount {
  readonly address: Address;
  /** As they stand in transactions. */
  readonly bytes: Uint8Array;
}

export const filteredAccount = (address: Address): FilteredAccount => ({ address, bytes: fromHex(address) });

/** What is missing leaves all. */
export interface EventFilter {
  readonly account?: FilteredAccount;
  readonly namespace?: string;
  /** Of keys; only with a namespace. */
  readonly prefix?: string;
}

/** Whether the stream is told of the executed transaction at this index of the block. */
export function isChosen(filter: EventFilter, block: FinalizedBlock, index: number): boolean {
  const { namespace, account } = filter;
  const receipt = receiptOf(block, index);
  if (namespace !== undefined && !receipt.events.some((event) => isWatched(filter, event))) return false;
  return account === undefined || concerns(account, receipt, block, index);
}

/** Whether the event tells of a change in what the filter asks for. */
export function isWatched({ namespace, prefix }: EventFilter, event: Receipt['events'][number]): boolean {
  const change = OPERATIONS.changedBy(event);
  if (change === undefined || change.namespace !== namespace) return false;
  return prefix === undefined || change.key?.startsWith(prefix) === true;
}

/** A transaction is of its sender, whatever became of it; and where it succeeded, of the accounts that it names. */
function concerns(
  { address, bytes }: FilteredAccount,
  { code }: Receipt,
  block: FinalizedBlock,
  index: number,
): boolean {
  // Most can be passed over without decoding them.
  if (!contain(transactionBytes(block, index), bytes)) return false;
  const { sender, operations } = transactionAt(block, index);
  if (sender === address) return true;
  return code === 'OK' && operations.some((operation) => OPERATIONS.accountsIn(operation).includes(address));
}

/** What the stored bytes of a block have in them if it has anything for the filter. */
export function tracesOf({ account, namespace, prefix }: EventFilter): readonly Trace[] {
  const traces: Trace[] = [];
  for (const name of [namespace, prefix])
    if (name !== undefined && name !== '') traces.push({ bytes: Buffer.from(name, 'latin1'), within: 'record' });
  // A sender stands in the transaction alone.
  if (account !== undefined) traces.push({ bytes: account.bytes, within: 'block' });
  return traces;
}

/** The executed transaction at this index of the block. */
export function transactionAt(block: FinalizedBlock, index: number): Transaction {
  const decoded = signedTransactionCodec.decode(transactionBytes(block, index));
  return present(decoded.ok ? decoded.value : undefined, 'an executed transaction').transaction;
}

const receiptOf = ({ record }: FinalizedBlock, index: number): Receipt => present(record.receipts[index], 'receipt');

function transactionBytes({ record, body }: FinalizedBlock, index: number): Uint8Array {
  const position = present(record.executed[index], 'an executed transaction');
  return present(body.transactions[position], 'its bytes');
}
