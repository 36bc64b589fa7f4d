/**
 * What happens between two epochs: the last block of one says who validates in the next, and by which rules. Everything that changes the set
 * waits until here, so that within an epoch nothing about it changes.
 */
import type { Epoch, Height, ValidatorIndex } from '../../base/brand.ts';
import type { KnownEpoch } from '../epoch.ts';
import { EVIDENCE_EPOCHS_MAX } from '../limits.ts';
import type { Entries } from '../state/overlay.ts';
import type { StateKey } from '../state/entry-kind.ts';
import { ACCOUNTS } from '../account.ts';
import { isWeakQuorum, powerOf, validatorSet } from '../validators.ts';
import { ATTENDANCE, type Attendance, attendanceIn, nobody, together } from './attendance.ts';
import { EPOCHS, recordOf } from './epoch-record.ts';
import { cutStake, PENALTY_ACCOUNTS } from './penalties.ts';
import { type Mode, seatsOf } from './seats.ts';
import {
  ALL_VALIDATORS,
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
  yield EPOCHS.key((epoch + 1) as Epoch);
  if (epoch >= EVIDENCE_EPOCHS_MAX) yield EPOCHS.key((epoch - EVIDENCE_EPOCHS_MAX) as Epoch);
}

/** Ends the epoch that `ending` is, with its last block: the one that comes next. */
export function endEpoch(entries: Entries, ending: KnownEpoch, mode: Mode): KnownEpoch {
  const { epoch, lastHeight, parameters } = ending;
  judgeAttendance(entries, ending);
  const seats = seatsOf([...validatorsIn(entries)], ending.validators, mode, parameters.membership);
  settleStatuses(entries, ending, new Set(seats.members.map(({ index }) => index)));
  const next: KnownEpoch = {
    epoch: (epoch + 1) as Epoch,
    firstHeight: (lastHeight + 1) as Height,
    lastHeight: (lastHeight + parameters.consensus.epochLength) as Height,
    validators: validatorSet(seats.members),
    kept: seats.kept.map(({ index }) => index),
    observers: ending.observers,
    parameters,
    upgrade: ending.upgrade,
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

/** What the seats of the next epoch make of everybody's status. */
function settleStatuses(entries: Entries, ending: KnownEpoch, seated: ReadonlySet<ValidatorIndex>): void {
  for (const record of [...validatorsIn(entries)]) {
    const settled = settledStatus(record, ending, seated.has(record.index));
    if (settled !== record) entries.set(VALIDATORS.key(record.index), settled);
  }
}

function settledStatus(record: ValidatorRecord, { epoch, lastHeight }: KnownEpoch, isSeated: boolean): ValidatorRecord {
  const { status, stake } = record;
  if (isSeated) return status === 'pending' ? withStatus(record, 'active', lastHeight) : record;
  switch (status) {
    case 'active':
      // Others have more at stake, or it has too little.
      return withStatus(record, stake > 0n ? 'pending' : 'candidate', lastHeight);
    case 'exiting':
      return withStatus(takenOut(record, stake, epoch), 'unbonded', lastHeight);
    case 'removed':
    case 'tombstoned':
      return takenOut(record, stake, epoch);
    case 'candidate':
    case 'pending':
    case 'jailed':
    case 'unbonded':
      return record;
  }
}
