/** Validators and the first epoch, as the genesis puts them into the state. */
import type { Height } from '../../base/brand.ts';
import { present } from '../../base/invariant.ts';
import { ACCOUNTS, STAKES } from '../account.ts';
import { firstEpoch } from '../epoch.ts';
import type { Genesis } from '../genesis.ts';
import type { Entries } from '../state/overlay.ts';
import { EPOCHS, recordOf } from './epoch-record.ts';
import { GOVERNANCE } from './proposal.ts';
import { newValidator, VALIDATORS } from './validator-record.ts';

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
  entries.set(GOVERNANCE, { nextProposal: 0 });
  const first = firstEpoch(genesis);
  entries.set(EPOCHS.key(first.epoch), recordOf(first));
}
