/**
 * A set of validators: who they are, how much power some of them have together, what is a quorum, and whose turn it is to be
 * primary. All arithmetic of powers is here. Which epoch has which set is in epoch.ts.
 */
import { ByteVectorType, ContainerType, ListCompositeType } from '@chainsafe/ssz';
import type { Hash, Power, ValidatorIndex } from '../base/brand.ts';
import { invariant, present } from '../base/invariant.ts';
import { equalBytes } from '../codec/codec.ts';
import { uint64Big } from '../codec/types.ts';
import { sha256Hash } from '../crypto/sha256.ts';
import { TOTAL_POWER_MAX, VALIDATORS_MAX } from './limits.ts';

export interface Validator {
  readonly index: ValidatorIndex;
  readonly name: string;
  /** ed25519 key of its votes, 32 bytes. */
  readonly publicKey: Uint8Array;
  /** libp2p peer id of its node, text form. */
  readonly peerId: string;
  readonly power: Power;
}

/** A set never changes: an epoch with other validators has another one. `validators[i].index === i`. */
export interface ValidatorSet {
  readonly validators: readonly Validator[];
  /** Sum of the powers, below 2^63. */
  readonly total: bigint;
  /** Use `validatorOfPeer`. */
  readonly byPeerId: ReadonlyMap<string, Validator>;
}

/** What light clients need of a set to check a certificate: keys and powers, by index. */
const ValidatorSetType = new ListCompositeType(
  new ContainerType({ publicKey: new ByteVectorType(32), power: uint64Big<Power>() }),
  VALIDATORS_MAX,
);

export function validatorSet(validators: readonly Validator[]): ValidatorSet {
  const total = sumOfPowers(validators);
  invariant(
    validators.length > 0 && validators.length <= VALIDATORS_MAX,
    'a validator set has a size within its bounds',
  );
  invariant(total <= TOTAL_POWER_MAX, 'the total power of a validator set keeps to its limit', { total });
  invariant(
    validators.every(({ index }, position) => index === position),
    'validators stand in the order of their indices',
  );
  return { validators, total, byPeerId: new Map(validators.map((validator) => [validator.peerId, validator])) };
}

/** Whoever they are; without a bound, for sums that are not checked yet. */
export const sumOfPowers = (validators: readonly { readonly power: bigint }[]): bigint =>
  validators.reduce((sum, { power }) => sum + power, 0n);

/** `validatorsHash` of headers. Every block has it, and a set never changes: it is hashed once. */
export function validatorsHash(set: ValidatorSet): Hash {
  const known = hashes.get(set);
  if (known !== undefined) return known;
  const keysAndPowers = set.validators.map(({ publicKey, power }) => ({ publicKey, power }));
  const hash = sha256Hash(ValidatorSetType.serialize(keysAndPowers));
  hashes.set(set, hash);
  return hash;
}

const hashes = new WeakMap<ValidatorSet, Hash>();

/** Undefined where the index names nobody: it may come from a message. */
export const validatorAt = (set: ValidatorSet, index: number): Validator | undefined => set.validators[index];

/** Undefined for a peer that is no validator. */
export const validatorOfPeer = (set: ValidatorSet, peerId: string): Validator | undefined => set.byPeerId.get(peerId);

/** Who signs with this ed25519 key, 32 bytes. Undefined when nobody does. */
export const validatorOfKey = (set: ValidatorSet, publicKey: Uint8Array): Validator | undefined =>
  set.validators.find((validator) => equalBytes(validator.publicKey, publicKey));

/** More than two thirds of the power: any two quorums share an honest validator. Not 2f+1: with six equal validators two
 *  sets of 2f+1 = 3 need not meet. */
export const isQuorum = (set: ValidatorSet, power: bigint): boolean => 3n * power > 2n * set.total;

/** A third of the power: at least one honest validator is among them, and without them there is no quorum. (Those are the
 *  same sets: liars hold less than a third, and what is left beside exactly a third is no quorum.) */
export const isWeakQuorum = (set: ValidatorSet, power: bigint): boolean => 3n * power >= set.total;

/** The least power that is a quorum. */
export const requiredPower = ({ total }: Pick<ValidatorSet, 'total'>): bigint => (2n * total) / 3n + 1n;

/** Power of these validators together. Each identity counts once, however often it is named; an index that names nobody has
 *  none. */
export function powerOf(set: ValidatorSet, indices: Iterable<number>): bigint {
  let power = 0n;
  for (const index of new Set(indices)) power += set.validators[index]?.power ?? 0n;
  return power;
}

/**
 * Whose turn it is, of a cyclic schedule that begins with turn 0.
 *
 * The schedule is Webster's apportionment sequence (Sainte-Laguë): the k-th turn (from 0) of a validator of power w is at
 * time (2k + 1) / 2w, and turns are taken in the order of their times, at one time by index. In a cycle of total-power turns each validator
 * has exactly as many as its power, spread evenly; with equal powers it is round robin.
 *
 * No cycle is walked: all turns up to time (2p - n) / 2W are counted, at most p and more than p - n of them, and only
 * the rest is stepped through. Cost: n^2 comparisons at most, whatever the turn.
 */
export function scheduled({ validators, total }: ValidatorSet, turn: bigint): ValidatorIndex {
  const first = present(validators[0], 'first validator');
  const size = validators.length;
  if (total === BigInt(size) * first.power && validators.every(({ power }) => power === first.power)) {
    return Number(turn % BigInt(size)) as ValidatorIndex;
  }
  const position = turn % total;
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
