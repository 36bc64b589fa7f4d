/** `trefoil validator`: who validates, and proposals about it. */
import { Command } from 'commander';
import type { Run } from '../output.ts';
import { parsePeerId, parsePublicKey, parseNatural } from '../arguments.ts';
import { withReadPoint } from '../read-point.ts';
import { type TargetOptions, withTarget } from '../target.ts';
import { withOwner, type OwnerOptions } from './own.ts';
import { PROPOSAL_HELP, type ProposeOptions, withProposal } from './propose.ts';
import { addValidator, removeValidator, rotateValidator, type RotateOptions, unjail } from './validator-changes.ts';
import { listValidators, showValidator, type ShowOptions } from './validator-show.ts';

const INDEX = 'its index, as `trefoil validator list` has it';

export function validatorCommand(run: Run): Command {
  return new Command('validator')
    .description('Who validates: look at it, and propose that it changes.')
    .addCommand(listCommand(run))
    .addCommand(showCommand(run))
    .addCommand(addCommand(run))
    .addCommand(removeCommand(run))
    .addCommand(rotateCommand(run))
    .addCommand(unjailCommand(run));
}

const listCommand = (run: Run): Command =>
  withTarget(new Command('list'))
    .description('All validators with their stake and power, those that wait or are gone among them.')
    .addHelpText('after', '\nExamples:\n  trefoil validator list\n  trefoil validator list --json')
    .action((options: TargetOptions) => run((output) => listValidators(options, output)));

const showCommand = (run: Run): Command =>
  withReadPoint(new Command('show'))
    .description('A validator: its stake and power, what its status means, and what it was caught at.')
    .argument('<index>', INDEX, parseNatural)
    .option('--evidence <file>', 'write the newest evidence against it to a file')
    .addHelpText(
      'after',
      `
Examples:
  trefoil validator show 3
  trefoil validator show 3 --evidence evidence.json && trefoil forensics verify evidence.json
  trefoil validator show 3 --height 40 --proof`,
    )
    .action((index: number, options: ShowOptions) => run(() => showValidator(index, options)));

const addCommand = (run: Run): Command =>
  withProposal(new Command('add'))
    .description('Propose somebody as a validator. Where power is stake, it has to bond some before it has a seat.')
    .argument('<file>', 'a JSON file with its name, account, publicKey and peerId')
    .addHelpText(
      'after',
      `
Examples:
  trefoil validator add newcomer.json --from validator-0
  trefoil validator add newcomer.json --from validator-0 --check

where newcomer.json says who it is; its keys are made with \`trefoil keys new\`, of each kind one:
  { "name": "acme", "account": "tre1…", "publicKey": "5f0c…9a", "peerId": "12D3KooW…" }
${PROPOSAL_HELP}`,
    )
    .action((file: string, options: ProposeOptions) => run((output) => addValidator(file, options, output)));

const removeCommand = (run: Run): Command =>
  withProposal(new Command('remove'))
    .description('Propose that a validator loses its seat.')
    .argument('<index>', INDEX, parseNatural)
    .addHelpText(
      'after',
      `
Examples:
  trefoil validator remove 3 --from validator-0
  trefoil validator remove 3 --from validator-0 --check    only says what the quorum would be, and who is offline
${PROPOSAL_HELP}`,
    )
    .action((index: number, options: ProposeOptions) => run((output) => removeValidator(index, options, output)));

const rotateCommand = (run: Run): Command =>
  withProposal(new Command('rotate'))
    .description("Propose another key for a validator's votes, for its node, or for both.")
    .argument('<index>', INDEX, parseNatural)
    .option('--public-key <hex>', 'the new key of its votes, 64 hexadecimal digits', parsePublicKey)
    .option('--peer-id <id>', 'the peer id of its node with a new key', parsePeerId)
    .addHelpText(
      'after',
      `
Examples:
  trefoil validator rotate 2 --public-key 5f0c…9a --from validator-2
  trefoil validator rotate 2 --public-key 5f0c…9a --peer-id 12D3KooW… --from validator-2

From the first block of the next epoch on only the new keys count: restart the node with them then.
${PROPOSAL_HELP}`,
    )
    .action((index: number, options: RotateOptions) => run((output) => rotateValidator(index, options, output)));

const unjailCommand = (run: Run): Command =>
  withOwner(new Command('unjail'))
    .description("Let one's own validator back, which was away for too long. It has a seat from the next epoch on.")
    .addHelpText('after', '\nExamples:\n  trefoil validator unjail --from validator-2 --wait')
    .action((options: OwnerOptions) => run(() => unjail(options)));
