/** Who is in the set of the next epoch, and with what power. */
import type { Power } from '../../base/brand.ts';
import type { ConsensusParameters } from './parameters.ts';
import { TOTAL_POWER_MAX, VALIDATORS_MIN } from '../limits.ts';
import type { Validator, ValidatorSet } from '../validators.ts';
import { validatorAt } from '../validators.ts';
import { type MembershipParameters, WHOLE } from './parameters.ts';
import { isEnough } from './stake.ts';
import type { ValidatorRecord } from './validator-record.ts';

export type Mode = ConsensusParameters['mode'];

export interface Seats {
  /** By growing index. */
  readonly members: readonly Validator[];
  /** Those of them that would have left, and stay because the set would be too small without them: an alarm. */
  readonly kept: readonly Validator[];
}

/** Whether the validator may have power at all, if there is room for it. */
const isReady = ({ status, stake }: ValidatorRecord, mode: Mode, parameters: MembershipParameters): boolean =>
  (status === 'pending' || status === 'active') && (mode === 'equal' || isEnough(stake, parameters));

/**
 * The seats of the next epoch. `before`: the set of the one that ends.
 *
 * A set never shrinks below four, or below what it was where it was smaller, by whoever leaves or is thrown out: with fewer than four
 * nobody may fail. Those who leave of themselves stay first, then who was away, then who was voted out, then who lied; of them those with
 * the greatest stake. They stay until there are others; what a liar can do with less than a third of the power the protocol stands.
 */
export function seatsOf(
  records: readonly ValidatorRecord[],
  before: ValidatorSet,
  mode: Mode,
  parameters: MembershipParameters,
): Seats {
  const ready = withPower(
    records
      .filter((record) => isReady(record, mode, parameters))
      .sort(byStake)
      .slice(0, parameters.maxValidators)
      .sort(byIndex),
    mode,
    parameters,
  );
  const least = Math.min(VALIDATORS_MIN, before.members.length);
  const kept = records
    .filter((record) => !ready.includes(record) && validatorAt(before, record.index) !== undefined)
    .sort(byBlame)
    .slice(0, Math.max(0, least - ready.length));
  const seated = [...ready, ...kept].sort(byIndex);
  // A member has power, even one that is kept without any stake.
  const powers = powersOf(seated, mode, parameters).map((power) => (power > 0n ? power : 1n));
  const members = seated.map(({ index, name, publicKey, peerId }, position) => ({
    index,
    name,
    publicKey,
    peerId,
    power: powers[position] as Power,
  }));
  return { members, kept: members.filter(({ index }) => kept.some((each) => each.index === index)) };
}

/** Those of them that have power. Where a holder has more than its share, the smallest of its validators may have none. */
function withPower(
  ready: readonly ValidatorRecord[],
  mode: Mode,
  parameters: MembershipParameters,
): readonly ValidatorRecord[] {
  const powers = powersOf(ready, mode, parameters);
  const left = ready.filter((_, position) => powers[position] !== 0n);
  return left.length === ready.length ? ready : withPower(left, mode, parameters);
}

const byIndex = (a: ValidatorRecord, b: ValidatorRecord): number => a.index - b.index;

const byStake = (a: ValidatorRecord, b: ValidatorRecord): number => compare(b.stake, a.stake) || a.index - b.index;

const BLAME: readonly ValidatorRecord['status'][] = [
  'active',
  'pending',
  'candidate',
  'exiting',
  'unbonded',
  'jailed',
  'removed',
  'tombstoned',
];

const byBlame = (a: ValidatorRecord, b: ValidatorRecord): number =>
  BLAME.indexOf(a.status) - BLAME.indexOf(b.status) || byStake(a, b);

const compare = (a: bigint, b: bigint): number => (a === b ? 0 : a < b ? -1 : 1);

/** One each, or what each has at stake, as far as the bound of one holder's share lets it count. In the order of `seated`. */
export function powersOf(
  seated: readonly Pick<ValidatorRecord, 'account' | 'stake'>[],
  mode: Mode,
  { holderShareMax }: Pick<MembershipParameters, 'holderShareMax'>,
): readonly bigint[] {
  if (mode === 'equal') return seated.map(() => 1n);
  const holders = new Map<string, bigint>();
  for (const { account, stake } of seated) holders.set(account, (holders.get(account) ?? 0n) + stake);
  const cap = capOf([...holders.values()], BigInt(holderShareMax));
  const counted = new Map<string, bigint>();
  return seated.map(({ account, stake }) => {
    const held = holders.get(account) as bigint;
    return held <= cap ? stake : partOf(account, stake, held);
  });

  /** Of a holder with more than the cap: what all of its validators have together is the cap, to the last unit. */
  function partOf(account: string, stake: bigint, held: bigint): bigint {
    const before = counted.get(account) ?? 0n;
    counted.set(account, before + stake);
    return ((before + stake) * cap) / held - (before * cap) / held;
  }
}

/** The most that one holder may have so that it is no more than the share of all together, each counting with no more than that. Where there
 *  are too few holders for that, all count for as much as the one with the least: if there were no bound then, the greatest could have
 *  nearly all power as soon as one of the others leaves. */
function capOf(held: readonly bigint[], share: bigint): bigint {
  const whole = BigInt(WHOLE);
  const fits = (cap: bigint): boolean => {
    const total = held.reduce((sum, each) => sum + (each < cap ? each : cap), 0n);
    return cap * whole <= total * share;
  };
  // What fits is all up to some value: the total grows more slowly than the cap.
  let [low, high] = [0n, TOTAL_POWER_MAX];
  while (low < high) {
    const middle = (low + high + 1n) / 2n;
    if (fits(middle)) low = middle;
    else high = middle - 1n;
  }
  const [least = TOTAL_POWER_MAX] = held.filter((each) => each > 0n).sort(compare);
  return low > 0n ? low : least;
}
