/** Whose validator somebody speaks for. */
import type { Command } from 'commander';
import type { ValidatorIndex } from '../../base/brand.ts';
import type { Client } from '../../client/client.ts';
import { formatAddress } from '../../crypto/address.ts';
import { parseNatural } from '../arguments.ts';
import { CommandError } from '../output.ts';
import { addressOf } from '../people.ts';
import { type SubmissionOptions, type Surroundings, withSubmission } from '../submission.ts';

export interface OwnerOptions extends SubmissionOptions {
  readonly validator?: number;
}

/** Adds the options of what the account of a validator does. */
export const withOwner = (command: Command): Command =>
  withSubmission(command, 'the account of a validator').option(
    '--validator <index>',
    'for which of its validators, where the account has several',
    parseNatural,
  );

/** The index of the sender's validator. Throws CommandError: NOT_A_VALIDATOR, WHICH_VALIDATOR. */
export async function ownValidator(
  client: Client,
  { directory, network }: Surroundings,
  { from, validator }: OwnerOptions,
): Promise<ValidatorIndex> {
  if (validator !== undefined) return validator as ValidatorIndex;
  const account = formatAddress(await addressOf(from, directory), network.addressPrefix);
  const { validators } = await client.membership.validators();
  // What is gone is asked for by its index.
  const own = validators.filter((each) => each.account === account);
  const [first, ...others] = own.length > 1 ? own.filter(({ status }) => status !== 'removed') : own;
  if (first === undefined) {
    const hint =
      'Each validator has an account: `trefoil validator list` shows them. On a testnet it is validator-0 and so on.';
    throw new CommandError('NOT_A_VALIDATOR', `${from} has no validator`, hint);
  }
  if (others.length === 0) return first.index as ValidatorIndex;
  const indices = own.map(({ index }) => index).join(', ');
  throw new CommandError('WHICH_VALIDATOR', `${from} has the validators ${indices}`, 'Name one with --validator.');
}
