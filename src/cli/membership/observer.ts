/** `trefoil observer`: nodes that follow the chain and have no vote. */
import { Command } from 'commander';
import { parseName, parsePeerId } from '../arguments.ts';
import type { Answer, Output, Run } from '../output.ts';
import { table } from '../table.ts';
import { clientOf, type TargetOptions, withTarget } from '../target.ts';
import { PROPOSAL_HELP, propose, type ProposeOptions, withProposal } from './propose.ts';

const NAME = 'its name: lower-case letters, digits and hyphens';

export function observerCommand(run: Run): Command {
  return new Command('observer')
    .description('Nodes that follow the chain, and have no vote: look at them, and propose that others may.')
    .addCommand(
      withTarget(new Command('list'))
        .description('The observers of the epoch that runs.')
        .addHelpText('after', '\nExamples:\n  trefoil observer list --json')
        .action((options: TargetOptions) => run((output) => list(options, output))),
    )
    .addCommand(
      withProposal(new Command('add'))
        .description('Propose that a node may follow the chain, from the next epoch on.')
        .argument('<name>', NAME, parseName)
        .argument('<peer-id>', 'the peer id of its node key', parsePeerId)
        .addHelpText(
          'after',
          `\nExamples:\n  trefoil observer add auditor 12D3KooW… --from validator-0\n${PROPOSAL_HELP}`,
        )
        .action((name: string, peerId: string, options: ProposeOptions) =>
          run((output) =>
            propose(options, output, `observer ${name}`, async () => ({ kind: 'admit-observer', name, peerId })),
          ),
        ),
    )
    .addCommand(
      withProposal(new Command('remove'))
        .description('Propose that an observer is not served any more.')
        .argument('<name>', NAME, parseName)
        .addHelpText('after', `\nExamples:\n  trefoil observer remove auditor --from validator-0\n${PROPOSAL_HELP}`)
        .action((name: string, options: ProposeOptions) =>
          run((output) =>
            propose(options, output, `no observer ${name}`, async () => ({ kind: 'remove-observer', name })),
          ),
        ),
    );
}

async function list(options: TargetOptions, { colours }: Output): Promise<Answer> {
  const { epoch, height, observers } = await clientOf(options).membership.epoch();
  const rows = observers.map(({ name, peerId }) => [name, peerId]);
  const text = rows.length === 0 ? 'There are none.' : table(['name', 'peer id'], rows, colours);
  return { json: { epoch, height, observers }, text };
}
