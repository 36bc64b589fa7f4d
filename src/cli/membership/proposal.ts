/** `trefoil proposal`: what validators vote on. */
import { Command, InvalidArgumentError } from 'commander';
import type { ProposalTold } from '../../client/membership-values.ts';
import { parseNatural } from '../arguments.ts';
import type { Answer, Output, Run } from '../output.ts';
import { answerOf, send, surroundingsOf } from '../submission.ts';
import { table } from '../table.ts';
import { clientOf, type TargetOptions, withTarget } from '../target.ts';
import { type OwnerOptions, ownValidator, withOwner } from './own.ts';

export function proposalCommand(run: Run): Command {
  return new Command('proposal')
    .description('What validators vote on. Proposals are made with `trefoil validator`, `parameter` and `observer`.')
    .addCommand(
      withTarget(new Command('list'))
        .description('The newest proposals with their votes, the newest first.')
        .addHelpText('after', '\nExamples:\n  trefoil proposal list\n  trefoil proposal list --json')
        .action((options: TargetOptions) => run((output) => list(options, output))),
    )
    .addCommand(
      withTarget(new Command('show'))
        .description('A proposal: what would change, and who is for it.')
        .argument('<id>', 'its number', parseNatural)
        .addHelpText('after', '\nExamples:\n  trefoil proposal show 0')
        .action((id: number, options: TargetOptions) => run(() => show(id, options))),
    )
    .addCommand(
      withOwner(new Command('vote'))
        .description("Vote for a proposal or against it, with the power of one's validator. A later vote replaces it.")
        .argument('<id>', 'its number', parseNatural)
        .argument('<yes|no>', 'for it or against it', parseVote)
        .addHelpText(
          'after',
          `
Examples:
  trefoil proposal vote 0 yes --from validator-1 --wait
  trefoil proposal vote 0 no --from validator-2 --wait

More than two thirds of the power pass it; a third against it rejects it. What passed happens when the epoch ends.`,
        )
        .action((id: number, approve: boolean, options: OwnerOptions) => run(() => vote(id, approve, options))),
    );
}

async function list(options: TargetOptions, { colours }: Output): Promise<Answer> {
  const proposals = await clientOf(options).membership.proposals();
  const rows = proposals.map(({ id, kind, status, votes, quorum, expires, change }) => [
    String(id),
    kind,
    status,
    String(votes.yes),
    String(votes.no),
    String(quorum),
    String(expires),
    changeText(change),
  ]);
  const heads = ['', 'kind', 'status', 'yes', 'no', 'quorum', 'expires', ''];
  return { json: { proposals }, text: rows.length === 0 ? 'There are none yet.' : table(heads, rows, colours) };
}

async function show(id: number, options: TargetOptions): Promise<Answer> {
  const proposal = await clientOf(options).membership.proposal(id);
  return { json: proposal, text: describe(proposal) };
}

function describe({ id, kind, status, since, proposer, votes, yes, no, quorum, total, ...rest }: ProposalTold): string {
  const { expires, change, failure } = rest;
  return [
    `proposal   ${id}: ${kind}${changeText(change) === '' ? '' : `, ${changeText(change)}`}`,
    `status     ${status} since height ${since}${failure === null ? '' : `: ${failure}`}`,
    `proposed   by validator ${proposer}`,
    `for it     ${votes.yes} of ${total}, by validators ${yes.join(', ') || 'none'}; ${quorum} is enough`,
    `against    ${votes.no} of ${total}, by validators ${no.join(', ') || 'none'}`,
    `expires    after height ${expires}`,
  ].join('\n');
}

const changeText = ({ kind: _kind, ...fields }: ProposalTold['change']): string =>
  Object.entries(fields)
    .filter(([, value]) => value !== null)
    .map(([name, value]) => `${name} ${String(value)}`)
    .join(', ');

async function vote(proposal: number, approve: boolean, options: OwnerOptions): Promise<Answer> {
  const client = clientOf(options);
  const surroundings = await surroundingsOf(client, options);
  const validator = await ownValidator(client, surroundings, options);
  const status = await send(client, surroundings, options, [{ kind: 'vote', proposal, validator, approve }]);
  return answerOf(options, `${approve ? 'for' : 'against'} proposal ${proposal}`, status);
}

function parseVote(text: string): boolean {
  if (text !== 'yes' && text !== 'no') throw new InvalidArgumentError('It is yes or no.');
  return text === 'yes';
}
