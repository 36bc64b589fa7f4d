/** Says yes or no to a proposal, for the sender's validator. What it said before does not count any more. Passed is passed, whatever is said
 *  after that; it is only noted. */
import { MEMBERSHIP_WEIGHT } from '../limits.ts';
import { counted, VOTER_CODES, voter, votesOf } from '../membership/governance.ts';
import { isPending, PROPOSALS, proposalStatusField, slotOf, withIndex } from '../membership/proposal.ts';
import { VALIDATORS } from '../membership/validator-record.ts';
import { booleanField } from './data-fields.ts';
import { amountField } from './fields.ts';
import { operationKind } from './kind.ts';
import { numberField, validatorField } from './membership-fields.ts';

export const vote = operationKind({
  kind: 'vote',
  fields: { proposal: numberField, validator: validatorField, approve: booleanField },
  /** `yes` and `no`: the powers for and against it, with this vote. */
  event: {
    proposal: numberField,
    validator: validatorField,
    approve: booleanField,
    yes: amountField,
    no: amountField,
    status: proposalStatusField,
  },
  codes: { ...VOTER_CODES, NO_PROPOSAL: 34, PROPOSAL_CLOSED: 35 },
  weight: MEMBERSHIP_WEIGHT,
  keys: (_, { proposal, validator }) => [VALIDATORS.key(validator), PROPOSALS.key(slotOf(proposal))],
  spends: () => 0n,
  execute(execution, { proposal: id, validator, approve }) {
    const { state, place, epoch } = execution;
    const speaker = voter(execution, validator);
    if (typeof speaker === 'string') return speaker;
    const key = PROPOSALS.key(slotOf(id));
    const before = state.get(key);
    if (before?.id !== id) return 'NO_PROPOSAL';
    if (!isPending(before, place.height)) return 'PROPOSAL_CLOSED';
    const yes = withIndex(before.yes, validator, approve);
    const no = withIndex(before.no, validator, !approve);
    const after = counted({ ...before, yes, no }, epoch.validators, place.height);
    state.set(key, after);
    const { status } = after;
    return { kind: 'vote', proposal: id, validator, approve, ...votesOf(epoch.validators, after), status };
  },
});
