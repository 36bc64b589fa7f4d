/**
 * Execution: state and body to block. The same on every replica, so it reads nothing but its arguments. It never refuses:
 * what PBFT ordered gets a block, if need be an empty one.
 */
import type { Address, Hash, Height } from '../base/brand.ts';
import { invariant, present } from '../base/invariant.ts';
import { work } from '../base/work.ts';
import { fromHex } from '../codec/hex.ts';
import { merkleRoot } from '../crypto/merkle.ts';
import { ACCOUNTS, accountIn, FEE_POOL, NO_ACCOUNT } from './account.ts';
import { type BlockRecord, type Body, blockHash, bodyHash, type Header, type Receipt } from './block.ts';
import type { KnownEpoch } from './epoch.ts';
import { Growth } from './growth.ts';
import { attend } from './membership/attendance.ts';
import { endEpoch } from './membership/boundary.ts';
import type { FixedRules } from './membership/parameters.ts';
import { punish } from './membership/penalties.ts';
import { type Offence, recordOffences } from './offence.ts';
import type { Execution, Place } from './operations/kind.ts';
import type { AnyKind, OperationTable } from './operations/operation-table.ts';
import { OPERATIONS } from './operations/table.ts';
import { fixedRulesOf } from './parameter-ranges.ts';
import { deltaOf } from './state/delta.ts';
import type { LedgerState, StateChange } from './state/ledger-state.ts';
import { Overlay } from './state/overlay.ts';
import type { EntryChange } from './state/source.ts';
import type { IdentifiedTransaction, Operation, Transaction } from './transaction.ts';
import { checkTransactionStateful, feeOf, type SkipCode } from './transaction-rules.ts';
import { validatorsHash } from './validators.ts';

export interface SkippedTransaction {
  readonly id: Hash;
  /** BLOCK_FULL: what a block may do to the state was used up before it, and it did nothing and paid nothing; it waits for a later one. */
  readonly code: SkipCode | 'BLOCK_FULL';
}

export interface ExecutedBlock extends StateChange {
  readonly record: BlockRecord;
  /** Offences that were not on record before, in the order of the body. */
  readonly offences: readonly Offence[];
  readonly skipped: readonly SkippedTransaction[];
  /** New accounts and entries, beside those that are the ledger's own. */
  readonly made: number;
}

/** What the block had no room for: a later one may have. */
export const crowdedOut = ({ skipped }: Pick<ExecutedBlock, 'skipped'>): readonly Hash[] =>
  skipped.flatMap(({ id, code }) => (code === 'BLOCK_FULL' ? [id] : []));

/** The block that the body makes on top of the state, which stays as it is. `transactions` are those of the body, in its
 *  order, and passed `checkBody`; null where the final header proves that execution skips it. `table` has their operations. */
export function execute(
  state: LedgerState,
  body: Body,
  transactions: readonly (IdentifiedTransaction | null)[],
  table: OperationTable = OPERATIONS,
): ExecutedBlock {
  work('execute', 'body', transactions.length);
  const { genesis, epochs, head } = state;
  const height = (head.header.height + 1) as Height;
  const running = present(epochs.at(height), 'the epoch of the next block');
  const entries = new Overlay(state.source);
  const { membership } = running.parameters;
  const fixed = fixedRulesOf(genesis);
  const outcome = executeTransactions({ running, fixed, entries, height, table }, body, transactions);
  const offences = recordOffences(entries, body.evidence);
  for (const offence of offences) punish(entries, offence, height, membership);
  attend(entries, body, running.epoch);
  const nextEpoch = height === running.lastHeight ? endEpoch(entries, running, fixed) : undefined;
  const delta = deltaOf(state.source, entries, { from: head.header.height, to: height });
  checkSupply(delta.entries);
  const history = state.history.copy();
  history.append(fromHex(head.hash));

  const header: Header = {
    chainId: genesis.chainId,
    height,
    epoch: running.epoch,
    parentHash: head.hash,
    bodyHash: bodyHash(body),
    transactionsRoot: merkleRoot(outcome.receipts.map(({ transactionId }) => fromHex(transactionId))),
    receiptsRoot: merkleRoot(outcome.receipts.map((receipt) => table.receiptCodec.encode(receipt))),
    stateRoot: delta.tree.root,
    historyRoot: history.root(),
    validatorsHash: validatorsHash(running.validators),
    nextValidatorsHash: validatorsHash((nextEpoch ?? running).validators),
    timestampMs: Math.max(body.timestampMs, head.header.timestampMs + 1),
    proposer: body.proposer,
  };
  const record = { header, executed: outcome.executed, receipts: outcome.receipts };
  const { made, skipped } = outcome;
  return { header, hash: blockHash(header), record, delta, made, offences, skipped, history, nextEpoch };
}

/** What the transactions of a body are executed with. */
interface Setting {
  /** The epoch of the block. */
  readonly running: KnownEpoch;
  readonly fixed: FixedRules;
  /** What the body makes of its entries. */
  readonly entries: Overlay;
  readonly height: Height;
  readonly table: OperationTable;
}

interface Outcome {
  readonly executed: number[];
  readonly receipts: Receipt[];
  readonly skipped: SkippedTransaction[];
  made: number;
}

function executeTransactions(
  setting: Setting,
  body: Body,
  transactions: readonly (IdentifiedTransaction | null)[],
): Outcome {
  const { running, entries, height, table } = setting;
  const { ledger } = running.parameters;
  const growth = new Growth(ledger);
  invariant(transactions.length === body.transactionIds.length, 'a body comes with all its transactions');
  const outcome: Outcome = { executed: [], receipts: [], skipped: [], made: 0 };
  for (const [position, item] of transactions.entries()) {
    if (item === null) continue;
    const { id, signed } = item;
    invariant(id === body.transactionIds[position], 'transactions come in the order of the body', { position });
    const { transaction } = signed;
    const sender = accountIn(entries, transaction.sender);
    const ready = checkTransactionStateful(transaction, sender, height, ledger, table);
    const place = { height, index: outcome.executed.length };
    const receipt = ready.ok ? executeTransaction(setting, growth, { id, transaction, place }) : ready.error.code;
    if (typeof receipt === 'string') {
      outcome.skipped.push({ id, code: receipt });
    } else {
      outcome.executed.push(position);
      outcome.receipts.push(receipt);
    }
  }
  outcome.made = growth.made;
  return outcome;
}

/** Its receipt; or BLOCK_FULL, and then nothing of it remains, not even its fee. */
function executeTransaction(
  { running, fixed, entries, table }: Setting,
  growth: Growth,
  { id, transaction, place }: { readonly id: Hash; readonly transaction: Transaction; readonly place: Place },
): Receipt | 'BLOCK_FULL' {
  const { sender } = transaction;
  const { ledger } = running.parameters;
  const fee = feeOf(transaction, ledger, table);
  const { nonce } = accountIn(entries, sender);
  entries.keep();
  pay(entries, sender, fee, nonce + 1);
  const paid = entries.mark();

  const { depositPerByte } = ledger;
  const events = run(transaction, { sender, place, entries, table, depositPerByte, epoch: running, fixed });
  const price = typeof events === 'string' ? events : growth.judge(entries, paid, transaction, fee);
  if (price === 'BLOCK_FULL') {
    entries.takeBack();
    return price;
  }
  if (typeof events === 'string' || typeof price === 'string') {
    entries.takeBack(paid);
    return { transactionId: id, code: price as Receipt['code'], feePaid: fee, events: [] };
  }
  if (price > 0n) pay(entries, sender, price, nonce + 1);
  return { transactionId: id, code: 'OK', feePaid: fee + price, events };
}

/** What the operations of a transaction run with. */
type Run = Omit<Execution, 'state'> & Pick<Setting, 'entries' | 'table'>;

/** All conditions, and then all operations; their events, or the first code of one that fails. */
function run({ sender, operations }: Transaction, { entries, table, ...given }: Run): Receipt['events'] | string {
  const executionOf = (kind: AnyKind, operation: Operation): Execution => ({
    ...given,
    state: entries.under(kind.keys(sender, operation)),
  });
  for (const operation of operations) {
    const kind = table.kindOf(operation);
    const refusal = kind.check?.(executionOf(kind, operation), operation);
    if (refusal !== undefined) return refusal;
  }
  // Which kinds there are only the table knows; that each answers with its own codes and events the compiler saw in its file.
  const events: Receipt['events'][number][] = [];
  for (const operation of operations) {
    const kind = table.kindOf(operation);
    const done = kind.execute(executionOf(kind, operation), operation);
    if (typeof done === 'string') return done;
    events.push(done as Receipt['events'][number]);
  }
  return events;
}

/** Moves a fee from the sender, whose next nonce is this, to the pool. */
function pay(entries: Overlay, sender: Address, fee: bigint, nonce: number): void {
  const { balance } = accountIn(entries, sender);
  entries.set(ACCOUNTS.key(sender), { balance: balance - fee, nonce });
  if (fee > 0n) credit(entries, FEE_POOL, fee);
}

function credit(entries: Overlay, address: Address, amount: bigint): void {
  const { balance, nonce } = accountIn(entries, address);
  entries.set(ACCOUNTS.key(address), { balance: balance + amount, nonce });
}

/** What the changed accounts have together is what they had, and none of them is below zero. */
function checkSupply(changes: readonly EntryChange[]): void {
  let difference = 0n;
  for (const change of changes) {
    if (change.key.kind !== ACCOUNTS) continue;
    const { before = NO_ACCOUNT, after = NO_ACCOUNT } = change as EntryChange<typeof NO_ACCOUNT>;
    invariant(after.balance >= 0n, 'a balance is not negative', { address: change.key.text, balance: after.balance });
    difference += after.balance - before.balance;
  }
  invariant(difference === 0n, 'execution keeps the supply', { difference });
}
