/**
 * Execution: state and body to block. The same on every replica, so it reads nothing but its arguments. It never refuses:
 * what PBFT ordered gets a block, if need be an empty one.
 */
import type { Address, Hash, Height } from '../base/brand.ts';
import { invariant } from '../base/invariant.ts';
import { work } from '../base/work.ts';
import { fromHex } from '../codec/hex.ts';
import { type HistoryTree, merkleRoot } from '../crypto/merkle.ts';
import { type Account, FEE_POOL, NO_ACCOUNT } from './account.ts';
import {
  type BlockRecord,
  type Body,
  blockHash,
  bodyHash,
  type Header,
  type Receipt,
  type ReceiptCode,
  type ReceiptEvent,
  receiptCodec,
} from './block.ts';
import { type Offence, offenceCodec, offenceKey, offenceOf } from './offence.ts';
import { type LedgerState, type StateChange, stateRoot } from './state.ts';
import type { IdentifiedTransaction, Operation, Transaction } from './transaction.ts';
import { checkTransactionStateful, feeOf, type SkipCode } from './transaction-rules.ts';
import { epochOf } from './validators.ts';

export interface SkippedTransaction {
  readonly id: Hash;
  readonly code: SkipCode;
}

export interface ExecutedBlock extends StateChange {
  readonly record: BlockRecord;
  readonly skipped: readonly SkippedTransaction[];
}

/** The block that the body makes on top of the state, which stays as it is. `transactions` are those of the body, in its
 *  order, and passed `checkBody`; null where the final header proves that execution skips it. */
export function execute(
  state: LedgerState,
  body: Body,
  transactions: readonly (IdentifiedTransaction | null)[],
): ExecutedBlock {
  work('execute', 'body', transactions.length);
  const { genesis, head } = state;
  const height = (head.header.height + 1) as Height;
  const changes = new Map<Address, Account>();
  const outcome = executeTransactions(state, new Accounts(changes, state.accounts), height, body, transactions);
  checkSupply(state, changes);
  const accountTree = state.accountTree.with(changes);
  const { offences, offenceTree } = recordOffences(state, body);
  const history = state.history.copy();
  history.append(fromHex(head.hash));

  const header: Header = {
    chainId: genesis.chainId,
    height,
    epoch: epochOf(height, genesis.consensus.epochLength),
    parentHash: head.hash,
    bodyHash: bodyHash(body),
    transactionsRoot: merkleRoot(outcome.receipts.map(({ transactionId }) => fromHex(transactionId))),
    receiptsRoot: merkleRoot(outcome.receipts.map((receipt) => receiptCodec.encode(receipt))),
    stateRoot: stateRoot(accountTree, offenceTree),
    historyRoot: history.root(),
    // The set does not change yet: no operation bonds stake.
    validatorsHash: head.header.validatorsHash,
    nextValidatorsHash: head.header.nextValidatorsHash,
    timestampMs: Math.max(body.timestampMs, head.header.timestampMs + 1),
    proposer: body.proposer,
  };
  const record = { header, executed: outcome.executed, receipts: outcome.receipts };
  const { skipped } = outcome;
  return { header, hash: blockHash(header), record, changes, offences, skipped, accountTree, offenceTree, history };
}

interface Outcome {
  readonly executed: number[];
  readonly receipts: Receipt[];
  readonly skipped: SkippedTransaction[];
}

function executeTransactions(
  { genesis }: LedgerState,
  accounts: Accounts,
  height: Height,
  body: Body,
  transactions: readonly (IdentifiedTransaction | null)[],
): Outcome {
  invariant(transactions.length === body.transactionIds.length, 'a body comes with all its transactions');
  const outcome: Outcome = { executed: [], receipts: [], skipped: [] };
  for (const [position, item] of transactions.entries()) {
    if (item === null) continue;
    const { id, signed } = item;
    invariant(id === body.transactionIds[position], 'transactions come in the order of the body', { position });
    const { transaction } = signed;
    const ready = checkTransactionStateful(transaction, accounts.get(transaction.sender), height, genesis.ledger);
    if (ready.ok) {
      outcome.executed.push(position);
      outcome.receipts.push(executeTransaction(accounts, id, transaction, feeOf(transaction, genesis.ledger)));
    } else {
      outcome.skipped.push({ id, code: ready.error.code });
    }
  }
  return outcome;
}

function executeTransaction(accounts: Accounts, id: Hash, transaction: Transaction, fee: bigint): Receipt {
  const { sender, operations } = transaction;
  const { balance, nonce } = accounts.get(sender);
  accounts.set(sender, { balance: balance - fee, nonce: nonce + 1 });
  if (fee > 0n) accounts.credit(FEE_POOL, fee);

  const attempt = accounts.branch();
  const events: ReceiptEvent[] = [];
  for (const operation of operations) {
    const code = executeOperation(attempt, sender, operation, events);
    if (code !== 'OK') return { transactionId: id, code, feePaid: fee, events: [] };
  }
  accounts.merge(attempt);
  return { transactionId: id, code: 'OK', feePaid: fee, events };
}

function executeOperation(
  accounts: Accounts,
  sender: Address,
  { to, amount }: Operation,
  events: ReceiptEvent[],
): ReceiptCode {
  if (amount === 0n) return 'AMOUNT_ZERO';
  const from = accounts.get(sender);
  if (from.balance < amount) return 'INSUFFICIENT_BALANCE';
  accounts.set(sender, { ...from, balance: from.balance - amount });
  accounts.credit(to, amount);
  events.push({ kind: 'transfer', from: sender, to, amount });
  return 'OK';
}

/** Changes over accounts that are not touched. */
class Accounts {
  readonly #changes: Map<Address, Account>;
  readonly #below: { get(address: Address): Account | undefined };

  constructor(changes: Map<Address, Account>, below: { get(address: Address): Account | undefined }) {
    this.#changes = changes;
    this.#below = below;
  }

  get(address: Address): Account {
    return this.#changes.get(address) ?? this.#below.get(address) ?? NO_ACCOUNT;
  }

  set(address: Address, account: Account): void {
    this.#changes.set(address, account);
  }

  credit(address: Address, amount: bigint): void {
    const { balance, nonce } = this.get(address);
    this.set(address, { balance: balance + amount, nonce });
  }

  /** Changes on top of these, to be merged or forgotten. */
  branch(): Accounts {
    return new Accounts(new Map(), this);
  }

  merge(branch: Accounts): void {
    for (const [address, account] of branch.#changes) this.#changes.set(address, account);
  }
}

/** What the changed accounts have together is what they had, and none of them is below zero. */
function checkSupply(state: LedgerState, changes: ReadonlyMap<Address, Account>): void {
  let difference = 0n;
  for (const [address, { balance }] of changes) {
    invariant(balance >= 0n, 'a balance is not negative', { address, balance });
    difference += balance - (state.accounts.get(address) ?? NO_ACCOUNT).balance;
  }
  invariant(difference === 0n, 'execution keeps the supply', { difference });
}

function recordOffences(
  state: LedgerState,
  body: Body,
): { readonly offences: readonly Offence[]; readonly offenceTree: HistoryTree } {
  const fresh = new Map<string, Offence>();
  const offenceTree = state.offenceTree.copy();
  for (const offence of body.evidence.map(offenceOf)) {
    const key = offenceKey(offence);
    if (state.offences.has(key) || fresh.has(key)) continue;
    fresh.set(key, offence);
    offenceTree.append(offenceCodec.encode(offence));
  }
  return { offences: [...fresh.values()], offenceTree };
}
