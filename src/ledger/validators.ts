/** The validators of an epoch: who votes with which power, what is a quorum, and who is primary when. */
import { ByteVectorType, ContainerType, ListCompositeType } from '@chainsafe/ssz';
import type { Epoch, Hash, Height, Power, ValidatorIndex, View } from '../base/brand.ts';
import { invariant, present } from '../base/invariant.ts';
import { uint64Big } from '../codec/types.ts';
import { sha256Hash } from '../crypto/sha256.ts';
import { TOTAL_POWER_MAX, VALIDATORS_MAX } from './limits.ts';
import type { Signers } from './vote.ts';

export interface Validator {
  readonly index: ValidatorIndex;
  readonly name: string;
  /** ed25519 key of its votes, 32 bytes. */
  readonly publicKey: Uint8Array;
  /** libp2p peer id of its node, text form. */
  readonly peerId: string;
  readonly power: Power;
}

/** The fixed set of one epoch. `validators[i].index === i`. */
export interface ValidatorSet {
  readonly validators: readonly Validator[];
  /** Sum of the powers, below 2^63. */
  readonly total: bigint;
}

/** What light clients need of a set to check a certificate: keys and powers, by index. */
const ValidatorSetType = new ListCompositeType(
  new ContainerType({ publicKey: new ByteVectorType(32), power: uint64Big<Power>() }),
  VALIDATORS_MAX,
);

export function validatorSet(validators: readonly Validator[]): ValidatorSet {
  const total = validators.reduce((sum, { power }) => sum + power, 0n);
  invariant(
    validators.length > 0 && validators.length <= VALIDATORS_MAX,
    'a validator set has a size within its bounds',
  );
  invariant(total <= TOTAL_POWER_MAX, 'the total power of a validator set keeps to its limit', { total });
  invariant(
    validators.every(({ index }, position) => index === position),
    'validators stand in the order of their indices',
  );
  return { validators, total };
}

/** `validatorsHash` of headers. */
export const validatorsHash = (set: ValidatorSet): Hash =>
  sha256Hash(ValidatorSetType.serialize(set.validators.map(({ publicKey, power }) => ({ publicKey, power }))));

/** More than two thirds of the power: any two quorums share an honest validator. Not 2f+1: with six equal validators two
 *  sets of 2f+1 = 3 need not meet. */
export const isQuorum = (set: ValidatorSet, power: bigint): boolean => 3n * power > 2n * set.total;

/** A third of the power: at least one honest validator is among them, and without them there is no quorum. (Those are the
 *  same sets: liars hold less than a third, and what is left beside exactly a third is no quorum.) */
export const isWeakQuorum = (set: ValidatorSet, power: bigint): boolean => 3n * power >= set.total;

/** Power of the signers, each identity once. Undefined when a bit names nobody. */
export function powerOf(set: ValidatorSet, signers: Signers): bigint | undefined {
  let power = 0n;
  for (const index of signers.getTrueBitIndexes()) {
    const validator = set.validators[index];
    if (validator === undefined) return undefined;
    power += validator.power;
  }
  return power;
}

/** Epoch of a block: heights 1 to `epochLength` are epoch 0. Genesis counts as epoch 0. */
export const epochOf = (height: Height, epochLength: number): Epoch =>
  Math.floor(Math.max(0, height - 1) / epochLength) as Epoch;

/**
 * The primary of a view: entry `epoch + view` of a cyclic schedule, so that leadership moves with every epoch and view.
 *
 * The schedule is Webster's apportionment sequence (Sainte-Laguë): the k-th turn (from 0) of a validator of power w is at
 * time (2k + 1) / 2w, and turns are taken in the order of their times, at one time by index. In a cycle of total-power turns each validator
 * has exactly as many as its power, spread evenly; with equal powers it is round robin.
 *
 * No cycle is walked: all turns up to time (2p - n) / 2W are counted, at most p and more than p - n of them, and only
 * the rest is stepped through. Cost: n^2 comparisons at most, whatever the view; none where it is asked of again, as it is
 * several times for each message.
 */
export function primaryOf(set: ValidatorSet, epoch: Epoch, view: View): ValidatorIndex {
  const last = lastAsked.get(set);
  if (last !== undefined && last.epoch === epoch && last.view === view) return last.primary;
  const primary = scheduled(set, epoch, view);
  lastAsked.set(set, { epoch, view, primary });
  return primary;
}

interface Asked {
  readonly epoch: Epoch;
  readonly view: View;
  readonly primary: ValidatorIndex;
}

/** Of each set the last turn that was asked for. */
const lastAsked = new WeakMap<ValidatorSet, Asked>();

function scheduled({ validators, total }: ValidatorSet, epoch: Epoch, view: View): ValidatorIndex {
  const first = present(validators[0], 'first validator');
  const size = validators.length;
  if (total === BigInt(size) * first.power && validators.every(({ power }) => power === first.power)) {
    return Number((BigInt(epoch) + BigInt(view)) % BigInt(size)) as ValidatorIndex;
  }
  const position = (BigInt(epoch) + BigInt(view)) % total;
  const reach = 2n * position - BigInt(size);
  // Turns of each validator at times <= reach / 2W: floor(w * reach / 2W + 1/2).
  const taken = validators.map(({ power }) => (reach <= 0n ? 0n : (power * reach + total) / (2n * total)));
  let skipped = taken.reduce((sum, turns) => sum + turns, 0n);
  invariant(skipped <= position && position - skipped < size, 'the count of early turns is close', {
    position,
    skipped,
  });
  for (;;) {
    const next = earliestTurn(validators, taken);
    if (skipped === position) return next;
    taken[next] = present(taken[next], 'turns taken') + 1n;
    skipped += 1n;
  }
}

/** Whose next turn is earliest: the smallest (2 * taken + 1) / 2w. */
function earliestTurn(validators: readonly Validator[], taken: readonly bigint[]): ValidatorIndex {
  let best = 0;
  let bestTurn = 2n * present(taken[0], 'turns taken') + 1n;
  let bestPower: bigint = present(validators[0], 'validator').power;
  for (let index = 1; index < validators.length; index++) {
    const turn = 2n * present(taken[index], 'turns taken') + 1n;
    const { power } = present(validators[index], 'validator');
    if (turn * bestPower < bestTurn * power) [best, bestTurn, bestPower] = [index, turn, power];
  }
  return best as ValidatorIndex;
}
