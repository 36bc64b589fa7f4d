/** Puts `amount` (positive) of the sender's to the stake of its validator. It counts from the next epoch on. */
import { ACCOUNTS, accountIn, STAKES } from '../account.ts';
import { MEMBERSHIP_WEIGHT, STAKES_MAX } from '../limits.ts';
import { move } from '../membership/penalties.ts';
import { bonded, OWN_VALIDATOR_CODES, ownValidator } from '../membership/stake.ts';
import { VALIDATORS } from '../membership/validator-record.ts';
import { amountField } from './fields.ts';
import { operationKind } from './kind.ts';
import { validatorField } from './membership-fields.ts';

export const bond = operationKind({
  kind: 'bond',
  fields: { validator: validatorField, amount: amountField },
  event: { validator: validatorField, amount: amountField, stake: amountField },
  codes: {
    INSUFFICIENT_BALANCE: 1,
    AMOUNT_ZERO: 2,
    ...OWN_VALIDATOR_CODES,
    NOT_STAKE_MODE: 20,
    STAKE_LIMIT: 23,
    TOMBSTONED: 24,
    REMOVED: 25,
  },
  weight: MEMBERSHIP_WEIGHT,
  keys: (sender, { validator }) => [ACCOUNTS.key(sender), ACCOUNTS.key(STAKES), VALIDATORS.key(validator)],
  spends: ({ amount }) => amount,
  execute(execution, { validator, amount }) {
    const { sender, state, place, epoch, fixed } = execution;
    if (fixed.mode !== 'stake') return 'NOT_STAKE_MODE';
    if (amount === 0n) return 'AMOUNT_ZERO';
    const record = ownValidator(execution, validator);
    if (typeof record === 'string') return record;
    const after = bonded(record, amount, { height: place.height, epoch });
    if (typeof after === 'string') return after;
    if (accountIn(state, sender).balance < amount) return 'INSUFFICIENT_BALANCE';
    if (accountIn(state, STAKES).balance + amount > STAKES_MAX) return 'STAKE_LIMIT';
    move(state, sender, STAKES, amount);
    state.set(VALIDATORS.key(validator), after);
    return { kind: 'bond', validator, amount, stake: after.stake };
  },
});
