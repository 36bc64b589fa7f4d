/** Lets the sender's validator back, which was away for too long, once it has been in jail for long enough. */
import { MEMBERSHIP_WEIGHT } from '../limits.ts';
import { OWN_VALIDATOR_CODES, ownValidator, unjailed } from '../membership/stake.ts';
import { VALIDATORS } from '../membership/validator-record.ts';
import { operationKind } from './kind.ts';
import { validatorField } from './membership-fields.ts';

export const unjail = operationKind({
  kind: 'unjail',
  fields: { validator: validatorField },
  event: { validator: validatorField },
  codes: { ...OWN_VALIDATOR_CODES, NOT_JAILED: 28, JAILED_UNTIL: 29 },
  weight: MEMBERSHIP_WEIGHT,
  keys: (_, { validator }) => [VALIDATORS.key(validator)],
  spends: () => 0n,
  execute(execution, { validator }) {
    const { state, place, epoch, fixed } = execution;
    const record = ownValidator(execution, validator);
    if (typeof record === 'string') return record;
    const after = unjailed(record, fixed.mode === 'stake', { height: place.height, epoch });
    if (typeof after === 'string') return after;
    state.set(VALIDATORS.key(validator), after);
    return { kind: 'unjail', validator };
  },
});
