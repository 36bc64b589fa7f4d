/** Decisions: when a proposal has passed, and what becomes of all of them when an epoch ends. */
import type { Height, ValidatorIndex } from '../../base/brand.ts';
import type { KnownEpoch } from '../epoch.ts';
import type { Execution } from '../operations/kind.ts';
import type { Entries } from '../state/overlay.ts';
import { isQuorum, isWeakQuorum, powerOf, validatorAt, type ValidatorSet } from '../validators.ts';
import { applied, type EpochRules, type Occasion, refusalOf } from './change-rules.ts';
import type { FixedRules } from './parameters.ts';
import { PROPOSALS, type Proposal, proposalsIn, settled, slotOf } from './proposal.ts';
import { OWN_VALIDATOR_CODES, ownValidator } from './stake.ts';
import type { ValidatorRecord } from './validator-record.ts';

/** Codes of whoever proposes or votes. */
export const VOTER_CODES = { ...OWN_VALIDATOR_CODES, NO_VOTE: 30 } as const;

/** The validator that the sender speaks for, if it has a seat in the epoch that runs; or why it has no say. */
export function voter(
  execution: Pick<Execution, 'sender' | 'state' | 'epoch'>,
  index: ValidatorIndex,
): ValidatorRecord | keyof typeof VOTER_CODES {
  const record = ownValidator(execution, index);
  if (typeof record === 'string') return record;
  return validatorAt(execution.epoch.validators, index) === undefined ? 'NO_VOTE' : record;
}

/** The powers for and against it, in this set. */
export const votesOf = (validators: ValidatorSet, { yes, no }: Pick<Proposal, 'yes' | 'no'>) => ({
  yes: powerOf(validators, yes.getTrueBitIndexes()),
  no: powerOf(validators, no.getTrueBitIndexes()),
});

/** The proposal after its votes were counted in this set. One that passed, or is closed, stays what it is. */
export function counted(proposal: Proposal, validators: ValidatorSet, height: Height): Proposal {
  if (proposal.status !== 'open') return proposal;
  const { yes, no } = votesOf(validators, proposal);
  if (isQuorum(validators, yes)) return settled(proposal, 'passed', height);
  return isWeakQuorum(validators, no) ? settled(proposal, 'rejected', height) : proposal;
}

/** Ends the epoch for proposals: votes are counted once more, by its powers; what passed happens, in the order of the proposals; what is
 *  too old is closed. Answers with the rules of the next epoch. */
export function decide(entries: Entries, running: KnownEpoch, fixed: FixedRules): EpochRules {
  const { lastHeight, observers, parameters, upgrade } = running;
  let rules: EpochRules = { observers, parameters, upgrade };
  const waiting = [...proposalsIn(entries)].filter(({ status }) => status === 'open' || status === 'passed');
  for (const { id } of waiting.sort((a, b) => a.id - b.id)) {
    const key = PROPOSALS.key(slotOf(id));
    // Read again: a change before it may have taken votes from it.
    const proposal = entries.get(key);
    if (proposal === undefined) continue;
    const judged = judgedAtEnd(proposal, running);
    const occasion = { entries, running, rules, fixed, height: lastHeight };
    const [done, next] = judged.status === 'passed' ? carriedOut(judged, occasion) : [judged, rules];
    rules = next;
    if (done !== proposal) entries.set(key, done);
  }
  return rules;
}

function judgedAtEnd(proposal: Proposal, { validators, lastHeight }: KnownEpoch): Proposal {
  // What ran out before was closed by then, whatever its votes.
  const judged = proposal.expires < lastHeight ? proposal : counted(proposal, validators, lastHeight);
  return judged.status === 'open' && judged.expires <= lastHeight ? settled(judged, 'expired', lastHeight) : judged;
}

function carriedOut(proposal: Proposal, occasion: Occasion): readonly [Proposal, EpochRules] {
  const { height, rules } = occasion;
  const failure = refusalOf(occasion, proposal.change);
  if (failure !== undefined) return [{ ...settled(proposal, 'failed', height), failure }, rules];
  return [settled(proposal, 'applied', height), applied(occasion, proposal.change)];
}
