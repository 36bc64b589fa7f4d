/** What a person can do about a transaction that stands in a block and failed: one hint for each code of a receipt. */
import { LEASE_HEIGHTS_MAX, NEW_ENTRY_WEIGHT } from '../ledger/limits.ts';
import type { OPERATIONS } from '../ledger/operations/table.ts';

type FailureCode = Exclude<(typeof OPERATIONS.codes)[number], 'OK'>;

export const RECEIPT_HINTS: Readonly<Record<FailureCode, string>> = {
  INSUFFICIENT_BALANCE: 'The account has less than it was to pay, deposits included: fund it first.',
  AMOUNT_ZERO: 'A transfer moves one unit at least.',
  NOT_PAYABLE: 'That account holds deposits, and nobody can pay into it.',
  FEE_TOO_LOW: `What it makes costs a fee beside its weight, ${NEW_ENTRY_WEIGHT} units each: sign again with a higher maxFee.`,
  TOO_MANY_NEW:
    'It makes more new accounts and entries than a sender may make in a block: make several transactions of it.',
  BELOW_MINIMUM: 'An account has to keep the minimum balance of the genesis, or get it when it is new.',
  NAMESPACE_EXISTS: 'Somebody has that name: choose another one.',
  DUPLICATE_WRITER: 'Name each writer once.',
  NO_NAMESPACE: 'Make the namespace first.',
  NOT_OWNER: 'Only the owner of a namespace says who may write in it, and who owns it.',
  NOT_A_WRITER: 'The owner of the namespace says who may write in it.',
  CONDITION_FAILED:
    'Something else stands there than was asked for: read it again, and ask for the version that it has now.',
  LEASED: 'Another account has the lease: wait until its height has passed, or until it is released.',
  NO_ENTRY: 'Nothing stands under that key.',
  UNTIL_OUT_OF_RANGE: `A lease ends at the height of its block or later, and at most ${LEASE_HEIGHTS_MAX} heights ahead.`,
  NO_LEASE: 'The sender has no lease of it, or it has run out.',
  COUNTER_OVERFLOW: 'A counter holds a signed number of 64 bits.',
};
