/** What all commands share that ask the validators for a change: what it would lead to is told before anything is signed. */
import { type Command, Option } from 'commander';
import type { TransactionStatus } from '../../api/transaction.ts';
import type { Height } from '../../base/brand.ts';
import type { Client } from '../../client/client.ts';
import { PROPOSAL_HEIGHTS_MAX } from '../../ledger/limits.ts';
import type { Change } from '../../ledger/membership/change.ts';
import { parseNatural } from '../arguments.ts';
import type { Answer, Output } from '../output.ts';
import { answerOf, send, type Surroundings, surroundingsOf } from '../submission.ts';
import { clientOf } from '../target.ts';
import { type CheckOptions, checkChange, withCheck } from './check.ts';
import { type OwnerOptions, ownValidator, withOwner } from './own.ts';

export interface ProposeOptions extends OwnerOptions, CheckOptions {
  readonly expires?: number;
}

/** Heights for which a proposal is open after the epoch in which it is made: so its votes are counted by two sets at least. */
const OPEN_HEIGHTS = 1000;

/** Adds the options of a proposal. */
export const withProposal = (command: Command): Command =>
  withCheck(withOwner(command)).addOption(
    new Option(
      '--expires <height>',
      `the last height at which votes count (default: ${OPEN_HEIGHTS} after the end of the epoch)`,
    ).argParser(parseNatural),
  );

/** What every command says that makes a proposal. */
export const PROPOSAL_HELP = `
What the set would be, with its quorum and who is offline, is told before anything is signed; a change that endangers the network is
refused, and made all the same with --force. The proposal passes when validators with more than two thirds of the power are for it
(\`trefoil proposal vote\`), and takes effect when the epoch ends. It is always waited for: its number is known when it stands in a block.`;

/** Checks the change, signs and sends the proposal, and answers with its number. `sentence`: what is proposed, for people. Throws
 *  CommandError and ClientError. */
export async function propose(
  options: ProposeOptions,
  output: Output,
  sentence: string,
  changeFor: (surroundings: Surroundings) => Promise<Change>,
): Promise<Answer> {
  const client = clientOf(options);
  const surroundings = await surroundingsOf(client, options);
  const change = await changeFor(surroundings);
  const checked = await checkChange(client, surroundings, change, options, output);
  if (checked !== undefined) return checked;
  const validator = await ownValidator(client, surroundings, options);
  const expires = (options.expires ?? (await defaultExpiry(client, surroundings))) as Height;
  const waiting = { ...options, wait: true };
  const status = await send(client, surroundings, waiting, [{ kind: 'propose', validator, change, expires }]);
  const proposal = proposalIn(status);
  const which = proposal === null ? sentence : `proposal ${proposal}, ${sentence}`;
  return answerOf(waiting, which, status, { proposal });
}

async function defaultExpiry(client: Client, { network }: Surroundings): Promise<number> {
  const { lastHeight } = await client.membership.epoch();
  return Math.min(lastHeight + OPEN_HEIGHTS, network.height + PROPOSAL_HEIGHTS_MAX);
}

/** Null where there is none, or not yet. */
function proposalIn(status: TransactionStatus): number | null {
  if (status.status !== 'committed') return null;
  const made = status.receipt.events.find((event) => event.kind === 'propose');
  return made?.kind === 'propose' ? made.proposal : null;
}
