/**
 * What happens between two epochs: the last block of one says who validates in the next, and by which rules. Everything that changes the set
 * waits until here, so that within an epoch nothing about it changes.
 */
import type { Epoch, Height, ValidatorIndex } from '../../base/brand.ts';
import { unreachable } from '../../base/invariant.ts';
import type { KnownEpoch } from '../epoch.ts';
import { EVIDENCE_EPOCHS_MAX } from '../limits.ts';
import type { Entries } from '../state/overlay.ts';
import type { StateKey } from '../state/entry-kind.ts';
import { ACCOUNTS } from '../account.ts';
import { isWeakQuorum, powerOf, validatorAt, validatorSet } from '../validators.ts';
import { ATTENDANCE, type Attendance, attendanceIn, together } from './attendance.ts';
import { EPOCHS, recordOf } from './epoch-record.ts';
import { followersOf, hasFollowed } from './followers.ts';
import { decide } from './governance.ts';
import type { FixedRules } from './parameters.ts';
import { cutStake, PENALTY_ACCOUNTS } from './penalties.ts';
import { ALL_PROPOSALS } from './proposal.ts';
import { seatsOf } from './seats.ts';
import { isEnough } from './stake.ts';
import {
  ALL_VALIDATORS,
  nobody,
  takenOut,
  VALIDATORS,
  type ValidatorRecord,
  validatorsIn,
  withStatus,
} from './validator-record.ts';

/** What the last block of an epoch touches beside what its body does. */
export function* boundaryKeys(epoch: Epoch): Generator<StateKey> {
  yield ATTENDANCE;
  for (const account of PENALTY_ACCOUNTS) yield ACCOUNTS.key(account);
  for (const index of ALL_VALIDATORS) yield VALIDATORS.key(index);
  yield* ALL_PROPOSALS;
  yield EPOCHS.key((epoch + 1) as Epoch);
  if (epoch >= EVIDENCE_EPOCHS_MAX) yield EPOCHS.key((epoch - EVIDENCE_EPOCHS_MAX) as Epoch);
}

/** Ends the epoch that `ending` is, with its last block: the one that comes next. */
export function endEpoch(entries: Entries, ending: KnownEpoch, fixed: FixedRules): KnownEpoch {
  const { epoch, lastHeight } = ending;
  judgeAttendance(entries, ending);
  const rules = decide(entries, ending, fixed);
  const { parameters } = rules;
  const records = [...validatorsIn(entries)].filter((record) => hasFollowed(record, ending));
  const seats = seatsOf(records, ending.validators, fixed.mode, parameters.membership);
  const isFit = ({ stake }: ValidatorRecord): boolean =>
    fixed.mode === 'equal' || isEnough(stake, parameters.membership);
  settleStatuses(entries, ending, new Set(seats.members.map(({ index }) => index)), isFit);
  const next: KnownEpoch = {
    epoch: (epoch + 1) as Epoch,
    firstHeight: (lastHeight + 1) as Height,
    lastHeight: (lastHeight + parameters.consensus.epochLength) as Height,
    validators: validatorSet(seats.members),
    kept: seats.kept.map(({ index }) => index),
    followers: followersOf([...validatorsIn(entries)], seats.members, ending.validators),
    ...rules,
  };
  entries.set(EPOCHS.key(next.epoch), recordOf(next));
  // Nothing of an epoch that is this old is judged any more.
  if (epoch >= EVIDENCE_EPOCHS_MAX) entries.set(EPOCHS.key((epoch - EVIDENCE_EPOCHS_MAX) as Epoch), undefined);
  return next;
}

/** Jails whoever no certificate has named for too long. */
function judgeAttendance(entries: Entries, ending: KnownEpoch): void {
  const attendance = attendanceIn(entries, ending.epoch);
  // Where no body carried a certificate of this epoch nobody can tell.
  if (attendance.proposers.getTrueBitIndexes().length === 0) return;
  for (const { index } of ending.validators.members) {
    const record = entries.get(VALIDATORS.key(index));
    if (record === undefined) continue;
    const judged = attended(record, attendance);
    if (judged !== record)
      entries.set(VALIDATORS.key(index), isAway(judged, ending) ? jailed(entries, judged, ending) : judged);
  }
}

function attended(record: ValidatorRecord, { seen, proposers }: Attendance): ValidatorRecord {
  if (seen.get(record.index)) return record.missed === 0 ? record : { ...record, missed: 0, missedBefore: nobody() };
  return { ...record, missed: record.missed + 1, missedBefore: together(record.missedBefore, proposers) };
}

/** Somebody honest was among those who missed it, unless liars hold a third. */
function isAway({ status, missed, missedBefore }: ValidatorRecord, { validators, parameters }: KnownEpoch): boolean {
  const { downtimeEpochs } = parameters.membership;
  if (status !== 'active' || downtimeEpochs === 0 || missed < downtimeEpochs) return false;
  return isWeakQuorum(validators, powerOf(validators, missedBefore.getTrueBitIndexes()));
}

function jailed(
  entries: Entries,
  record: ValidatorRecord,
  { epoch, lastHeight, parameters }: KnownEpoch,
): ValidatorRecord {
  const { membership } = parameters;
  const cut = cutStake(entries, record, membership.downtimePenalty, epoch, membership);
  const jailedUntil = (epoch + 1 + membership.jailEpochs) as Epoch;
  return withStatus({ ...cut, jailedUntil, missed: 0, missedBefore: nobody() }, 'jailed', lastHeight);
}

/** What the seats of the next epoch make of everybody's status. `isFit`: whether it has what a seat in the next epoch takes. */
function settleStatuses(
  entries: Entries,
  ending: KnownEpoch,
  seated: ReadonlySet<ValidatorIndex>,
  isFit: (record: ValidatorRecord) => boolean,
): void {
  const { epoch, validators } = ending;
  for (const record of [...validatorsIn(entries)]) {
    const isSeated = seated.has(record.index);
    const settled = isSeated ? seatedStatus(record, ending) : standingStatus(record, ending, isFit(record));
    const left =
      !isSeated && validatorAt(validators, record.index) !== undefined ? ((epoch + 1) as Epoch) : record.left;
    const after = left === settled.left ? settled : { ...settled, left };
    if (after !== record) entries.set(VALIDATORS.key(record.index), after);
  }
}

/** Somebody who was kept stays what made it leave. What a newcomer missed when it had a seat before is not in a row with what comes. */
const seatedStatus = (record: ValidatorRecord, { lastHeight }: KnownEpoch): ValidatorRecord =>
  record.status === 'pending'
    ? withStatus({ ...record, missed: 0, missedBefore: nobody() }, 'active', lastHeight)
    : record;

/** Of a validator without a seat; where it is fit, others have more at stake. */
function standingStatus(record: ValidatorRecord, { epoch, lastHeight }: KnownEpoch, isFit: boolean): ValidatorRecord {
  const { status, stake } = record;
  switch (status) {
    case 'active':
    case 'pending':
    case 'candidate':
      return withStatus(record, isFit ? 'pending' : 'candidate', lastHeight);
    case 'exiting':
      return withStatus(takenOut(record, stake, epoch), 'unbonded', lastHeight);
    case 'removed':
    case 'tombstoned':
      return takenOut(record, stake, epoch);
    case 'jailed':
    case 'unbonded':
      return record;
    default:
      return unreachable(status);
  }
}
