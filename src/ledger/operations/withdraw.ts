/** Gives back `amount` (positive) of what was taken from the stake of the sender's validator, and has waited for long enough. */
import { ACCOUNTS, STAKES } from '../account.ts';
import { MEMBERSHIP_WEIGHT } from '../limits.ts';
import { move } from '../membership/penalties.ts';
import { OWN_VALIDATOR_CODES, ownValidator, withdrawn } from '../membership/stake.ts';
import { VALIDATORS } from '../membership/validator-record.ts';
import { amountField } from './fields.ts';
import { operationKind } from './kind.ts';
import { validatorField } from './membership-fields.ts';

export const withdraw = operationKind({
  kind: 'withdraw',
  fields: { validator: validatorField, amount: amountField },
  event: { validator: validatorField, amount: amountField },
  codes: { AMOUNT_ZERO: 2, ...OWN_VALIDATOR_CODES, NOT_STAKE_MODE: 20, INSUFFICIENT_STAKE: 21, NOT_RELEASED: 27 },
  weight: MEMBERSHIP_WEIGHT,
  keys: (sender, { validator }) => [ACCOUNTS.key(sender), ACCOUNTS.key(STAKES), VALIDATORS.key(validator)],
  spends: () => 0n,
  execute(execution, { validator, amount }) {
    const { sender, state, place, epoch, fixed } = execution;
    if (fixed.mode !== 'stake') return 'NOT_STAKE_MODE';
    if (amount === 0n) return 'AMOUNT_ZERO';
    const record = ownValidator(execution, validator);
    if (typeof record === 'string') return record;
    const after = withdrawn(record, amount, { height: place.height, epoch });
    if (typeof after === 'string') return after;
    move(state, STAKES, sender, amount);
    state.set(VALIDATORS.key(validator), after);
    return { kind: 'withdraw', validator, amount };
  },
});
