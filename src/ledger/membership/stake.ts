/**
 * Stake: how it comes in, goes out, and comes back. All of it lies with one account of the ledger (`STAKES`), from the bond until it is
 * withdrawn; the record of its validator says how much is whose. A validator has the stake of its own account alone: there is no delegation.
 *
 * Whatever is done with stake, it can be cut for what its validator did while it gave power. What goes out by a part does so at once, and
 * has given power up to the end of the epoch; all of it goes out when the epoch ends, where its validator has a seat until then. From
 * there on it waits for as long as offences of that epoch count, and one epoch more.
 */
import type { Epoch } from '../../base/brand.ts';
import { unreachable } from '../../base/invariant.ts';
import type { KnownEpoch } from '../epoch.ts';
import type { Execution } from '../operations/kind.ts';
import { validatorAt } from '../validators.ts';
import type { MembershipParameters } from './parameters.ts';
import { nobody, takenOut, VALIDATORS, type ValidatorRecord, withStatus } from './validator-record.ts';

/** Codes of whoever speaks for a validator. */
export const OWN_VALIDATOR_CODES = { NOT_A_VALIDATOR: 18, NOT_YOUR_VALIDATOR: 19 } as const;

/** The validator, if it is the sender's; or why the sender cannot speak for it. */
export function ownValidator(
  { sender, state }: Pick<Execution, 'sender' | 'state'>,
  index: ValidatorRecord['index'],
): ValidatorRecord | keyof typeof OWN_VALIDATOR_CODES {
  const record = state.get(VALIDATORS.key(index));
  if (record === undefined) return 'NOT_A_VALIDATOR';
  return record.account === sender ? record : 'NOT_YOUR_VALIDATOR';
}

/** Whether so much stake is enough for a seat. */
export const isEnough = (stake: bigint, { minStake }: Pick<MembershipParameters, 'minStake'>): boolean =>
  stake > 0n && stake >= minStake;

/** The place of an operation among heights and epochs. */
interface Moment {
  readonly height: ValidatorRecord['since'];
  readonly epoch: KnownEpoch;
}

/** Whether the time that it was jailed for is not over. */
const isSentenced = ({ jailedUntil }: ValidatorRecord, { epoch }: KnownEpoch): boolean => epoch < jailedUntil;

/** The record with more stake. With enough of it, whoever has no seat waits for one; who is leaving stays; who is in jail stays there. */
export function bonded(
  record: ValidatorRecord,
  amount: bigint,
  { height, epoch }: Moment,
): ValidatorRecord | 'TOMBSTONED' | 'REMOVED' {
  const more = { ...record, stake: record.stake + amount };
  switch (record.status) {
    case 'tombstoned':
      return 'TOMBSTONED';
    case 'removed':
      return 'REMOVED';
    case 'candidate':
    case 'unbonded':
      // Nobody comes out of jail by leaving: neither here nor below.
      if (isSentenced(record, epoch)) return withStatus(more, 'jailed', height);
      return withStatus(more, isEnough(more.stake, epoch.parameters.membership) ? 'pending' : 'candidate', height);
    case 'exiting':
      // It has a seat while it is leaving.
      return withStatus(more, isSentenced(record, epoch) ? 'jailed' : 'active', height);
    case 'pending':
    case 'active':
    case 'jailed':
      return more;
    default:
      return unreachable(record.status);
  }
}

/** The record with less stake, which is on its way out from now on; or with none from the end of the epoch on. */
export function unbonded(
  record: ValidatorRecord,
  amount: bigint,
  { height, epoch }: Moment,
): ValidatorRecord | 'TOMBSTONED' | 'REMOVED' | 'EXITING' | 'INSUFFICIENT_STAKE' | 'BELOW_MIN_STAKE' {
  const { status, stake } = record;
  if (status === 'tombstoned') return 'TOMBSTONED';
  if (status === 'removed') return 'REMOVED';
  if (status === 'exiting') return 'EXITING';
  if (amount > stake) return 'INSUFFICIENT_STAKE';
  if (amount < stake) {
    const fits = isEnough(stake - amount, epoch.parameters.membership);
    return fits ? takenOut(record, amount, epoch.epoch) : 'BELOW_MIN_STAKE';
  }
  const isSeated = validatorAt(epoch.validators, record.index) !== undefined;
  return isSeated
    ? withStatus(record, 'exiting', height)
    : withStatus(takenOut(record, amount, epoch.epoch), 'unbonded', height);
}

/** The record without so much of what is on its way out and has waited for long enough: the oldest of it first. */
export function withdrawn(
  record: ValidatorRecord,
  amount: bigint,
  { epoch: { epoch, parameters } }: Moment,
): ValidatorRecord | 'INSUFFICIENT_STAKE' | 'NOT_RELEASED' {
  const isReleased = (since: Epoch): boolean => epoch > since + parameters.membership.unbondingEpochs;
  let rest = amount;
  const unbonding = record.unbonding.flatMap((each) => {
    if (rest === 0n || !isReleased(each.epoch)) return [each];
    const taken = each.amount < rest ? each.amount : rest;
    rest -= taken;
    return taken === each.amount ? [] : [{ ...each, amount: each.amount - taken }];
  });
  if (rest === 0n) return { ...record, unbonding };
  const all = record.unbonding.reduce((sum, each) => sum + each.amount, 0n);
  return amount > all ? 'INSUFFICIENT_STAKE' : 'NOT_RELEASED';
}

/** The record out of jail. It is judged anew from now on. */
export function unjailed(
  record: ValidatorRecord,
  isStake: boolean,
  { height, epoch }: Moment,
): ValidatorRecord | 'NOT_JAILED' | 'JAILED_UNTIL' {
  if (record.status !== 'jailed') return 'NOT_JAILED';
  if (isSentenced(record, epoch)) return 'JAILED_UNTIL';
  const isReady = !isStake || isEnough(record.stake, epoch.parameters.membership);
  const free = { ...record, missed: 0, missedBefore: nobody() };
  return withStatus(free, isReady ? 'pending' : 'candidate', height);
}
