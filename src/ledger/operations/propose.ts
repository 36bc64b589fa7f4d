/** Asks the validators for a change, up to and including the height `expires`; whoever asks is for it. Its number is in the event. */
import { BitArray } from '@chainsafe/ssz';
import type { ValidatorIndex } from '../../base/brand.ts';
import { present } from '../../base/invariant.ts';
import { MEMBERSHIP_WEIGHT, PROPOSAL_HEIGHTS_MAX, PROPOSALS_MAX, VALIDATORS_MAX } from '../limits.ts';
import { CHANGE_CODES, type Change, changeField } from '../membership/change.ts';
import { refusalOf } from '../membership/change-rules.ts';
import { counted, VOTER_CODES, voter } from '../membership/governance.ts';
import {
  ALL_PROPOSALS,
  GOVERNANCE,
  isPending,
  PROPOSALS,
  type Proposal,
  proposalStatusField,
  proposalsIn,
  slotOf,
} from '../membership/proposal.ts';
import { ALL_VALIDATORS, VALIDATORS } from '../membership/validator-record.ts';
import type { StateKey } from '../state/entry-kind.ts';
import { heightField } from './data-fields.ts';
import { type Execution, operationKind } from './kind.ts';
import { numberField, validatorField } from './membership-fields.ts';

const KEYS: readonly StateKey[] = [
  ...ALL_VALIDATORS.map((index) => VALIDATORS.key(index)),
  GOVERNANCE,
  ...ALL_PROPOSALS,
];

/** All validators and proposals: the same list for all who ask, so that it is gone through once for a body. Somebody may name an index that no
 *  validator can have; whether there is one is asked all the same. */
function keysOf(validator: ValidatorIndex, change: Change): readonly StateKey[] {
  const named = 'validator' in change ? [validator, change.validator] : [validator];
  const beyond = named.filter((index) => index >= VALIDATORS_MAX);
  return beyond.length === 0 ? KEYS : [...KEYS, ...beyond.map((index) => VALIDATORS.key(index))];
}

export const propose = operationKind({
  kind: 'propose',
  fields: { validator: validatorField, change: changeField, expires: heightField },
  event: { validator: validatorField, proposal: numberField, status: proposalStatusField },
  codes: { ...VOTER_CODES, ...CHANGE_CODES, PROPOSALS_FULL: 31, TOO_MANY_PROPOSALS: 32, EXPIRES_OUT_OF_RANGE: 33 },
  weight: MEMBERSHIP_WEIGHT,
  keys: (_, { validator, change }) => keysOf(validator, change),
  spends: () => 0n,
  execute(execution, { validator, change, expires }) {
    const { state, place, epoch, fixed } = execution;
    const { height } = place;
    const speaker = voter(execution, validator);
    if (typeof speaker === 'string') return speaker;
    if (expires < height || expires > height + PROPOSAL_HEIGHTS_MAX) return 'EXPIRES_OUT_OF_RANGE';
    const open = [...proposalsIn(state)].filter((proposal) => isPending(proposal, height));
    // Each validator its part of the slots, so that few cannot take them all.
    const most = Math.floor(PROPOSALS_MAX / epoch.validators.members.length);
    if (open.filter(({ proposer }) => proposer === validator).length >= most) return 'TOO_MANY_PROPOSALS';
    const id = nextId(execution, open);
    if (id === undefined) return 'PROPOSALS_FULL';
    const refusal = refusalOf({ entries: state, running: epoch, rules: epoch, fixed, height }, change);
    if (refusal !== undefined) return refusal;
    const proposal = counted(
      opened({ id, proposer: validator, change, expires, since: height }),
      epoch.validators,
      height,
    );
    state.set(PROPOSALS.key(slotOf(id)), proposal);
    state.set(GOVERNANCE, { nextProposal: id + 1 });
    return { kind: 'propose', validator, proposal: id, status: proposal.status };
  },
});

/** The next number whose slot nobody needs any more: one that is open for long stands in nobody's way. */
function nextId({ state }: Execution, open: readonly Proposal[]): number | undefined {
  const { nextProposal } = present(state.get(GOVERNANCE), 'the number of the next proposal');
  const taken = new Set(open.map(({ id }) => slotOf(id)));
  for (let id = nextProposal; id < nextProposal + PROPOSALS_MAX; id++) if (!taken.has(slotOf(id))) return id;
  return undefined;
}

const opened = (given: Pick<Proposal, 'id' | 'proposer' | 'change' | 'expires' | 'since'>): Proposal => ({
  ...given,
  yes: only(given.proposer),
  no: BitArray.fromBitLen(VALIDATORS_MAX),
  status: 'open',
  failure: null,
});

const only = (index: ValidatorIndex): BitArray => BitArray.fromSingleBit(VALIDATORS_MAX, index);
