/** `trefoil simulate`: a network on one virtual clock, with liars and faults, and a verdict. */
import { closeSync, openSync, readSync, writeSync } from 'node:fs';
import { Command, InvalidArgumentError, Option } from 'commander';
import { installNodeSha256 } from '../crypto/node-sha256.ts';
import { faults } from '../simulator/faults/faults.ts';
import { formatPlan, parsePlan } from '../strategies/plans/plan.ts';
import { playTranscript } from '../simulator/transcripts/play.ts';
import { runScenario } from '../simulator/search/run.ts';
import { NODES_MAX, type Scenario } from '../simulator/search/scenario.ts';
import { strategies } from '../strategies/registry.ts';
import { OPERATIONS_USED, type OperationsUsed } from '../simulator/world/clients.ts';
import type { TraceSink } from '../simulator/world/trace.ts';
import { traceLines } from '../simulator/world/trace-lines.ts';
import { parseTranscript, type Transcript, TRANSCRIPT_BYTES_MAX } from '../simulator/transcripts/transcript.ts';
import { type Liar, parseDuration, parseLiar, parseNatural, parseSwitch } from './arguments.ts';
import { type Answer, CommandError, EXIT, type Output, type Run } from './output.ts';
import { playedAnswer, seededAnswer } from './simulate-report.ts';

interface SimulateOptions {
  readonly seed: number;
  readonly nodes: number;
  readonly powers?: readonly bigint[];
  readonly byzantine?: readonly Liar[];
  readonly plan?: string;
  readonly faults?: readonly string[];
  readonly observers: number;
  readonly duration: number;
  readonly signatures: Scenario['signatures'];
  readonly costs: boolean;
  readonly operations: OperationsUsed;
  readonly members: boolean;
  readonly scenario?: string;
  readonly trace?: string;
  readonly list?: boolean;
}

const OBSERVERS_MAX = 32;
/** Characters of a trace that are written at once. */
const TRACE_WRITE_LENGTH = 64 * 1024;
/** All that a scenario file says itself. */
const NETWORK = ['seed', 'nodes', 'powers', 'byzantine', 'plan', 'faults', 'observers', 'duration', 'signatures'];
const SAID_BY_SCENARIO = [...NETWORK, 'costs', 'operations', 'members'];

export function simulateCommand(run: Run): Command {
  return new Command('simulate')
    .description('Run a network in virtual time: one seed, or a scenario file, decides all that goes wrong.')
    .option('--seed <number>', 'what decides all delays, losses, crashes and lies', parseNatural, 1)
    .option('--nodes <number>', 'validators of equal power', parseNatural, 4)
    .addOption(
      new Option('--powers <list>', 'powers of the validators instead, such as 2,1,1,1')
        .argParser(parsePowers)
        .conflicts('nodes'),
    )
    .option(
      '--byzantine <validator=strategy>',
      'make a validator lie, or an observer, counted after them; may be repeated',
      parseLiar,
    )
    .option('--plan <text>', 'what liars with the strategy `plan` do together', parsePlanText)
    .option('--faults <list>', 'what else goes wrong, such as partition,crash', parseFaults)
    .option('--observers <number>', 'nodes without a key, which follow the chain', parseNatural, 0)
    .addOption(
      new Option('--duration <time>', 'how long it goes wrong, in simulated time')
        .argParser(parseDuration)
        .default(60_000, '60s'),
    )
    .option('--signatures <kind>', 'stand-in (fast) or ed25519', parseSignatures, 'stand-in')
    .addOption(
      new Option('--costs <on|off>', 'whether the work of nodes takes time, by a price list')
        .argParser(parseSwitch)
        .default(true, 'on'),
    )
    .addOption(new Option('--operations <which>', 'what clients ask for').choices(OPERATIONS_USED).default('all'))
    .addOption(
      new Option('--members <on|off>', 'whether validators come and go, in short epochs')
        .argParser(parseSwitch)
        .default(false, 'off'),
    )
    .addOption(
      new Option('--scenario <file>', 'play a scenario, line by line, instead').conflicts([
        ...SAID_BY_SCENARIO,
        'list',
      ]),
    )
    .option('--trace <file>', 'write every event to a file')
    .option('--list', 'describe all liars and faults')
    .option('--json', 'answer in JSON')
    .addHelpText('after', EXAMPLES)
    .action((options: SimulateOptions) => run(async (output) => simulate(options, output)));
}

const EXAMPLES = `
Examples:
  trefoil simulate --seed 42 --byzantine 3=equivocate --faults partition,crash
  trefoil simulate --byzantine 0=equivocate --byzantine 1=equivocate    … half of them lie: it forks
  trefoil simulate --byzantine 3=plan --plan 'every 20 by all ask n to turn for 6; alone by all mute all to all'
  trefoil simulate --observers 1 --byzantine 4=lie-status               … a node without a key lies
  trefoil simulate --scenario test/simulator/scenarios/hour-without-quorum.txt
  trefoil simulate --list

Exits with 4 when a promise is broken, or a line of the scenario does not come true.
src/simulator/transcripts/TRANSCRIPTS.md describes the language of scenarios.`;

function parsePowers(text: string): readonly bigint[] {
  if (!/^[1-9][0-9]{0,8}(,[1-9][0-9]{0,8})*$/.test(text))
    throw new InvalidArgumentError('It is a list of whole numbers, such as 2,1,1,1.');
  return text.split(',').map(BigInt);
}

function parseFaults(text: string): readonly string[] {
  const names = text.split(',');
  const unknown = names.find((name) => !faults.has(name));
  if (unknown !== undefined)
    throw new InvalidArgumentError(`There is no fault '${unknown}'; there are ${[...faults.keys()].join(', ')}.`);
  return names;
}

function parsePlanText(text: string): string {
  const parsed = parsePlan(text);
  if (!parsed.ok) throw new InvalidArgumentError(parsed.error.message);
  return formatPlan(parsed.value);
}

function parseSignatures(text: string): Scenario['signatures'] {
  if (text !== 'stand-in' && text !== 'ed25519') throw new InvalidArgumentError('It is stand-in or ed25519.');
  return text;
}

function simulate(options: SimulateOptions, { colours }: Output): Answer {
  if (options.list === true) return list();
  installNodeSha256();
  const { scenario: file } = options;
  if (file !== undefined) {
    const transcript = readTranscript(file);
    const [played, wallMs] = traced(options.trace, (sink) => playTranscript(transcript, sink));
    return playedAnswer(file, played, wallMs, colours);
  }
  const scenario = scenarioFrom(options);
  const [verdict, wallMs] = traced(options.trace, (sink) => runScenario(scenario, sink));
  return seededAnswer(scenario, verdict, wallMs, colours);
}

/** Runs with a file that takes every event, if any, and tells the milliseconds it took. */
function traced<T>(file: string | undefined, run: (sink?: TraceSink) => T): readonly [T, number] {
  const startedMs = performance.now();
  if (file === undefined) return [run(), performance.now() - startedMs];
  const trace = opened(file, 'w', 'TRACE_UNWRITABLE', 'Give --trace a file that can be written.');
  let waiting = '';
  const flush = (): void => {
    writeSync(trace, waiting);
    waiting = '';
  };
  try {
    const result = run(
      traceLines((line) => {
        waiting += line;
        if (waiting.length >= TRACE_WRITE_LENGTH) flush();
      }),
    );
    return [result, performance.now() - startedMs];
  } finally {
    flush();
    closeSync(trace);
  }
}

function opened(file: string, flags: 'r' | 'w', code: string, hint: string): number {
  try {
    return openSync(file, flags);
  } catch (error) {
    throw new CommandError(code, error instanceof Error ? error.message : String(error), hint, EXIT.usage);
  }
}

/** Throws SCENARIO_UNREADABLE and MALFORMED_TRANSCRIPT. */
function readTranscript(file: string): Transcript {
  const parsed = parseTranscript(readBeginning(file));
  if (parsed.ok) return parsed.value;
  const { code, message } = parsed.error;
  const hint =
    'src/simulator/transcripts/TRANSCRIPTS.md describes the language, test/simulator/scenarios has examples.';
  throw new CommandError(code, `${file}: ${message}`, hint, EXIT.usage);
}

/** One byte more than may be, at most: the size of a pipe or device is not known before. */
function readBeginning(path: string): string {
  const hint = 'Give --scenario a text file, such as those in test/simulator/scenarios.';
  const file = opened(path, 'r', 'SCENARIO_UNREADABLE', hint);
  try {
    const bytes = Buffer.alloc(TRANSCRIPT_BYTES_MAX + 1);
    let length = 0;
    for (let read = -1; read !== 0; length += read) read = readSync(file, bytes, length, bytes.length - length, null);
    // One character for each byte. What is not ASCII may only stand in comments.
    return bytes.toString('latin1', 0, length);
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    throw new CommandError('SCENARIO_UNREADABLE', `${path}: ${message}`, hint, EXIT.usage);
  } finally {
    closeSync(file);
  }
}

const refuse = (message: string): CommandError =>
  new CommandError('USAGE', message, 'trefoil simulate --list describes what there is.', EXIT.usage);

function scenarioFrom({ seed, nodes, powers, byzantine = [], plan, duration, ...rest }: SimulateOptions): Scenario {
  const chosen = powers ?? Array.from({ length: nodes }, () => 1n);
  const { observers, signatures } = rest;
  if (chosen.length < 1 || chosen.length > NODES_MAX) throw refuse(`There are 1 to ${NODES_MAX} validators.`);
  if (observers > OBSERVERS_MAX) throw refuse(`There are at most ${OBSERVERS_MAX} observers.`);
  for (const { index, strategy } of byzantine) {
    if (index >= chosen.length + observers) throw refuse(`There is no validator or observer ${index}.`);
    if (!strategies.has(strategy)) throw refuse(`There is no strategy '${strategy}'.`);
  }
  const liars = byzantine.map(({ index, strategy }) => ({ validator: index, strategy }));
  if (plan !== undefined && liars.every(({ strategy }) => strategy !== 'plan'))
    throw refuse('Nobody follows the plan: --byzantine 3=plan makes validator 3 do so.');
  const wanted = {
    seed,
    powers: chosen,
    liars,
    faults: rest.faults ?? [],
    observers,
    durationMs: duration,
    signatures,
    costs: rest.costs,
    operations: rest.operations,
    members: rest.members,
  };
  return plan === undefined ? wanted : { ...wanted, plan };
}

type Described = ReadonlyMap<string, { readonly describe: string }>;

const section = (title: string, entries: Described): string[] => [
  title,
  ...[...entries].map(([name, { describe }]) => `  ${name.padEnd(20)} ${describe}`),
];

const sentences = (entries: Described): Record<string, string> =>
  Object.fromEntries([...entries].map(([name, { describe }]) => [name, describe]));

function list(): Answer {
  return {
    json: { liars: sentences(strategies), faults: sentences(faults) },
    text: [...section('Liars (--byzantine)', strategies), '', ...section('Faults (--faults)', faults)].join('\n'),
  };
}
