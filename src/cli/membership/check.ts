/** What a change would make of the set, told before anything is signed. What endangers the network is refused unless forced. */
import type { Command } from 'commander';
import { RECEIPT_HINTS } from '../../api/receipt-codes.ts';
import type { Client } from '../../client/client.ts';
import { knownEpochFromJson, recordFromTold } from '../../client/membership-values.ts';
import type { Change } from '../../ledger/membership/change.ts';
import {
  type Danger,
  type Outlook,
  type Preflight,
  preflight,
  type Standing,
} from '../../ledger/membership/preflight.ts';
import { PARAMETER_RANGES } from '../../ledger/parameter-ranges.ts';
import { type Answer, CommandError, EXIT, type Output } from '../output.ts';
import { type Surroundings, surroundingsOf } from '../submission.ts';
import { clientOf } from '../target.ts';
import { type OwnerOptions, ownValidator } from './own.ts';

export interface CheckOptions {
  readonly check?: boolean;
  readonly force?: boolean;
}

export const withCheck = (command: Command): Command =>
  command
    .option('--check', 'only tell what it would lead to; nothing is signed. Exit code 1: it would be refused')
    .option('--force', 'do it although it endangers the network');

/** Tells what the change would lead to. The answer, where only that was asked for. Throws CommandError ENDANGERS_NETWORK, the code of a
 *  change that cannot be made, and ClientError. */
export async function checkChange(
  client: Client,
  { network }: Surroundings,
  change: Change,
  { check = false, force = false }: CheckOptions,
  output: Output,
): Promise<Answer | undefined> {
  const foreseen = preflight(await standingOf(client, network), change);
  const text = foreseenText(foreseen, change);
  const { code, refused } = foreseen;
  if (check) {
    const exitCode = refused.length > 0 || code !== null ? EXIT.failed : EXIT.done;
    return { json: { proposal: null, ...foreseenJson(foreseen) }, text, exitCode };
  }
  output.progress(text);
  if (code !== null) throw new CommandError(code, 'that change cannot be made', RECEIPT_HINTS[code]);
  if (refused.length === 0 || force) return undefined;
  throw new CommandError(
    'ENDANGERS_NETWORK',
    refused.map((danger) => dangerText(danger, foreseen.after)).join('; '),
    'Nothing was signed. Mend what is missing first; or, if it is meant so, say --force.',
  );
}

/** As `checkChange`, of a sender that takes out all of its stake: that is to leave. */
export async function checkLeaving(
  amount: bigint,
  options: OwnerOptions & CheckOptions,
  output: Output,
): Promise<Answer | undefined> {
  const client = clientOf(options);
  const surroundings = await surroundingsOf(client, options);
  const validator = await ownValidator(client, surroundings, options);
  const { stake } = await client.membership.validator(validator);
  if (amount === stake)
    return checkChange(client, surroundings, { kind: 'remove-validator', validator }, options, output);
  if (options.check !== true) return undefined;
  const left = stake - amount;
  const text =
    left < 0n ? `validator ${validator} has a stake of ${stake}` : `validator ${validator} stays, with ${left}`;
  return { json: { proposal: null, validator, stake, left }, text, exitCode: left < 0n ? EXIT.failed : EXIT.done };
}

async function standingOf(client: Client, network: Surroundings['network']): Promise<Standing> {
  const { height, validators } = await client.membership.validators();
  const epoch = await client.membership.epoch(height);
  const running = knownEpochFromJson(epoch);
  if (!running.ok) throw new CommandError('BAD_RESPONSE', running.error.message, 'Ask another node.');
  const records = validators.map((told) => {
    const record = recordFromTold(told, network.addressPrefix);
    if (!record.ok) throw new CommandError('BAD_RESPONSE', record.error.message, 'Ask another node.');
    return record.value;
  });
  const live = [...network.validators, ...network.followers]
    .filter(({ connected }) => connected)
    .map(({ peerId }) => peerId);
  const fixed = { mode: epoch.mode, ...epoch.fixed, ranges: PARAMETER_RANGES };
  return { records, running: running.value, fixed, live: new Set(live) };
}

const foreseenJson = ({ before, after, code, refused, warned }: Preflight): object => ({
  code,
  refused,
  warned,
  before: outlookJson(before),
  after: outlookJson(after),
});

const outlookJson = ({ members, ...rest }: Outlook): object => ({
  members: members.map(({ index, name, power }) => ({ index, name, power })),
  ...rest,
});

function foreseenText({ before, after, code, refused, warned }: Preflight, change: Change): string {
  const { members, kept, power, quorum, livePower, offline } = after;
  const powers = members.map(
    (member) => `${member.index}: ${member.power}${kept.includes(member.index) ? ' (kept)' : ''}`,
  );
  return [
    `next epoch  ${members.length} validators (now ${before.members.length}), with a power of ${power}${was(power, before.power)}`,
    `            ${powers.join(', ')}`,
    `quorum      ${quorum} of ${power}${was(quorum, before.quorum)}`,
    `there now   ${livePower} of ${power}${offline.length === 0 ? '' : `; offline: ${offline.join(', ')}`}`,
    `greatest    ${after.greatest.power} of ${power}, of one account`,
    ...(code === null ? [] : [`CANNOT BE   ${code}: ${RECEIPT_HINTS[code]}`]),
    ...refused.map((danger) => `DANGER      ${dangerText(danger, after)}`),
    ...warned.map((danger) => `warning     ${dangerText(danger, after)}`),
    ...(change.kind === 'rotate-validator' && change.publicKey !== null
      ? [`note        validator ${change.validator} has no vote from then on until it runs with its new key`]
      : []),
  ].join('\n');
}

const was = (after: bigint, now: bigint): string => (after === now ? '' : ` (now ${now})`);

function dangerText(danger: Danger, { members, kept, power, quorum, livePower, greatest }: Outlook): string {
  switch (danger) {
    case 'NO_QUORUM':
      return `only ${livePower} of ${power} are there, and ${quorum} are needed: nothing would be decided`;
    case 'TOO_FEW': {
      const stay = kept.length === 0 ? '' : `; ${kept.join(', ')} would keep its seat for that long`;
      return `${members.length - kept.length} validators would be left, and with fewer than 4 not one may fail${stay}`;
    }
    case 'ONE_THIRD':
      return `one account has ${greatest.power} of ${power}, a third or more: alone it can stop the chain`;
  }
}
