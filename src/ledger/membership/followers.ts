/**
 * Validators without a seat whom the network admits. Whoever is about to vote has to have all blocks by then, and peers let nobody in
 * whom they do not know: so a validator that is admitted follows for an epoch first. Who lost its seat may lack the last blocks and the
 * certificate of the epoch in which it had one, and learns here that it is out.
 */
import type { KnownEpoch } from '../epoch.ts';
import { type Validator, validatorAt, type ValidatorSet } from '../validators.ts';
import type { ListedObserver } from './observer.ts';
import type { ValidatorRecord } from './validator-record.ts';

/** Whether it may have a seat in the epoch after the one that ends: who is pending only since its last block is not known to any peer, unless
 *  it has a seat in that epoch, as who comes out of jail may. */
export const hasFollowed = (
  { index, status, since }: ValidatorRecord,
  { lastHeight, validators }: Pick<KnownEpoch, 'lastHeight' | 'validators'>,
): boolean => status !== 'pending' || since < lastHeight || validatorAt(validators, index) !== undefined;

/** Those of the next epoch, by index. `before`: the set of the one that ends. Who was thrown out is admitted for one epoch more, and so is a
 *  node under the key that was replaced; who left, or was away for too long, as long as it is on record: it may come back. */
export function followersOf(
  records: readonly ValidatorRecord[],
  seated: readonly Pick<Validator, 'index' | 'peerId'>[],
  before: ValidatorSet,
): readonly ListedObserver[] {
  const admitted = new Set(seated.map(({ peerId }) => peerId));
  const followers: ListedObserver[] = [];
  const admit = ({ name, peerId }: ListedObserver): void => {
    if (!admitted.has(peerId)) followers.push({ name, peerId });
    admitted.add(peerId);
  };
  for (const record of records) if (!isOut(record.status)) admit(record);
  for (const member of before.members) admit(member);
  return followers;
}

const isOut = (status: ValidatorRecord['status']): boolean => status === 'removed' || status === 'tombstoned';
