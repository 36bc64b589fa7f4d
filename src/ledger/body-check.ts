/** What makes a body fit to be prepared, whatever the state. */
import type { Hash } from '../base/brand.ts';
import { fail, ok, type Result } from '../base/result.ts';
import { type Body, FULL_BODY_BYTES_MAX, fullBodySize } from './block.ts';
import { BODY_TRANSACTIONS_MAX, MEMO_BYTES_MAX, TRANSACTION_BYTES_MAX, TRANSACTION_WEIGHT } from './limits.ts';
import { OPERATIONS } from './operations/table.ts';
import { BARE_TRANSACTION_BYTES, type IdentifiedTransaction } from './transaction.ts';
import { checkTransactionStateless, type LedgerRules, type StatelessCode } from './transaction-rules.ts';
import { validatorAt, type ValidatorSet } from './validators.ts';
import { TRANSACTION_WEIGHT_MIN, weightOf } from './weight.ts';

export type BodyCode =
  | 'NOT_A_VALIDATOR'
  | 'TRANSACTIONS_MISMATCH'
  | 'DUPLICATE_TRANSACTION'
  | 'BODY_TOO_HEAVY'
  | 'BODY_TOO_LARGE'
  | StatelessCode;
type Checked = Result<void, { readonly code: BodyCode; readonly message: string }>;

const FINE: Checked = ok(undefined);

/** Bytes of the shortest signed transaction: one operation, and no memo. */
export const TRANSACTION_BYTES_MIN = BARE_TRANSACTION_BYTES + OPERATIONS.bytesMin;

/** What of a body's transactions is here, together. */
export interface Measure {
  readonly count: number;
  readonly weight: number;
  readonly bytes: number;
}

/** What shows before any transaction is here; rules and validators are those of the body's epoch. Errors: NOT_A_VALIDATOR, DUPLICATE_TRANSACTION, BODY_TOO_HEAVY, BODY_TOO_LARGE. */
export function checkBodyAlone(body: Body, rules: LedgerRules, validators: ValidatorSet): Checked {
  if (validatorAt(validators, body.proposer) === undefined)
    return fail('NOT_A_VALIDATOR', `no validator ${body.proposer}`);
  const measured = checkMeasure(body, { count: 0, weight: 0, bytes: 0 }, rules);
  if (!measured.ok) return measured;
  const seen = new Set<Hash>();
  for (const id of body.transactionIds) {
    if (seen.has(id)) return fail('DUPLICATE_TRANSACTION', `${id} stands twice`);
    seen.add(id);
  }
  return FINE;
}

/** Whether the body can still be within its limits: by the transactions that are here, and the least that each of the others
 *  can weigh and take. With all of them here it is within. Errors: BODY_TOO_HEAVY, BODY_TOO_LARGE. */
export function checkMeasure(body: Body, { count, weight, bytes }: Measure, rules: LedgerRules): Checked {
  const missing = body.transactionIds.length - count;
  const { blockWeightMax } = rules.ledger;
  const least = weight + missing * TRANSACTION_WEIGHT_MIN;
  if (least > blockWeightMax) return fail('BODY_TOO_HEAVY', `weight ${least}, at most ${blockWeightMax}`);
  const size = fullBodySize(body, bytes + missing * TRANSACTION_BYTES_MIN);
  if (size > FULL_BODY_BYTES_MAX) return fail('BODY_TOO_LARGE', `${size} bytes, at most ${FULL_BODY_BYTES_MAX}`);
  return FINE;
}

/** Bytes that so many transactions can take in a body within the limits: each with a memo, and operations with as much in them as
 *  the weight allows. */
export const mostBytesOf = (count: number, blockWeightMax: number): number =>
  Math.min(
    FULL_BODY_BYTES_MAX,
    count * TRANSACTION_BYTES_MAX,
    count * (BARE_TRANSACTION_BYTES + MEMO_BYTES_MAX) +
      Math.max(count * OPERATIONS.weightMin, blockWeightMax - count * TRANSACTION_WEIGHT) *
        OPERATIONS.bytesPerWeightMax,
  );

/** The same of any number of them. */
export const mostBytes = (blockWeightMax: number): number =>
  mostBytesOf(Math.min(BODY_TRANSACTIONS_MAX, Math.floor(blockWeightMax / TRANSACTION_WEIGHT_MIN)), blockWeightMax);

/** Everything about a body but its certificate and evidence, the signatures, its time, and whether its proposer was the
 *  primary: those need the protocol. The null body is not for this check; it is known by its hash. Errors: BodyCode. */
export function checkBody(
  body: Body,
  transactions: readonly IdentifiedTransaction[],
  rules: LedgerRules,
  validators: ValidatorSet,
): Checked {
  const alone = checkBodyAlone(body, rules, validators);
  if (!alone.ok) return alone;
  if (transactions.length !== body.transactionIds.length)
    return fail('TRANSACTIONS_MISMATCH', `${transactions.length} transactions, ${body.transactionIds.length} ids`);
  let weight = 0;
  let bytes = 0;
  for (const [position, item] of transactions.entries()) {
    const { id, signed } = item;
    if (body.transactionIds[position] !== id) return fail('TRANSACTIONS_MISMATCH', `position ${position} is ${id}`);
    const checked = checkTransactionStateless(signed, rules);
    if (!checked.ok) return fail(checked.error.code, `${id}: ${checked.error.message}`);
    weight += weightOf(signed.transaction);
    bytes += item.bytes.length;
  }
  return checkMeasure(body, { count: transactions.length, weight, bytes }, rules);
}
