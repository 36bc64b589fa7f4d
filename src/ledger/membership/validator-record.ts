/**
 * What the state knows of a validator, from its admission on. Its life:
 *
 *     candidate -> pending -> active -> exiting -> unbonded
 *                     ^          |
 *                     +- jailed <+-> tombstoned, removed
 *
 * A candidate has less stake than it needs; who is pending joins when the next epoch begins; an active one is in the set of the epoch that
 * runs, and so is one that is exiting, until the epoch ends. A jailed validator was away for too long, and may come back. One that is
 * tombstoned broke the protocol, and may not; one that is removed was voted out. Where power is not stake, nobody is a candidate.
 */
import {
  BitArray,
  BitVectorType,
  ByteVectorType,
  ContainerType,
  ListCompositeType,
  type ValueOf,
} from '@chainsafe/ssz';
import type { Address, Epoch, Height, ValidatorIndex } from '../../base/brand.ts';
import { type Codec, codec } from '../../codec/codec.ts';
import { ascii, hex32, nameOf, uint16, uint64, uint64Big } from '../../codec/types.ts';
import { EVIDENCE_EPOCHS_MAX, NAME_MAX, PEER_ID_CHARACTERS, VALIDATORS_MAX } from '../limits.ts';
import { EntryKind } from '../state/entry-kind.ts';
import type { Entries } from '../state/overlay.ts';

export const VALIDATOR_STATUSES = [
  'candidate',
  'pending',
  'active',
  'exiting',
  'unbonded',
  'jailed',
  'tombstoned',
  'removed',
] as const;
export type ValidatorStatus = (typeof VALIDATOR_STATUSES)[number];

export const nameType = () => ascii(new RegExp(`^[a-z0-9][a-z0-9-]{0,${NAME_MAX - 1}}$`), NAME_MAX);
/** Text of the libp2p peer id of an ed25519 key. */
export const peerIdType = () => ascii(/^12D3KooW[1-9A-HJ-NP-Za-km-z]{44}$/, PEER_ID_CHARACTERS);

/** Epochs for which stake can be on its way out: all that offences count for, and the one that runs. */
const UNBONDING_MAX = EVIDENCE_EPOCHS_MAX + 1;

/** Stake that was taken out, and may still be cut for what its owner did while it was in. */
const UnbondingType = new ContainerType({
  amount: uint64Big(),
  /** The epoch in which it was taken out: the last in which it gave power. */
  epoch: uint64<Epoch>(),
});

const RecordType = new ContainerType({
  index: uint16<ValidatorIndex>(),
  name: nameType(),
  /** Whose stake it is, and who speaks for the validator on the chain. */
  account: hex32<Address>(),
  /** ed25519 key of its votes. */
  publicKey: new ByteVectorType(32),
  peerId: peerIdType(),
  status: nameOf(VALIDATOR_STATUSES),
  /** The height at which it came to have this status. */
  since: uint64<Height>(),
  stake: uint64Big(),
  /** By growing epoch, one for each. */
  unbonding: new ListCompositeType(UnbondingType, UNBONDING_MAX),
  /** Taken from it in all, by penalties. */
  slashed: uint64Big(),
  /** Offences on record. */
  offences: uint64(),
  /** While it is jailed: the first epoch in which it may ask to come back. */
  jailedUntil: uint64<Epoch>(),
  /** Epochs in a row, up to the last that ended, in which no certificate named it. */
  missed: uint64(),
  /** Who proposed bodies in these epochs, by index. */
  missedBefore: new BitVectorType(VALIDATORS_MAX),
  /** The first epoch in which it had no seat any more, when it lost its last one; 0 where it never did. */
  left: uint64<Epoch>(),
});

export type Unbonding = Readonly<ValueOf<typeof UnbondingType>>;
export type ValidatorRecord = Readonly<Omit<ValueOf<typeof RecordType>, 'name' | 'peerId' | 'unbonding'>> & {
  readonly name: string;
  readonly peerId: string;
  readonly unbonding: readonly Unbonding[];
};

const recordCodec = codec('ValidatorRecord', RecordType, RecordType.maxSize) as unknown as Codec<ValidatorRecord>;

/** Validators under their indices. */
export const VALIDATORS = new EntryKind<ValidatorIndex, ValidatorRecord>('validator', recordCodec, (index) =>
  index.toString().padStart(5, '0'),
);

/** No index. */
export const nobody = (): BitArray => BitArray.fromBitLen(VALIDATORS_MAX);

/** What a validator begins with. */
export const newValidator = (
  given: Pick<ValidatorRecord, 'index' | 'name' | 'account' | 'publicKey' | 'peerId' | 'status' | 'since' | 'stake'>,
): ValidatorRecord => ({
  ...given,
  unbonding: [],
  slashed: 0n,
  offences: 0,
  jailedUntil: 0 as Epoch,
  missed: 0,
  missedBefore: nobody(),
  left: 0 as Epoch,
});

/** All that there can be: whoever goes through all validators touches these. */
export const ALL_VALIDATORS: readonly ValidatorIndex[] = Array.from(
  { length: VALIDATORS_MAX },
  (_, index) => index as ValidatorIndex,
);

/** By index. */
export function* validatorsIn(entries: Pick<Entries, 'get'>): Generator<ValidatorRecord> {
  for (const index of ALL_VALIDATORS) {
    const record = entries.get(VALIDATORS.key(index));
    if (record !== undefined) yield record;
  }
}

/** With another status, since this height. */
export const withStatus = (record: ValidatorRecord, status: ValidatorStatus, height: Height): ValidatorRecord =>
  record.status === status ? record : { ...record, status, since: height };

/** With so much of its stake taken out in this epoch. */
export function takenOut(record: ValidatorRecord, amount: bigint, epoch: Epoch): ValidatorRecord {
  if (amount === 0n) return record;
  const unbonding = [...record.unbonding];
  const last = unbonding.at(-1);
  if (last?.epoch === epoch) unbonding[unbonding.length - 1] = { amount: last.amount + amount, epoch };
  else unbonding.push({ amount, epoch });
  return { ...record, stake: record.stake - amount, unbonding: joined(unbonding) };
}

/** Where there are too many, the oldest two become one, of the later epoch. Both can be withdrawn by then, or in the next epoch. */
function joined(unbonding: readonly Unbonding[]): readonly Unbonding[] {
  const [first, second, ...rest] = unbonding;
  if (unbonding.length <= UNBONDING_MAX || first === undefined || second === undefined) return unbonding;
  return [{ amount: first.amount + second.amount, epoch: second.epoch }, ...rest];
}
