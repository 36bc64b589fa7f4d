/**
 * What it costs to break the protocol, or to be away. A penalty takes a part of what was at stake when it happened: what is bonded, and what
 * was taken out since. Some of it is burnt, the rest goes to the treasury; both are accounts that nobody can spend from.
 */
import type { Address, Epoch, Height } from '../../base/brand.ts';
import { ACCOUNTS, accountIn, BURNT, STAKES, TREASURY } from '../account.ts';
import type { Offence } from '../offence.ts';
import type { Entries } from '../state/overlay.ts';
import { type MembershipParameters, WHOLE } from './parameters.ts';
import { VALIDATORS, type ValidatorRecord, withStatus } from './validator-record.ts';

/** The accounts that a penalty changes. */
export const PENALTY_ACCOUNTS = [STAKES, BURNT, TREASURY] as const;

/** An offence was put on record: its validator loses a part of its stake, and its key is worth nothing from the next epoch on. */
export function punish(
  entries: Entries,
  { kind, validator, epoch }: Offence,
  height: Height,
  parameters: MembershipParameters,
): void {
  const record = entries.get(VALIDATORS.key(validator));
  if (record === undefined) return;
  const part = kind === 'amnesia' ? parameters.amnesiaPenalty : parameters.equivocationPenalty;
  const cut = cutStake(entries, record, part, epoch, parameters);
  const offences = cut.offences + 1;
  entries.set(VALIDATORS.key(validator), withStatus({ ...cut, offences }, 'tombstoned', height));
}

/** Takes a part of what was at stake in the epoch; the record after it. */
export function cutStake(
  entries: Entries,
  record: ValidatorRecord,
  part: number,
  epoch: Epoch,
  { burntShare }: MembershipParameters,
): ValidatorRecord {
  const fromStake = partOf(record.stake, part);
  let taken = fromStake;
  const unbonding = record.unbonding.flatMap((each) => {
    // What was taken out before the offence gave no power any more.
    if (each.epoch < epoch) return [each];
    const cut = partOf(each.amount, part);
    taken += cut;
    return each.amount === cut ? [] : [{ ...each, amount: each.amount - cut }];
  });
  const burnt = (taken * BigInt(burntShare)) / BigInt(WHOLE);
  move(entries, STAKES, BURNT, burnt);
  move(entries, STAKES, TREASURY, taken - burnt);
  return { ...record, stake: record.stake - fromStake, unbonding, slashed: record.slashed + taken };
}

/** Up, so that no stake is too small to lose something. */
const partOf = (amount: bigint, part: number): bigint => (amount * BigInt(part) + BigInt(WHOLE) - 1n) / BigInt(WHOLE);

/** Moves what is there from one account to another. */
export function move(entries: Entries, from: Address, to: Address, amount: bigint): void {
  if (amount === 0n) return;
  const giver = accountIn(entries, from);
  entries.set(ACCOUNTS.key(from), { ...giver, balance: giver.balance - amount });
  const taker = accountIn(entries, to);
  entries.set(ACCOUNTS.key(to), { ...taker, balance: taker.balance + amount });
}
