/**
 * Deposits: what an entry keeps of whoever wrote it, for the bytes of its key and value. It lies with an account that nobody can spend from,
 * and comes back to whoever makes the entry shorter, or away. The entry knows what was paid for it, so that what comes back is what
 * was paid, whatever a byte costs by then.
 */
import type { Address } from '../../base/brand.ts';
import { invariant } from '../../base/invariant.ts';
import { ACCOUNTS, accountIn, DEPOSITS } from '../account.ts';
import { amountField } from '../operations/fields.ts';
import type { Execution } from '../operations/kind.ts';
import type { StateKey } from '../state/entry-kind.ts';

/** Codes of whoever has a deposit to pay. */
export const DEPOSIT_CODES = { INSUFFICIENT_BALANCE: 1 } as const;

/** Fields of events: how a deposit has changed, in the smallest unit. */
export const paidField = { depositPaid: amountField };
export const refundedField = { depositRefunded: amountField };

/** What a deposit touches, beside its entry. */
export const depositKeys = (sender: Address): readonly StateKey[] => [ACCOUNTS.key(sender), ACCOUNTS.key(DEPOSITS)];

/** Bytes that a deposit is for: those of the key's text, and as many of the value. */
export const bytesOf = ({ text }: StateKey, valueBytes: number): number => text.length + valueBytes;

/** What is kept for so many bytes. */
interface Kept {
  readonly bytes: number;
  readonly deposit: bigint;
}

/** Of an entry that is not there. */
export const NOTHING_KEPT: Kept = { bytes: 0, deposit: 0n };

interface Settlement {
  /** What the entry keeps from now on. */
  readonly deposit: bigint;
  readonly depositPaid: bigint;
  readonly depositRefunded: bigint;
}

/** The entry has so many bytes from now on; 0 where it goes. More bytes cost what a byte costs now. For fewer, the same part of what
 *  was paid comes back, down to whole units. Error: INSUFFICIENT_BALANCE. */
export function settleDeposit(
  { sender, state, depositPerByte }: Execution,
  { bytes: bytesBefore, deposit }: Kept,
  bytes: number,
): Settlement | keyof typeof DEPOSIT_CODES {
  if (bytes >= bytesBefore) {
    const depositPaid = depositPerByte * BigInt(bytes - bytesBefore);
    if (!move({ sender, state }, -depositPaid)) return 'INSUFFICIENT_BALANCE';
    return { deposit: deposit + depositPaid, depositPaid, depositRefunded: 0n };
  }
  const before = BigInt(bytesBefore);
  const left = (deposit * BigInt(bytes) + before - 1n) / before;
  invariant(move({ sender, state }, deposit - left), 'a refund is possible', { deposit });
  return { deposit: left, depositPaid: 0n, depositRefunded: deposit - left };
}

/** Moves so much from the deposits to the sender; a negative amount the other way. False where there is not so much. */
function move({ sender, state }: Pick<Execution, 'sender' | 'state'>, amount: bigint): boolean {
  if (amount === 0n) return true;
  const account = accountIn(state, sender);
  const deposits = accountIn(state, DEPOSITS);
  invariant(deposits.balance >= amount, 'the deposits are all there', { balance: deposits.balance, amount });
  if (account.balance + amount < 0n) return false;
  state.set(ACCOUNTS.key(sender), { ...account, balance: account.balance + amount });
  state.set(ACCOUNTS.key(DEPOSITS), { ...deposits, balance: deposits.balance - amount });
  return true;
}
