/**
 * Sets: each member is an entry of its own, so that a large set costs no more than a small one. Inserts and removals of different
 * members merge, in whatever order they come; of the same member the last one decides.
 */
import { ContainerType, type ValueOf } from '@chainsafe/ssz';
import { codec } from '../../codec/codec.ts';
import { uint64Big } from '../../codec/types.ts';
import { EntryKind } from '../state/entry-kind.ts';
import { type DataKey, dataKeyText } from './entry.ts';

const MemberType = new ContainerType({ deposit: uint64Big() });

/** It is there: there is no more to say of it. */
export type Member = Readonly<ValueOf<typeof MemberType>>;

export interface MemberKey extends DataKey {
  readonly member: string;
}

/** Members of sets, those of a set together. Keys and members may have slashes, but no spaces: so no two texts are the same. */
export const MEMBERS = new EntryKind<MemberKey, Member>(
  'member',
  codec('Member', MemberType, 8),
  ({ member, ...set }) => `${dataKeyText(set)} ${member}`,
);
