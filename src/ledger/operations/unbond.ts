/** Takes `amount` (positive) from the stake of the sender's validator; all of it is how a validator leaves. Where it can be withdrawn from
 *  is said in `../membership/stake.ts`. */
import { MEMBERSHIP_WEIGHT } from '../limits.ts';
import { OWN_VALIDATOR_CODES, ownValidator, unbonded } from '../membership/stake.ts';
import { VALIDATORS } from '../membership/validator-record.ts';
import { amountField } from './fields.ts';
import { operationKind } from './kind.ts';
import { validatorField } from './membership-fields.ts';

export const unbond = operationKind({
  kind: 'unbond',
  fields: { validator: validatorField, amount: amountField },
  /** `stake`: what is left at once; of a validator that leaves at the end of the epoch all of it. */
  event: { validator: validatorField, amount: amountField, stake: amountField },
  codes: {
    AMOUNT_ZERO: 2,
    ...OWN_VALIDATOR_CODES,
    NOT_STAKE_MODE: 20,
    INSUFFICIENT_STAKE: 21,
    BELOW_MIN_STAKE: 22,
    TOMBSTONED: 24,
    REMOVED: 25,
    EXITING: 26,
  },
  weight: MEMBERSHIP_WEIGHT,
  keys: (_, { validator }) => [VALIDATORS.key(validator)],
  spends: () => 0n,
  execute(execution, { validator, amount }) {
    const { state, place, epoch, fixed } = execution;
    if (fixed.mode !== 'stake') return 'NOT_STAKE_MODE';
    if (amount === 0n) return 'AMOUNT_ZERO';
    const record = ownValidator(execution, validator);
    if (typeof record === 'string') return record;
    const after = unbonded(record, amount, { height: place.height, epoch });
    if (typeof after === 'string') return after;
    state.set(VALIDATORS.key(validator), after);
    return { kind: 'unbond', validator, amount, stake: after.stake };
  },
});
