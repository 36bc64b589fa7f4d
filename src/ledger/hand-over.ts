/**
 * From one epoch to the next: the last header of an epoch commits to the keys and powers of the set that comes after it, and a quorum of
 * its own set signed it. So whoever trusts the first set of a chain learns each of the others, without any state.
 */
import { ByteVectorType, ContainerType, ListCompositeType, type ValueOf } from '@chainsafe/ssz';
import type { Epoch, Height, Power, ValidatorIndex } from '../base/brand.ts';
import { type Coded, fail, ok, type Result } from '../base/result.ts';
import { type Codec, codec } from '../codec/codec.ts';
import { uint16, uint64, uint64Big } from '../codec/types.ts';
import { blockHash, type Header } from './block.ts';
import type { EpochSet, KnownEpoch } from './epoch.ts';
import { TOTAL_POWER_MAX, VALIDATORS_MAX } from './limits.ts';
import { sumOfPowers, type Validator, validatorSet, validatorsHash } from './validators.ts';
import type { Certificate } from './vote.ts';

const SeatType = new ContainerType({
  index: uint16<ValidatorIndex>(),
  publicKey: new ByteVectorType(32),
  power: uint64Big<Power>(),
});
const HandOverType = new ContainerType({
  epoch: uint64<Epoch>(),
  /** The height after which it begins. */
  height: uint64<Height>(),
  seats: new ListCompositeType(SeatType, VALIDATORS_MAX),
});

/** What a certificate of an epoch is checked by. */
export type Seat = Readonly<ValueOf<typeof SeatType>>;
export type HandOver = Readonly<Omit<ValueOf<typeof HandOverType>, 'seats'>> & { readonly seats: readonly Seat[] };
export const handOverCodec = codec('HandOver', HandOverType, HandOverType.maxSize) as unknown as Codec<HandOver>;

export const handOverTo = ({ epoch, firstHeight, validators }: KnownEpoch): HandOver => ({
  epoch,
  height: (firstHeight - 1) as Height,
  seats: validators.members.map(({ index, publicKey, power }) => ({ index, publicKey, power })),
});

/** BROKEN_HAND_OVER: the header is not that before the epoch, commits to another set, or is not the one that was signed. */
export type HandOverError = Coded<'BROKEN_HAND_OVER'>;

const refuse = (message: string) => fail('BROKEN_HAND_OVER' as const, message);

/** The set of the epoch that comes next, as far as a certificate is checked by it; its last height is not known yet. `header` and
 *  `certificate` are those of the last block of the epoch before, whose set signed the certificate: that is for the caller to check. */
export function nextSet(
  before: Pick<EpochSet, 'epoch' | 'firstHeight'>,
  header: Header,
  certificate: Certificate,
  seats: readonly Seat[],
): Result<EpochSet, HandOverError> {
  if (header.epoch !== before.epoch || header.height < before.firstHeight)
    return refuse(`block ${header.height} is not of epoch ${before.epoch}`);
  if (certificate.blockHash !== blockHash(header) || certificate.height !== header.height)
    return refuse(`the certificate is not that of block ${header.height}`);
  const isSet =
    seats.length > 0 &&
    seats.every(({ index, power }, i) => power > 0n && index > (seats[i - 1]?.index ?? -1) && index < VALIDATORS_MAX) &&
    sumOfPowers(seats) <= TOTAL_POWER_MAX;
  if (!isSet) return refuse('its validators are no set');
  const validators = validatorSet(seats.map((seat): Validator => ({ ...seat, name: '', peerId: '' })));
  if (validatorsHash(validators) !== header.nextValidatorsHash)
    return refuse(`block ${header.height} commits to other validators`);
  return ok({
    epoch: (before.epoch + 1) as Epoch,
    firstHeight: (header.height + 1) as Height,
    lastHeight: Number.MAX_SAFE_INTEGER as Height,
    validators,
  });
}
