/** `trefoil parameter`: the rules that validators may change. */
import { Command, InvalidArgumentError } from 'commander';
import { knownEpochFromJson } from '../../client/membership-values.ts';
import { PARAMETER_NAMES, type ParameterName, parameterOf } from '../../ledger/membership/parameters.ts';
import { parseFee } from '../arguments.ts';
import { type Answer, CommandError, type Output, type Run } from '../output.ts';
import { table } from '../table.ts';
import { clientOf, type TargetOptions, withTarget } from '../target.ts';
import { PROPOSAL_HELP, propose, type ProposeOptions, withProposal } from './propose.ts';

export function parameterCommand(run: Run): Command {
  return new Command('parameter')
    .description('The rules of the epoch that runs: look at them, and propose that one changes.')
    .addCommand(
      withTarget(new Command('list'))
        .description(
          'The rules of the epoch that runs. Those that a proposal may set are named as `parameter set` wants them.',
        )
        .addHelpText('after', '\nExamples:\n  trefoil parameter list\n  trefoil parameter list --json')
        .action((options: TargetOptions) => run((output) => list(options, output))),
    )
    .addCommand(
      withProposal(new Command('set'))
        .description('Propose another value of a rule, from the next epoch on.')
        .argument('<name>', 'which, as `trefoil parameter list` has it', parseParameter)
        .argument('<value>', 'a whole number; shares and penalties are in hundredths of a percent', parseFee)
        .addHelpText(
          'after',
          `
Examples:
  trefoil parameter set weightPrice 2 --from validator-0
  trefoil parameter set jailEpochs 3 --from validator-0

Names: ${PARAMETER_NAMES.join(', ')}.
${PROPOSAL_HELP}`,
        )
        .action((name: ParameterName, value: bigint, options: ProposeOptions) =>
          run((output) =>
            propose(options, output, `${name} of ${value}`, async () => ({ kind: 'set-parameter', name, value })),
          ),
        ),
    );
}

async function list(options: TargetOptions, { colours }: Output): Promise<Answer> {
  const epoch = await clientOf(options).membership.epoch();
  const known = knownEpochFromJson(epoch);
  if (!known.ok) throw new CommandError('BAD_RESPONSE', known.error.message, 'Ask another node.');
  const { parameters } = known.value;
  const rows = PARAMETER_NAMES.map((name) => [name, String(parameterOf(parameters, name))]);
  const { mode, height, upgrade } = epoch;
  const lines = [
    table(['name', 'value'], rows, colours),
    `fixed by the genesis: power is ${mode === 'stake' ? 'stake' : 'one each'}, stake is on its way out for ${parameters.membership.unbondingEpochs} epochs`,
    `epoch ${epoch.epoch}, heights ${epoch.firstHeight} to ${epoch.lastHeight}; after block ${height}`,
    ...(upgrade === null ? [] : [`from height ${upgrade.height} on: rules of version ${upgrade.version}`]),
  ];
  return { json: { epoch: epoch.epoch, height, mode, parameters: epoch.parameters, upgrade }, text: lines.join('\n') };
}

function parseParameter(text: string): ParameterName {
  const name = PARAMETER_NAMES.find((each) => each === text);
  if (name === undefined) throw new InvalidArgumentError(`It is one of ${PARAMETER_NAMES.join(', ')}.`);
  return name;
}
