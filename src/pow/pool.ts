/** Transactions that wait for a block: bounded in all, in bytes and for each sender, first come, first served. */
import type { Address, Hash, Height } from '../base/brand.ts';
import { fail, ok, type Result } from '../base/result.ts';
import { type Account, ACCOUNTS, accountIn } from '../ledger/account.ts';
import { FULL_BODY_BYTES_MAX } from '../ledger/block.ts';
import type { LedgerParameters } from '../ledger/membership/parameters.ts';
import { BODY_TRANSACTIONS_MAX } from '../ledger/limits.ts';
import { newInBlockMax } from '../ledger/growth.ts';
import type { LedgerState } from '../ledger/state/ledger-state.ts';
import { bytesOf, type IdentifiedTransaction, type Transaction } from '../ledger/transaction.ts';
import {
  admission,
  checkTransactionStateful,
  feeOf,
  mostSpentBy,
  type AdmissionCode,
} from '../ledger/transaction-rules.ts';
import { weightOf } from '../ledger/weight.ts';
import { POOL_BYTES_MAX, POOL_SENDER_BYTES_MAX, POOL_SENDER_MAX, POOL_TRANSACTIONS_MAX } from './limits.ts';

export type PoolCode = AdmissionCode | 'POOL_FULL' | 'SENDER_LIMIT' | 'NONCE_TAKEN';
type Answer = Result<void, { readonly code: PoolCode; readonly message: string }>;

/** Bytes that a body has beside its transactions, and beside the bytes of each: offsets, an id, and the fields of the body. */
const BODY_FIXED_BYTES = 64;
const TRANSACTION_FIXED_BYTES = 36;

export class Pool {
  /** In the order of service. */
  #waiting = new Map<Hash, IdentifiedTransaction>();
  /** By sender and nonce. */
  readonly #senders = new Map<Address, Map<number, IdentifiedTransaction>>();
  #bytes = 0;

  get size(): number {
    return this.#waiting.size;
  }

  get(id: Hash): IdentifiedTransaction | undefined {
    return this.#waiting.get(id);
  }

  /** Takes in a transaction whose signature was checked. Errors: POOL_FULL, SENDER_LIMIT, NONCE_TAKEN, and AdmissionCode but
   *  NONCE_TOO_HIGH: what comes before it may be on its way. */
  add(item: IdentifiedTransaction, state: LedgerState): Answer {
    const { sender, nonce } = item.signed.transaction;
    if (this.#waiting.has(item.id)) return ok(undefined);
    const admitted = admission(state, item.signed);
    if (!admitted.ok) return admitted;
    const queue = this.#senders.get(sender) ?? new Map<number, IdentifiedTransaction>();
    if (queue.has(nonce)) return fail('NONCE_TAKEN', `another transaction with nonce ${nonce} waits`);
    const bytes = bytesOf([...queue.values(), item]);
    if (queue.size >= POOL_SENDER_MAX || bytes > POOL_SENDER_BYTES_MAX)
      return fail('SENDER_LIMIT', `${queue.size} transactions of this sender wait`);
    const isFull = this.#waiting.size >= POOL_TRANSACTIONS_MAX || this.#bytes + item.bytes.length > POOL_BYTES_MAX;
    if (isFull) return fail('POOL_FULL', `${this.#waiting.size} transactions wait`);
    this.#waiting.set(item.id, item);
    queue.set(nonce, item);
    this.#senders.set(sender, queue);
    this.#bytes += item.bytes.length;
    return ok(undefined);
  }

  /** The best branch has changed: what it took back waits again, before all that came later, and what can stand in no block on it
   *  is dropped. Where there is no room for all, those that came last are dropped. */
  follow(takenBack: readonly IdentifiedTransaction[], state: LedgerState): void {
    const later = [...this.#waiting.values()];
    this.#waiting = new Map();
    this.#senders.clear();
    this.#bytes = 0;
    for (const item of [...takenBack, ...later]) this.add(item, state);
  }

  /** The transactions of the next block: those that are executed, whatever else the block does, within the ledger's limits. */
  select(state: LedgerState): readonly IdentifiedTransaction[] {
    const { genesis, head } = state;
    const height = (head.header.height + 1) as Height;
    const accounts = new Map<Address, Account>();
    const chosen: IdentifiedTransaction[] = [];
    /** Of each sender: no more than it may make, so that execution has room for all of them. */
    const operations = new Map<Address, number>();
    let [weight, bytes, made] = [0, BODY_FIXED_BYTES, 0];
    const take = (item: IdentifiedTransaction): boolean => {
      const { transaction } = item.signed;
      const { sender } = transaction;
      const account = accounts.get(sender) ?? accountIn(state.source, sender);
      if (!checkTransactionStateful(transaction, account, height, genesis.ledger).ok) return false;
      const [nextWeight, nextBytes] = [
        weight + weightOf(transaction),
        bytes + item.bytes.length + TRANSACTION_FIXED_BYTES,
      ];
      if (nextWeight > genesis.ledger.blockWeightMax || nextBytes > FULL_BODY_BYTES_MAX) return false;
      if (chosen.length >= BODY_TRANSACTIONS_MAX) return false;
      const before = operations.get(sender) ?? 0;
      const after = before + transaction.operations.length;
      if (before > 0 && after > genesis.ledger.newEntriesMax) return false;
      const nextMade = made + mostMadeBy(transaction, state);
      if (nextMade > newInBlockMax(genesis.ledger)) return false;
      operations.set(sender, after);
      [weight, bytes, made] = [nextWeight, nextBytes, nextMade];
      accounts.set(sender, leastAfter(account, transaction, genesis.ledger));
      chosen.push(item);
      return true;
    };
    for (const item of this.#waiting.values()) {
      if (!take(item)) continue;
      // Those that follow on it may have come before it, and were passed over.
      const { sender, nonce } = item.signed.transaction;
      const queue = this.#senders.get(sender);
      for (let next = queue?.get(nonce + 1); next !== undefined && take(next); ) {
        next = queue?.get(next.signed.transaction.nonce + 1);
      }
    }
    return chosen;
  }
}

/** The most accounts and entries that the transaction can make. An account that is there stays; what else it touches may be gone by then. */
const mostMadeBy = ({ operations }: Transaction, { source }: LedgerState): number =>
  operations.filter((each) => each.kind !== 'transfer' || source.get(ACCOUNTS.key(each.to)) === undefined).length;

/** The least that the sender can have after its transaction. Others of the block may pay it in between, and then what it could
 *  not have paid for itself is paid too. */
function leastAfter({ balance, nonce }: Account, transaction: Transaction, parameters: LedgerParameters): Account {
  const spent = mostSpentBy(transaction, feeOf(transaction, parameters), parameters);
  return { balance: balance > spent ? balance - spent : 0n, nonce: nonce + 1 };
}
