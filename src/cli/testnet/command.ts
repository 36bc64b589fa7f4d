/** `trefoil testnet`. */
import { Command, InvalidArgumentError } from 'commander';
import { ClientError } from '../../client/errors.ts';
import { strategies } from '../../strategies/registry.ts';
import { type Liar, parseAmount, parseCount, parseLiar, parseNatural } from '../arguments.ts';
import { type Answer, CommandError, EXIT, type Output, type Run } from '../output.ts';
import { down, kill, start } from './change.ts';
import { claimFolder, DEFAULT_DIR, NODES_MAX, NODES_MIN, readNetwork, upLock } from './layout.ts';
import { holderOf, tryLock } from './lock.ts';
import { stopNodes } from './nodes.ts';
import { agreed, caught, observe } from './observe.ts';
import { nodeJson, statusJson, statusText, stopHint, upJson, upText } from './report.ts';
import { bringUp } from './up.ts';
import { watch } from './watch.ts';
import { verdictText } from './verdict.ts';

interface DirOption {
  readonly dir: string;
}

interface UpOptions extends DirOption {
  readonly nodes?: number;
  readonly stake?: readonly bigint[];
  readonly epochLength?: number;
  readonly detach?: boolean;
  readonly byzantine?: readonly Liar[];
}

const STOP_SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

const withDir = (command: Command): Command =>
  command.option('--dir <folder>', 'folder of the testnet', DEFAULT_DIR).option('--json', 'print one JSON object');

export function testnetCommand(run: Run): Command {
  return new Command('testnet')
    .description('A network of validators on this machine, each a process of its own.')
    .addCommand(upCommand(run))
    .addCommand(statusCommand(run))
    .addCommand(killCommand(run))
    .addCommand(startCommand(run))
    .addCommand(downCommand(run));
}

function upCommand(run: Run): Command {
  return withDir(new Command('up'))
    .description('Make a testnet, or resume the one that is there, and look after it until Ctrl+C.')
    .option(
      '--nodes <number>',
      `how many validators, ${NODES_MIN} to ${NODES_MAX} (default: as many as there are, or 4)`,
      parseSize,
    )
    .option(
      '--stake <amounts>',
      `power by stake, one amount for each of ${NODES_MIN} to ${NODES_MAX} validators, such as 40,30,20,10; account validator-I owns that of validator I`,
      parseStakes,
    )
    .option(
      '--epoch-length <heights>',
      'after how many blocks members and rules may change (default: 1000; 20 with --stake)',
      parseCount,
    )
    .option('--detach', 'return once it is ready; the processes stay, `trefoil testnet down` stops them')
    .option(
      '--byzantine <validator=strategy>',
      `let a validator lie: ${strategyNames()}; may be repeated`,
      parseKnownLiar,
    )
    .addHelpText('after', UP_HELP)
    .action((options: UpOptions) => run((output) => up(options, output)));
}

const STAKE_HINT = 'Name one stake for each validator, or leave out --nodes.';

const UP_HELP = `
Examples:
  trefoil testnet up                              four validators, one live line
  trefoil testnet up --nodes 7 --detach --json    seven, in the background
  trefoil testnet up --byzantine 3=equivocate     validator 3 lies, the others catch it
  trefoil testnet up --stake 40,30,20,10 --byzantine 3=equivocate    … and it is punished for it

Strategies:
${[...strategies].map(([name, { describe }]) => `  ${name.padEnd(20)} ${describe}`).join('\n')}

Validators that are not named with --byzantine are honest, also if they lied before.`;

function statusCommand(run: Run): Command {
  return withDir(new Command('status'))
    .description(
      'Each validator as it sees itself, whether all agree, and who was caught at what. Exit code 4: they disagree.',
    )
    .addHelpText('after', '\nExample:\n  trefoil testnet status --json    with the HTTP address of each node')
    .action((options: DirOption) => run((output) => status(options, output)));
}

function killCommand(run: Run): Command {
  return withDir(new Command('kill'))
    .description('Kill a validator (SIGKILL), as a power cut would.')
    .argument('<index>', 'which validator', parseNatural)
    .addHelpText('after', '\nExample:\n  trefoil testnet kill 2 && trefoil testnet start 2')
    .action((index: number, { dir }: DirOption) =>
      run(async () => {
        const pid = await kill(dir, index);
        const text =
          pid === undefined ? `Validator ${index} was not running.` : `Killed validator ${index}, process ${pid}.`;
        return { json: { index, killed: pid !== undefined, ...(pid !== undefined && { pid }) }, text };
      }),
    );
}

function startCommand(run: Run): Command {
  return withDir(new Command('start'))
    .description('Start a validator that does not run; it catches up by itself.')
    .argument('<index>', 'which validator', parseNatural)
    .option(
      '--byzantine <strategy>',
      `make it lie (${strategyNames()}), or "honest" again; one that runs is restarted`,
      parseStrategy,
    )
    .addHelpText('after', '\nExamples:\n  trefoil testnet start 2\n  trefoil testnet start 3 --byzantine equivocate')
    .action((index: number, { dir, byzantine }: DirOption & { readonly byzantine?: string }) =>
      run(async () => {
        const { node, started } = await start(dir, index, byzantine);
        const lies = node.byzantine === undefined ? '' : `, lying: ${node.byzantine}`;
        const text = `Validator ${index} ${started ? 'runs' : 'was running already'}: process ${node.pid}, ${node.http}${lies}`;
        return { json: { ...nodeJson(node), started }, text };
      }),
    );
}

function downCommand(run: Run): Command {
  return withDir(new Command('down'))
    .description('Stop all validators, and say how they did. Exit code 4: they disagreed.')
    .option('--wipe', 'and remove their keys, their ledger and their folder')
    .addHelpText('after', '\nExamples:\n  trefoil testnet down\n  trefoil testnet down --wipe')
    .action(({ dir, wipe = false }: DirOption & { readonly wipe?: boolean }) =>
      run(async () => {
        const verdict = await verdictOf(dir);
        const stopped = await down(dir, wipe);
        const who = stopped.length === 0 ? 'Nothing was running.' : `${verdict.text}\nStopped ${stopped.join(', ')}.`;
        return {
          json: { stopped, wiped: wipe, verdict: stopped.length === 0 ? null : verdict.text },
          text: wipe ? `${who} Wiped ${dir}.` : `${who} ${stopHint(dir)}`,
          exitCode: verdict.agreed ? EXIT.done : EXIT.violated,
        };
      }),
    );
}

async function up(options: UpOptions, output: Output): Promise<Answer | undefined> {
  const { dir, nodes: size, stake: stakes, epochLength, detach = false, byzantine: liars = [] } = options;
  if (size !== undefined && stakes !== undefined && size !== stakes.length)
    throw new CommandError('USAGE', `${stakes.length} stakes for ${size} validators`, STAKE_HINT, EXIT.usage);
  claimFolder(dir);
  const lock = tryLock(upLock(dir));
  if (lock === undefined) throw supervised(dir);
  // Repeated signals change nothing: stopping is bounded. One Ctrl+C can arrive twice, from the terminal and from npm.
  const stopping = new AbortController();
  const stop = () => stopping.abort();
  for (const signal of STOP_SIGNALS) process.on(signal, stop);
  try {
    const testnet = await bringUp({ dir, size, stakes, epochLength, liars, signal: stopping.signal }, output);
    const answer = { json: upJson(testnet), text: upText(dir, testnet, output.colours) };
    if (detach) return answer;
    output.answer(answer);
    await watch(dir, stopping.signal, output);
    const verdict = await verdictOf(dir);
    output.progress('Stopping …');
    await stopNodes(
      dir,
      testnet.nodes.map(({ index }) => index),
    );
    output.progress(verdict.text);
    output.progress(`Stopped. ${stopHint(dir)}`);
    if (!verdict.agreed)
      throw new CommandError(
        'SAFETY_VIOLATED',
        'two blocks at one height',
        'Keep the folder: the logs and /v1/offences say who lied.',
        EXIT.violated,
      );
    return undefined;
  } finally {
    lock.release();
    for (const signal of STOP_SIGNALS) process.off(signal, stop);
  }
}

function supervised(dir: string): CommandError {
  const pid = holderOf(upLock(dir))?.pid;
  const message = `another \`testnet up\`${pid === undefined ? '' : `, process ${pid},`} looks after ${dir}`;
  return new CommandError('TESTNET_BUSY', message, 'Stop that one, or use `trefoil testnet status`.');
}

/** How the testnet did so far, by what its validators say now. */
async function verdictOf(dir: string): Promise<{ readonly agreed: boolean; readonly text: string }> {
  try {
    const observations = await observe(dir, readNetwork(dir));
    const agree = await agreed(observations);
    return { agreed: agree, text: verdictText(observations, agree) };
  } catch (error) {
    // One of them went away in between; stopping them goes on.
    if (error instanceof ClientError) return { agreed: true, text: 'no verdict: a validator stopped answering' };
    throw error;
  }
}

async function status({ dir }: DirOption, output: Output): Promise<Answer> {
  const observations = await observe(dir, readNetwork(dir));
  const agree = await agreed(observations);
  const offences = caught(observations);
  return {
    json: statusJson(observations, agree, offences),
    text: statusText(observations, agree, offences, output.colours),
    exitCode: agree ? EXIT.done : EXIT.violated,
  };
}

function parseSize(text: string): number {
  const size = parseNatural(text);
  if (size < NODES_MIN || size > NODES_MAX) throw new InvalidArgumentError(`It is from ${NODES_MIN} to ${NODES_MAX}.`);
  return size;
}

function parseStakes(text: string): readonly bigint[] {
  const stakes = text.split(',').map(parseAmount);
  if (stakes.length < NODES_MIN || stakes.length > NODES_MAX)
    throw new InvalidArgumentError(`It is an amount for each of ${NODES_MIN} to ${NODES_MAX} validators.`);
  return stakes;
}

function parseKnownLiar(text: string, earlier?: readonly Liar[]): readonly Liar[] {
  const liars = parseLiar(text, earlier);
  for (const { strategy } of liars) requireStrategy(strategy);
  return liars;
}

function parseStrategy(text: string): string {
  if (text !== 'honest') requireStrategy(text);
  return text;
}

function requireStrategy(name: string): void {
  if (!strategies.has(name)) throw new InvalidArgumentError(`Strategies are ${strategyNames()}.`);
}

function strategyNames(): string {
  return [...strategies.keys()].join(', ');
}
