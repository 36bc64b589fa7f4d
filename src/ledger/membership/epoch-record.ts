/** An epoch as the state holds it: written by the last block of the epoch before, and kept for as long as evidence of it counts. */
import {
  BitArray,
  BitVectorType,
  ByteVectorType,
  ContainerType,
  ListCompositeType,
  OptionalType,
  type ValueOf,
} from '@chainsafe/ssz';
import type { Epoch, Height, Power, ValidatorIndex } from '../../base/brand.ts';
import { type Codec, codec } from '../../codec/codec.ts';
import { uint16, uint64, uint64Big } from '../../codec/types.ts';
import type { KnownEpoch } from '../epoch.ts';
import { FOLLOWERS_MAX, OBSERVERS_MAX, VALIDATORS_MAX } from '../limits.ts';
import { EntryKind } from '../state/entry-kind.ts';
import { validatorSet } from '../validators.ts';
import { ParametersType } from './parameters.ts';
import { ObserverType, UpgradeType } from './observer.ts';
import { nameType, peerIdType } from './validator-record.ts';

const MemberType = new ContainerType({
  index: uint16<ValidatorIndex>(),
  name: nameType(),
  publicKey: new ByteVectorType(32),
  peerId: peerIdType(),
  power: uint64Big<Power>(),
});

const EpochType = new ContainerType({
  epoch: uint64<Epoch>(),
  firstHeight: uint64<Height>(),
  lastHeight: uint64<Height>(),
  members: new ListCompositeType(MemberType, VALIDATORS_MAX),
  kept: new BitVectorType(VALIDATORS_MAX),
  observers: new ListCompositeType(ObserverType, OBSERVERS_MAX),
  followers: new ListCompositeType(ObserverType, FOLLOWERS_MAX),
  parameters: ParametersType,
  upgrade: new OptionalType(UpgradeType),
});

export type EpochValue = Readonly<ValueOf<typeof EpochType>>;
const epochCodec = codec('EpochRecord', EpochType, EpochType.maxSize) as unknown as Codec<EpochValue>;

/** Epochs by number: the one that runs, those of which evidence counts, and after an epoch's last block the next. */
export const EPOCHS = new EntryKind<Epoch, EpochValue>('epoch', epochCodec, (epoch) =>
  epoch.toString().padStart(16, '0'),
);

export const recordOf = ({ validators, kept, observers, ...known }: KnownEpoch): EpochValue =>
  ({
    ...known,
    members: validators.members,
    kept: BitArray.fromBoolArray(
      Array.from({ length: VALIDATORS_MAX }, (_, index) => kept.includes(index as ValidatorIndex)),
    ),
    observers,
  }) as unknown as EpochValue;

export const knownEpochOf = ({ members, kept, ...value }: EpochValue): KnownEpoch => {
  const validators = validatorSet(members);
  return { ...value, validators, kept: kept.getTrueBitIndexes() as ValidatorIndex[] };
};
