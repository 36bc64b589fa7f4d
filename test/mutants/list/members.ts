/** Bugs in stakes, seats, penalties and decisions. */
import { edit, type Mutant } from '../mutant.ts';

const STAKE = 'ledger/membership/stake.ts';
const SEATS = 'ledger/membership/seats.ts';
const PENALTIES = 'ledger/membership/penalties.ts';
const FOLLOWERS = 'ledger/membership/followers.ts';
const PROPOSE = 'ledger/operations/propose.ts';
const BOUNDARY = 'ledger/membership/boundary.ts';
const GOVERNANCE = 'ledger/membership/governance.ts';
const PREFLIGHT = 'ledger/membership/preflight.ts';
const RULES = 'ledger/membership/change-rules.ts';

/** All replicas have the same state: what it should be only tables and the model know. */
const testsOf = (what: string) => ({ tests: `test/ledger/membership/${what}.test.ts` });

export const memberMutants: readonly Mutant[] = [
  {
    name: 'unbonding-not-cut',
    clause: 'members',
    breaks: 'cuts no stake that is on its way out',
    edits: [edit(PENALTIES, 'if (each.epoch < epoch) return [each];', 'if (each.epoch < epoch + 100) return [each];')],
    directed: testsOf('stake'),
  },
  {
    name: 'released-an-epoch-early',
    clause: 'members',
    breaks: 'gives stake back while offences of its last epoch may be on the way',
    edits: [edit(STAKE, 'epoch > since + parameters', 'epoch >= since + parameters')],
    directed: testsOf('stake'),
  },
  {
    name: 'exit-at-once',
    clause: 'members',
    breaks: 'takes the stake of a validator out that has power to the end of the epoch',
    edits: [edit(STAKE, '  return isSeated\n', '  return isSeated && height < 0\n')],
    directed: testsOf('stake'),
  },
  {
    name: 'jail-left-by-exit',
    clause: 'members',
    breaks: 'lets a validator out of jail that leaves and comes back',
    edits: [edit(STAKE, "isSentenced(record, epoch) ? 'jailed' : 'active'", "'active'")],
    directed: testsOf('stake'),
  },
  {
    name: 'jail-left-by-new-bond',
    clause: 'members',
    breaks: 'lets a validator out of jail that left and bonds anew',
    edits: [edit(STAKE, 'if (isSentenced(record, epoch)) return withStatus', 'if (height < 0) return withStatus')],
    directed: testsOf('hostile'),
  },
  {
    name: 'proposal-beyond-all-validators',
    clause: 'members',
    breaks: 'does not declare the entry of an index that nobody can have',
    edits: [edit(PROPOSE, 'index >= VALIDATORS_MAX', 'index > 0xffff')],
    directed: testsOf('hostile'),
  },
  {
    name: 'kept-and-newly-pending',
    clause: 'members',
    breaks: 'takes the seat of who was kept in it and comes out of jail with the last block',
    edits: [
      edit(
        FOLLOWERS,
        ' || validatorAt(validators, index) !== undefined;',
        ' || validatorAt(validators, -1) !== undefined;',
      ),
    ],
    directed: testsOf('hostile'),
  },
  {
    name: 'missed-long-ago',
    clause: 'members',
    breaks: 'counts epochs that were missed before somebody had its seat',
    edits: [
      edit(
        BOUNDARY,
        "withStatus({ ...record, missed: 0, missedBefore: nobody() }, 'active'",
        "withStatus(record, 'active'",
      ),
    ],
    directed: testsOf('hostile'),
  },
  {
    name: 'bond-for-anybody',
    clause: 'members',
    breaks: 'lets anybody speak for a validator',
    edits: [edit(STAKE, "record.account === sender ? record : 'NOT_YOUR_VALIDATOR'", 'record')],
    directed: testsOf('stake'),
  },
  {
    name: 'penalty-rounded-down',
    clause: 'members',
    breaks: 'lets small stakes lie for nothing',
    edits: [
      edit(
        PENALTIES,
        '(amount * BigInt(part) + BigInt(WHOLE) - 1n) / BigInt(WHOLE)',
        '(amount * BigInt(part)) / BigInt(WHOLE)',
      ),
    ],
    directed: testsOf('weights'),
  },
  {
    name: 'share-rounded-up',
    clause: 'members',
    breaks: 'gives a holder a unit more than its share',
    edits: [edit(SEATS, 'return low > 0n ? low : least;', 'return low > 0n ? low + 1n : least;')],
    directed: testsOf('weights'),
  },
  {
    name: 'share-of-each-validator',
    clause: 'members',
    breaks: 'lets a holder have its share once for each of its validators',
    edits: [
      edit(SEATS, 'return held <= cap ? stake : partOf(account, stake, held);', 'return stake <= cap ? stake : cap;'),
    ],
    directed: testsOf('weights'),
  },
  {
    name: 'set-below-four',
    clause: 'members',
    breaks: 'lets a set shrink to three',
    edits: [edit(SEATS, 'Math.max(0, least - ready.length)', 'Math.max(0, least - 1 - ready.length)')],
    directed: testsOf('stake'),
  },
  {
    name: 'liar-kept-first',
    clause: 'members',
    breaks: 'keeps who lied rather than who leaves',
    edits: [
      edit(
        SEATS,
        'BLAME.indexOf(a.status) - BLAME.indexOf(b.status)',
        'BLAME.indexOf(b.status) - BLAME.indexOf(a.status)',
      ),
    ],
    directed: testsOf('seats'),
  },
  {
    name: 'jailed-by-one-proposer',
    clause: 'members',
    breaks: 'jails whoever one proposer says was away',
    edits: [
      edit(
        BOUNDARY,
        '  return isWeakQuorum(validators, powerOf',
        '  return missed > 0 || isWeakQuorum(validators, powerOf',
      ),
    ],
    directed: testsOf('seats'),
  },
  {
    name: 'passed-by-two-thirds',
    clause: 'members',
    breaks: 'takes two thirds for more than two thirds',
    edits: [edit(GOVERNANCE, 'isQuorum(validators, yes)', '3n * yes >= 2n * validators.total')],
    directed: testsOf('governance'),
  },
  {
    name: 'votes-by-old-powers',
    clause: 'members',
    breaks: 'counts a vote by the powers of the epoch in which it was given',
    edits: [
      edit(
        GOVERNANCE,
        'proposal.expires < lastHeight ? proposal : counted(proposal, validators, lastHeight)',
        'validators.total > 0n ? proposal : counted(proposal, validators, lastHeight)',
      ),
    ],
    directed: testsOf('governance'),
  },
  {
    name: 'change-not-checked-again',
    clause: 'members',
    breaks: 'carries out what could be done when it was proposed',
    edits: [edit(GOVERNANCE, 'if (failure !== undefined) return', 'if (failure !== undefined && height < 0) return')],
    directed: testsOf('governance'),
  },
  {
    name: 'index-given-again-at-once',
    clause: 'members',
    breaks: 'gives an index away while offences of who had it count',
    edits: [
      edit(
        RULES,
        'return running.epoch + 2 - left >= running.parameters.membership.unbondingEpochs;',
        'return left >= 0;',
      ),
    ],
    directed: testsOf('governance'),
  },
  {
    name: 'votes-inherited',
    clause: 'members',
    breaks: 'counts votes of who had an index before as those of who has it now',
    edits: [edit(RULES, 'if (proposal.yes.get(index) || proposal.no.get(index))', 'if (index < 0)')],
    directed: testsOf('governance'),
  },
  {
    name: 'least-stake-is-too-little',
    clause: 'members',
    breaks: 'asks for more than the least stake',
    edits: [edit(STAKE, 'stake > 0n && stake >= minStake', 'stake > 0n && stake > minStake')],
    directed: testsOf('chains.property'),
  },
  {
    name: 'preflight-counts-the-absent',
    clause: 'members',
    breaks: 'says that a change is safe which only nodes that are away would make so',
    edits: [edit(PREFLIGHT, 'livePower: set.total - powerOf(set, offline)', 'livePower: set.total')],
    directed: testsOf('preflight'),
  },
  {
    name: 'preflight-counts-the-kept',
    clause: 'members',
    breaks: 'counts those who stay because there are too few others',
    edits: [
      edit(PREFLIGHT, 'members.length - kept.length < VALIDATORS_MIN', 'members.length < VALIDATORS_MIN && kept'),
    ],
    directed: testsOf('preflight'),
  },
];
