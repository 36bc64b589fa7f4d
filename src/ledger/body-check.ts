/** What makes a body fit to be prepared, whatever the state. */
import type { Hash } from '../base/brand.ts';
import { fail, ok, type Result } from '../base/result.ts';
import { type Body, FULL_BODY_BYTES_MAX, fullBodySize } from './block.ts';
import type { Genesis } from './genesis.ts';
import type { IdentifiedTransaction } from './transaction.ts';
import { checkTransactionStateless, type StatelessCode, weightOf } from './transaction-rules.ts';

export type BodyCode =
  | 'NOT_A_VALIDATOR'
  | 'TRANSACTIONS_MISMATCH'
  | 'DUPLICATE_TRANSACTION'
  | 'BODY_TOO_HEAVY'
  | 'BODY_TOO_LARGE'
  | StatelessCode;
type Checked = Result<void, { readonly code: BodyCode; readonly message: string }>;

/** Everything about a body but its certificate and evidence, the signatures, its time, and whether its proposer was the
 *  primary: those need the protocol. The null body is not for this check; it is known by its hash. Errors: BodyCode. */
export function checkBody(body: Body, transactions: readonly IdentifiedTransaction[], genesis: Genesis): Checked {
  if (genesis.validators.validators[body.proposer] === undefined) {
    return fail('NOT_A_VALIDATOR', `no validator ${body.proposer}`);
  }
  if (transactions.length !== body.transactionIds.length) {
    return fail('TRANSACTIONS_MISMATCH', `${transactions.length} transactions, ${body.transactionIds.length} ids`);
  }
  const seen = new Set<Hash>();
  let weight = 0;
  for (const [position, { id, signed }] of transactions.entries()) {
    if (body.transactionIds[position] !== id) return fail('TRANSACTIONS_MISMATCH', `position ${position} is ${id}`);
    if (seen.has(id)) return fail('DUPLICATE_TRANSACTION', `${id} stands twice`);
    seen.add(id);
    const checked = checkTransactionStateless(signed, genesis.chainId);
    if (!checked.ok) return fail(checked.error.code, `${id}: ${checked.error.message}`);
    weight += weightOf(signed.transaction);
  }
  const { blockWeightMax } = genesis.ledger;
  if (weight > blockWeightMax) return fail('BODY_TOO_HEAVY', `weight ${weight}, at most ${blockWeightMax}`);
  const size = fullBodySize(body, transactions);
  if (size > FULL_BODY_BYTES_MAX) return fail('BODY_TOO_LARGE', `${size} bytes, at most ${FULL_BODY_BYTES_MAX}`);
  return ok(undefined);
}
