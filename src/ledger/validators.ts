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

/** A set never changes: an epoch with other validators has another one. A validator keeps its index from set to set, so there may be
 *  indices between them that nobody has. */
export interface ValidatorSet {
  /** By growing index. */
  readonly members: readonly Validator[];
  /** Use `validatorAt`. */
  readonly byIndex: readonly (Validator | undefined)[];
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

/** The set of these validators, given by growing index. */
export function validatorSet(members: readonly Validator[]): ValidatorSet {
  const total = sumOfPowers(members);
  invariant(members.length > 0, 'a validator set has a member');
  invariant(total <= TOTAL_POWER_MAX, 'the total power of a validator set keeps to its limit', { total });
  const byIndex: (Validator | undefined)[] = [];
  for (const member of members) {
    const { index, power } = member;
    invariant(index >= byIndex.length && index < VALIDATORS_MAX, 'validators stand in the order of their indices');
    invariant(power > 0n, 'whoever is in a validator set has power', { index });
    while (byIndex.length < index) byIndex.push(undefined);
    byIndex.push(member);
  }
  return { members, byIndex, total, byPeerId: new Map(members.map((member) => [member.peerId, member])) };
}

/** Indices of this set are below it. */
export const placesIn = ({ byIndex }: ValidatorSet): number => byIndex.length;

/** Whoever they are; without a bound, for sums that are not checked yet. */
export const sumOfPowers = (validators: readonly { readonly power: bigint }[]): bigint =>
  validators.reduce((sum, { power }) => sum + power, 0n);

/** `validatorsHash` of headers. Every block has it, and a set never changes: it is hashed once. */
export function validatorsHash(set: ValidatorSet): Hash {
  const known = hashes.get(set);
  if (known !== undefined) return known;
  const keysAndPowers = set.byIndex.map((member) => member ?? NOBODY);
  const hash = sha256Hash(ValidatorSetType.serialize(keysAndPowers));
  hashes.set(set, hash);
  return hash;
}

const hashes = new WeakMap<ValidatorSet, Hash>();
/** Stands where nobody has an index. */
const NOBODY = { publicKey: new Uint8Array(32), power: 0n as Power };

/** Undefined where the index names nobody: it may come from a message. */
export const validatorAt = (set: ValidatorSet, index: number): Validator | undefined => set.byIndex[index];

/** The one that comes so many places after this one, in the order of indices and round again. Whoever is no member counts as one before
 *  the first. */
export function memberAfter({ members }: ValidatorSet, index: number, places: number): ValidatorIndex {
  const position = members.findIndex((member) => member.index === index);
  return present(members[(position + places) % members.length], 'validator').index;
}

/** Undefined for a peer that is no validator. */
export const validatorOfPeer = (set: ValidatorSet, peerId: string): Validator | undefined => set.byPeerId.get(peerId);

/** Who signs with this ed25519 key, 32 bytes. Undefined when nobody does. */
export const validatorOfKey = (set: ValidatorSet, publicKey: Uint8Array): Validator | undefined =>
  set.members.find((validator) => equalBytes(validator.publicKey, publicKey));

/** More than two thirds of the power: any two quorums share an honest validator. Not 2f+1: with six equal validators two
 *  sets of 2f+1 = 3 need not meet. */
export const isQuorum = (set: ValidatorSet, power: bigint): boolean => 3n * power > 2n * set.total;

/** A third of the power: at least one honest validator is among them, and without them there is no quorum. (Those are the
 *  same sets: liars hold less than a third, and what is left beside exactly a third is no quorum.) */
export const isWeakQuorum = (set: Pick<ValidatorSet, 'total'>, power: bigint): boolean => 3n * power >= set.total;

/** More than a third of the power: what any two quorums share, and so the least that lies where two of them contradict each
 *  other. */
export const isSharedByQuorums = (set: Pick<ValidatorSet, 'total'>, power: bigint): boolean => 3n * power > set.total;

/** The least power that is a quorum. */
export const requiredPower = ({ total }: Pick<ValidatorSet, 'total'>): bigint => (2n * total) / 3n + 1n;

/** Power of these validators together. Each identity counts once, however often it is named; an index that names nobody has
 *  none. */
export function powerOf(set: ValidatorSet, indices: Iterable<number>): bigint {
  let power = 0n;
  for (const index of new Set(indices)) power += set.byIndex[index]?.power ?? 0n;
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
export function scheduled({ members, total }: ValidatorSet, turn: bigint): ValidatorIndex {
  const first = present(members[0], 'first validator');
  const size = members.length;
  if (total === BigInt(size) * first.power && members.every(({ power }) => power === first.power)) {
    return present(members[Number(turn % BigInt(size))], 'validator').index;
  }
  const position = turn % total;
  const reach = 2n * position - BigInt(size);
  // Turns of each validator at times <= reach / 2W: floor(w * reach / 2W + 1/2).
  const taken = members.map(({ power }) => (reach <= 0n ? 0n : (power * reach + total) / (2n * total)));
  let skipped = taken.reduce((sum, turns) => sum + turns, 0n);
  invariant(skipped <= position && position - skipped < size, 'the count of early turns is close', {
    position,
    skipped,
  });
  for (;;) {
    const next = earliestTurn(members, taken);
    if (skipped === position) return present(members[next], 'validator').index;
    taken[next] = present(taken[next], 'turns taken') + 1n;
    skipped += 1n;
  }
}

/** Whose next turn is earliest, as a position among the members: the smallest (2 * taken + 1) / 2w. */
function earliestTurn(members: readonly Validator[], taken: readonly bigint[]): number {
  let best = 0;
  let bestTurn = 2n * present(taken[0], 'turns taken') + 1n;
  let bestPower: bigint = present(members[0], 'validator').power;
  for (let position = 1; position < members.length; position++) {
    const turn = 2n * present(taken[position], 'turns taken') + 1n;
    const { power } = present(members[position], 'validator');
    if (turn * bestPower < bestTurn * power) [best, bestTurn, bestPower] = [position, turn, power];
  }
  return best;
}
