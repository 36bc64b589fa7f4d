/** The command line as a whole: from arguments to an exit code. */
import { Command, CommanderError } from 'commander';
import { accountCommand } from './account.ts';
import { blockCommand } from './block.ts';
import { compareCommand } from './compare.ts';
import { forensicsCommand } from './forensics.ts';
import { keysCommand } from './keys.ts';
import { kvCommand } from './kv/command.ts';
import { observerCommand } from './membership/observer.ts';
import { parameterCommand } from './membership/parameter.ts';
import { proposalCommand } from './membership/proposal.ts';
import { stakeCommand } from './membership/stake.ts';
import { validatorCommand } from './membership/validator.ts';
import { namespaceCommand } from './namespace.ts';
import { nodeCommand } from './node.ts';
import { CommandError, EXIT, type ExitCode, Output, type Run, type Terminal, toCommandError } from './output.ts';
import { powCommand } from './pow/command.ts';
import { simulateCommand } from './simulate.ts';
import { testnetCommand } from './testnet/command.ts';
import { txCommand } from './tx.ts';
import { VERSION } from '../node/version.ts';

/** `args` without the program's own name. */
export async function runProgram(args: readonly string[], terminal: Terminal): Promise<ExitCode> {
  const output = new Output(terminal, wantsJson(args));
  let exitCode: ExitCode = EXIT.done;
  const run: Run = async (action) => {
    const answer = await action(output);
    if (answer === undefined) return;
    output.answer(answer);
    exitCode = answer.exitCode ?? EXIT.done;
  };
  try {
    await program(terminal, run).parseAsync(args, { from: 'user' });
    return exitCode;
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode === 0) return EXIT.done;
    const failure = error instanceof CommanderError ? usageError(error) : toCommandError(error);
    output.error(failure);
    return failure.exitCode;
  }
}

/** Known before the arguments are parsed, because their errors are answered in the same way. */
function wantsJson(args: readonly string[]): boolean {
  const end = args.indexOf('--');
  return args.slice(0, end < 0 ? args.length : end).includes('--json');
}

function program(terminal: Terminal, run: Run): Command {
  const root = new Command('trefoil')
    .description('A permissioned Byzantine-fault-tolerant ledger: run a network, use it, make a validator lie.')
    .version(VERSION)
    .addHelpText('after', EXAMPLES);
  for (const group of [
    testnetCommand,
    txCommand,
    accountCommand,
    namespaceCommand,
    kvCommand,
    blockCommand,
    validatorCommand,
    stakeCommand,
    proposalCommand,
    parameterCommand,
    observerCommand,
    keysCommand,
    nodeCommand,
    simulateCommand,
    compareCommand,
    powCommand,
    forensicsCommand,
  ]) {
    root.addCommand(group(run));
  }
  for (const command of withSubcommands(root)) {
    command
      .exitOverride()
      .configureOutput({
        writeOut: (text) => void terminal.stdout.write(text),
        writeErr: (text) => void (wantsHelp(text) && terminal.stderr.write(text)),
        getOutHasColors: () => false,
        getErrHasColors: () => false,
      })
      .showSuggestionAfterError(true);
  }
  return root;
}

const EXAMPLES = `
Examples:
  trefoil testnet up                                      four validators on this machine
  trefoil tx transfer --from alice --to bob --amount 5 --wait
  trefoil account show bob
  trefoil namespace create orders --from alice --wait     a place for data
  trefoil kv put orders 17 --value open --from alice --wait
  trefoil testnet up --byzantine 3=equivocate             … one of which lies

Every command has --help and --json. Exit codes: 0 done, 1 failed, 2 wrong usage, 3 timed out, 4 safety violated.`;

/** Commander prints errors itself; ours are printed in one form at one place. Its help, asked for by naming a group
 *  without a command, passes. */
const wantsHelp = (text: string): boolean => !text.startsWith('error:');

function* withSubcommands(command: Command): Generator<Command> {
  yield command;
  for (const child of command.commands) yield* withSubcommands(child);
}

function usageError(error: CommanderError): CommandError {
  const message = error.message.replace(/^error: /, '').replace(/\n/g, ' ');
  const sentence = error.code === 'commander.help' ? 'a command is missing' : message;
  return new CommandError('USAGE', sentence, 'Add --help to see how it is used.', EXIT.usage);
}
