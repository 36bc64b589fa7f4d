/** What a change of members would lead to, told before anything is signed. What endangers the network is refused unless forced. */
import type { Command } from 'commander';
import type { ValidatorIndex } from '../../base/brand.ts';
import type { Client } from '../../client/client.ts';
import { knownEpochFromJson, recordFromTold } from '../../client/membership-values.ts';
import type { Change } from '../../ledger/membership/change.ts';
import { type Answer, CommandError, EXIT, type Output } from '../output.ts';
import { type Surroundings, surroundingsOf } from '../submission.ts';
import { clientOf } from '../target.ts';
import { type Foreseen, foresee, type Leaving, type Situation } from './foresight.ts';
import { type OwnerOptions, ownValidator } from './own.ts';

export interface CheckOptions {
  readonly check?: boolean;
  readonly force?: boolean;
}

export const withCheck = (command: Command): Command =>
  command
    .option('--check', 'only tell what it would lead to; nothing is signed. Exit code 1: it would be refused')
    .option('--force', 'do it although it endangers the network');

/** Tells what the change would lead to. The answer, where only that was asked for. Throws CommandError ENDANGERS_NETWORK, and
 *  ClientError. */
export async function checkChange(
  client: Client,
  { network }: Surroundings,
  change: Change | Leaving,
  { check = false, force = false }: CheckOptions,
  output: Output,
): Promise<Answer | undefined> {
  const foreseen = foresee(await situationOf(client, network), change);
  const refusals = foreseen.dangers.filter(({ refuses }) => refuses);
  const text = foreseenText(foreseen);
  if (check) {
    const exitCode = refusals.length > 0 ? EXIT.failed : EXIT.done;
    return { json: { proposal: null, refused: refusals.length > 0, ...foreseen }, text, exitCode };
  }
  output.progress(text);
  if (refusals.length === 0 || force) return undefined;
  throw new CommandError(
    'ENDANGERS_NETWORK',
    refusals.map(({ message }) => message).join('; '),
    'Nothing was signed. Mend what is missing first; or, if it is meant so, say --force.',
  );
}

/** As `checkChange`, of stake that the sender takes out. */
export async function checkLeaving(
  amount: bigint,
  options: OwnerOptions & CheckOptions,
  output: Output,
): Promise<Answer | undefined> {
  const client = clientOf(options);
  const surroundings = await surroundingsOf(client, options);
  const validator = await ownValidator(client, surroundings, options);
  return checkChange(client, surroundings, { kind: 'unbond', validator, amount }, options, output);
}

async function situationOf(client: Client, network: Surroundings['network']): Promise<Situation> {
  const { height, validators } = await client.membership.validators();
  const epoch = await client.membership.epoch(height);
  const running = knownEpochFromJson(epoch);
  if (!running.ok) throw new CommandError('BAD_RESPONSE', running.error.message, 'Ask another node.');
  const records = validators.map((told) => {
    const record = recordFromTold(told, network.addressPrefix);
    if (!record.ok) throw new CommandError('BAD_RESPONSE', record.error.message, 'Ask another node.');
    return record.value;
  });
  const live = network.validators.filter(({ connected }) => connected).map(({ index }) => index as ValidatorIndex);
  return { records, running: running.value, mode: epoch.mode, live: new Set(live) };
}

function foreseenText({ members, total, quorum, live, holder, dangers }: Foreseen): string {
  const offline = members.filter((member) => !member.live).map(({ index, name }) => `${index} (${name})`);
  const powers = members.map(({ index, power, kept }) => `${index}: ${power}${kept ? ' (kept)' : ''}`);
  return [
    `Next epoch: ${members.length} validators with a power of ${total}: ${powers.join(', ')}`,
    `quorum      ${quorum} of ${total}`,
    `there now   ${live} of ${total}${offline.length === 0 ? '' : `; offline: ${offline.join(', ')}`}`,
    `greatest    ${holder.power} of ${total}, of one account`,
    ...dangers.map(({ message, refuses }) => `${refuses ? 'DANGER     ' : 'warning    '} ${message}`),
  ].join('\n');
}
