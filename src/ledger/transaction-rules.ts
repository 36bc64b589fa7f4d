/** What decides, before execution, whether a transaction can stand in a block. */
import type { Height } from '../base/brand.ts';
import { present } from '../base/invariant.ts';
import { type Coded, fail, ok, type Result } from '../base/result.ts';
import { type Account, accountIn } from './account.ts';
import type { KnownEpoch } from './epoch.ts';
import type { Genesis } from './genesis.ts';
import type { LedgerParameters } from './membership/parameters.ts';
import { mostForNew } from './growth.ts';
import type { OperationTable } from './operations/operation-table.ts';
import { OPERATIONS } from './operations/table.ts';
import type { LedgerState } from './state/ledger-state.ts';
import type { SignedTransaction, Transaction } from './transaction.ts';
import { weightOf } from './weight.ts';

/** What transactions and bodies are judged by: a genesis has the most that it lets in at any time, an epoch what counts in it. */
export type LedgerRules = Pick<Genesis, 'chainId' | 'ledger'>;

export const rulesOf = (
  { chainId }: Pick<Genesis, 'chainId'>,
  { parameters }: Pick<KnownEpoch, 'parameters'>,
): LedgerRules => ({
  chainId,
  ledger: parameters.ledger,
});

export const feeOf = (
  transaction: Transaction,
  { weightPrice }: LedgerParameters,
  table: OperationTable = OPERATIONS,
): bigint => BigInt(weightOf(transaction, table)) * weightPrice;

/** The most by which execution can lower the sender's balance: by the fee, by what the operations spend, deposits included, and by
 *  what is to be paid for new entries. */
export const mostSpentBy = (
  transaction: Transaction,
  fee: bigint,
  parameters: LedgerParameters,
  table: OperationTable = OPERATIONS,
): bigint =>
  transaction.operations.reduce(
    (sum, operation) => sum + table.kindOf(operation).spends(operation, parameters.depositPerByte),
    fee + mostForNew(transaction, fee, parameters),
  );

export type StatelessCode = 'WRONG_CHAIN' | 'NO_OPERATIONS' | 'TOO_HEAVY';

/** What no state can mend; other limits are in the encoding. The signature is for the caller to check. Amounts of zero
 *  are let in: the receipt says it. A genesis may choose blocks that hold less than the heaviest transaction there can be: what
 *  fits into none of them is refused at once, and waits nowhere. Errors: WRONG_CHAIN, NO_OPERATIONS, TOO_HEAVY. */
export function checkTransactionStateless(
  { transaction }: SignedTransaction,
  { chainId, ledger: { blockWeightMax } }: LedgerRules,
  table: OperationTable = OPERATIONS,
): Result<void, Coded<StatelessCode>> {
  if (transaction.chainId !== chainId) {
    return fail('WRONG_CHAIN', `signed for chain ${transaction.chainId}, this is ${chainId}`);
  }
  if (transaction.operations.length === 0) return fail('NO_OPERATIONS', 'a transaction has at least one operation');
  const weight = weightOf(transaction, table);
  if (weight > blockWeightMax) return fail('TOO_HEAVY', `it weighs ${weight}, a block holds at most ${blockWeightMax}`);
  return ok(undefined);
}

/** Why a transaction that a body lists is left out of the block: no receipt, no fee, and its id may come again. */
export type SkipCode = 'NONCE_TOO_LOW' | 'NONCE_TOO_HIGH' | 'EXPIRED' | 'FEE_TOO_LOW' | 'INSUFFICIENT_BALANCE';

/** Whether the sender's next transaction at this height can be this one. Errors: SkipCode; INSUFFICIENT_BALANCE is about
 *  the fee alone, and about senders who have no account yet. */
export function checkTransactionStateful(
  transaction: Transaction,
  sender: Account,
  height: Height,
  parameters: LedgerParameters,
  table: OperationTable = OPERATIONS,
): Result<void, Coded<SkipCode>> {
  const { nonce, expiresAt, maxFee } = transaction;
  if (nonce < sender.nonce) return fail('NONCE_TOO_LOW', `nonce ${nonce} is used, the next is ${sender.nonce}`);
  if (nonce > sender.nonce) return fail('NONCE_TOO_HIGH', `nonce ${nonce}, the next is ${sender.nonce}`);
  if (expiresAt !== 0 && height > expiresAt) return fail('EXPIRED', `expired after height ${expiresAt}`);
  const fee = feeOf(transaction, parameters, table);
  if (fee > maxFee) return fail('FEE_TOO_LOW', `the fee is ${fee}, at most ${maxFee} is offered`);
  if (fee > sender.balance) return fail('INSUFFICIENT_BALANCE', `the fee is ${fee}, the balance ${sender.balance}`);
  return paid(sender);
}

/** A transaction would make the account by its nonce alone: where nothing costs anything, as many as somebody has keys. */
const paid = ({ balance, nonce }: Account): Result<void, Coded<'INSUFFICIENT_BALANCE'>> =>
  balance === 0n && nonce === 0 ? fail('INSUFFICIENT_BALANCE', 'nobody has paid this account yet') : ok(undefined);

/** Why a transaction may not wait for the next block. */
export type AdmissionCode = SkipCode | 'TOO_HEAVY';

/** Whether a transaction may wait for the next block, by the state now and the rules of the epoch that runs. A nonce that is too high is
 *  no reason to refuse it: what comes before it may be on its way. But nothing comes before it where nobody has paid its sender. Errors:
 *  AdmissionCode but NONCE_TOO_HIGH. */
export function admission(
  state: LedgerState,
  { transaction }: SignedTransaction,
  table: OperationTable = OPERATIONS,
): Result<void, Coded<AdmissionCode>> {
  const sender = accountIn(state.source, transaction.sender);
  const height = (state.head.header.height + 1) as Height;
  const { ledger } = present(state.epochs.at(height), 'the epoch of the next block').parameters;
  const checked = checkWaiting(transaction, sender, height, ledger, table);
  return checked.ok ? paid(sender) : checked;
}

/** The same of a sender who was paid. */
export function checkWaiting(
  transaction: Transaction,
  sender: Account,
  height: Height,
  parameters: LedgerParameters,
  table: OperationTable = OPERATIONS,
): Result<void, Coded<AdmissionCode>> {
  const { blockWeightMax } = parameters;
  const weight = weightOf(transaction, table);
  if (weight > blockWeightMax) return fail('TOO_HEAVY', `it weighs ${weight}, a block holds at most ${blockWeightMax}`);
  const nonce = Math.max(sender.nonce, transaction.nonce);
  return checkTransactionStateful(transaction, { ...sender, nonce }, height, parameters, table);
}
