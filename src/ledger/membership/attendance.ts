/**
 * Who was there in the epoch that runs, by the certificates that bodies carry. A proposer can leave a validator's signature out of what
 * it carries, and no proposer can make one up; so to be missed says something only where it was missed by proposers of whom one at
 * least is honest, and by all of them for a whole epoch.
 */
import { type BitArray, BitVectorType, ContainerType, type ValueOf } from '@chainsafe/ssz';
import type { Epoch } from '../../base/brand.ts';
import { codec } from '../../codec/codec.ts';
import { uint64 } from '../../codec/types.ts';
import type { Body } from '../block.ts';
import { VALIDATORS_MAX } from '../limits.ts';
import { EntryKind } from '../state/entry-kind.ts';
import type { Entries } from '../state/overlay.ts';
import { nobody } from './validator-record.ts';

const AttendanceType = new ContainerType({
  epoch: uint64<Epoch>(),
  /** Whom a certificate of the epoch named that a body of it carried, by index. */
  seen: new BitVectorType(VALIDATORS_MAX),
  /** Who proposed these bodies. */
  proposers: new BitVectorType(VALIDATORS_MAX),
});
export type Attendance = Readonly<ValueOf<typeof AttendanceType>>;

const ATTENDANCES = new EntryKind<'epoch', Attendance>(
  'attendance',
  codec('Attendance', AttendanceType, AttendanceType.maxSize),
  (key) => key,
);
export const ATTENDANCE = ATTENDANCES.key('epoch');

export const attendanceIn = (entries: Pick<Entries, 'get'>, epoch: Epoch): Attendance => {
  const found = entries.get(ATTENDANCE);
  return found?.epoch === epoch ? found : { epoch, seen: nobody(), proposers: nobody() };
};

/** Notes what the body of a block of this epoch shows. Changes nothing where all of that is known: once in an epoch for each validator. */
export function attend(entries: Entries, { certificate, proposer }: Body, epoch: Epoch): void {
  if (certificate === null || certificate.epoch !== epoch || proposer >= VALIDATORS_MAX) return;
  const { seen, proposers } = attendanceIn(entries, epoch);
  const [nowSeen, nowProposers] = [together(seen, certificate.signers), proposers.clone()];
  nowProposers.set(proposer, true);
  if (same(nowSeen, seen) && same(nowProposers, proposers)) return;
  entries.set(ATTENDANCE, { epoch, seen: nowSeen, proposers: nowProposers });
}

export function together(a: BitArray, b: BitArray): BitArray {
  const both = a.clone();
  for (const index of b.getTrueBitIndexes()) both.set(index, true);
  return both;
}

const same = (a: BitArray, b: BitArray): boolean => a.uint8Array.every((byte, i) => byte === b.uint8Array[i]);

export { ATTENDANCES };
