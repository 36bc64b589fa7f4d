/** Validators and the first epoch, as the genesis puts them into the state. */
import type { Epoch, Height } from '../../base/brand.ts';
import { present } from '../../base/invariant.ts';
import { ACCOUNTS, STAKES } from '../account.ts';
import { firstEpoch } from '../epoch.ts';
import type { Genesis } from '../genesis.ts';
import type { Entries } from '../state/overlay.ts';
import { nobody } from './attendance.ts';
import { EPOCHS, recordOf } from './epoch-record.ts';
import { VALIDATORS, type ValidatorRecord } from './validator-record.ts';

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
});

export function beginMembership(entries: Pick<Entries, 'set'>, genesis: Genesis): void {
  const { validators, validatorAccounts, consensus } = genesis;
  const isStake = consensus.mode === 'stake';
  for (const { power, ...member } of validators.members) {
    const account = present(validatorAccounts[member.index], 'the account of a validator');
    const stake = isStake ? power : 0n;
    entries.set(
      VALIDATORS.key(member.index),
      newValidator({ ...member, account, stake, status: 'active', since: 0 as Height }),
    );
  }
  if (isStake) entries.set(ACCOUNTS.key(STAKES), { balance: validators.total, nonce: 0 });
  const first = firstEpoch(genesis);
  entries.set(EPOCHS.key(first.epoch), recordOf(first));
}
