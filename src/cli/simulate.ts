/** `trefoil simulate`: a network on one virtual clock, with liars and faults, and a verdict. */
import { closeSync, openSync, writeSync } from 'node:fs';
import { Command, InvalidArgumentError } from 'commander';
import { installNodeSha256 } from '../crypto/node-sha256.ts';
import { faults } from '../simulator/faults.ts';
import { runScenario, type Verdict } from '../simulator/run.ts';
import { commandOf, type Scenario } from '../simulator/scenario.ts';
import { strategies } from '../simulator/strategies/registry.ts';
import type { TraceSink } from '../simulator/trace.ts';
import { type Liar, parseDuration, parseLiar, parseNatural } from './arguments.ts';
import { type Answer, CommandError, EXIT, type Output, type Run } from './output.ts';

interface SimulateOptions {
  readonly seed: number;
  readonly nodes: number;
  readonly powers?: readonly bigint[];
  readonly byzantine: readonly Liar[];
  readonly faults: readonly string[];
  readonly observers: number;
  readonly duration: number;
  readonly signatures: Scenario['signatures'];
  readonly trace?: string;
  readonly list: boolean;
}

const NODES_MAX = 32;
const OBSERVERS_MAX = 32;
/** Lines of the story that people are shown; a trace has all. */
const STORY_LINES = 40;
/** What is known only when the faults have ended. */
const AFTER_FAULTS: readonly string[] = ['liveness', 'view changes'];

export function simulateCommand(run: Run): Command {
  return new Command('simulate')
    .description('Run a network in virtual time: one seed decides all delays, losses, crashes and lies.')
    .option('--seed <number>', 'what decides everything', parseNatural, 1)
    .option('--nodes <number>', 'validators of equal power', parseNatural, 4)
    .option('--powers <list>', 'powers of the validators instead, such as 2,1,1,1', parsePowers)
    .option('--byzantine <validator=strategy>', 'make a validator lie; may be repeated', parseLiar, [])
    .option('--faults <list>', 'what else goes wrong, such as partition,crash', parseFaults, [])
    .option('--observers <number>', 'nodes without a key, which follow the chain', parseNatural, 0)
    .option('--duration <time>', 'how long it goes wrong, in simulated time', parseDuration, 60_000)
    .option('--signatures <kind>', 'stand-in (fast) or ed25519', parseSignatures, 'stand-in')
    .option('--trace <file>', 'write every event to a file')
    .option('--list', 'describe all liars and faults', false)
    .option('--json', 'answer in JSON')
    .addHelpText('after', EXAMPLES)
    .action((options: SimulateOptions) => run(async (output) => simulate(options, output)));
}

const EXAMPLES = `
Examples:
  trefoil simulate --seed 42 --byzantine 3=equivocate --faults partition,crash
  trefoil simulate --byzantine 0=equivocate --byzantine 1=equivocate    … half of them lie: it forks
  trefoil simulate --list`;

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

function parseSignatures(text: string): Scenario['signatures'] {
  if (text !== 'stand-in' && text !== 'ed25519') throw new InvalidArgumentError('It is stand-in or ed25519.');
  return text;
}

function simulate(options: SimulateOptions, output: Output): Answer {
  if (options.list) return list();
  installNodeSha256();
  const scenario = scenarioFrom(options);
  const trace = options.trace === undefined ? null : openSync(options.trace, 'w');
  const sink: TraceSink | undefined =
    trace === null
      ? undefined
      : (atMs, what, details) => void writeSync(trace, `${atMs.toFixed(3)} ${what} ${details.join(' ')}\n`);
  const startedMs = performance.now();
  const verdict = runScenario(scenario, sink);
  const wallMs = performance.now() - startedMs;
  if (trace !== null) closeSync(trace);
  return answer(scenario, verdict, wallMs, output);
}

const refuse = (message: string): CommandError =>
  new CommandError('USAGE', message, 'trefoil simulate --list describes what there is.', EXIT.usage);

function scenarioFrom({ seed, nodes, powers, byzantine, duration, ...rest }: SimulateOptions): Scenario {
  const chosen = powers ?? Array.from({ length: nodes }, () => 1n);
  if (chosen.length < 1 || chosen.length > NODES_MAX) throw refuse(`There are 1 to ${NODES_MAX} validators.`);
  for (const { index, strategy } of byzantine) {
    if (index >= chosen.length) throw refuse(`There is no validator ${index}.`);
    if (!strategies.has(strategy)) throw refuse(`There is no strategy '${strategy}'.`);
  }
  const liars = byzantine.map(({ index, strategy }) => ({ validator: index, strategy }));
  const { observers, signatures } = rest;
  if (observers > OBSERVERS_MAX) throw refuse(`There are at most ${OBSERVERS_MAX} observers.`);
  return { seed, powers: chosen, liars, faults: rest.faults, observers, durationMs: duration, signatures };
}

function answer(scenario: Scenario, verdict: Verdict, wallMs: number, { colours }: Output): Answer {
  const { violations, checkers, story, traceHash, height, transactions, recoveryMs, simulatedMs } = verdict;
  const failed = new Map(violations.map((violation) => [violation.checker, violation]));
  const shown =
    story.length > STORY_LINES
      ? [...story.slice(0, STORY_LINES / 2), '      …', ...story.slice(-STORY_LINES / 2)]
      : story;
  const recovery = recoveryMs === null ? 'no recovery' : `recovered in ${(recoveryMs / 1000).toFixed(1)} s`;
  const command = commandOf(scenario);
  const lines = [
    ...shown,
    '',
    ...checkers.map((name) => {
      const violation = failed.get(name);
      if (violation === undefined && recoveryMs === null && AFTER_FAULTS.includes(name))
        return `${colours.dim('   ?  ')} ${name} (not reached)`;
      return violation === undefined
        ? `${colours.green('holds ')} ${name}`
        : `${colours.red('BROKEN')} ${name}: ${violation.message} (at ${(violation.atMs / 1000).toFixed(1)} s)`;
    }),
    '',
    `${height} blocks · ${transactions} transactions · ${recovery} · ${(simulatedMs / 1000).toFixed(0)} s simulated in ${(wallMs / 1000).toFixed(1)} s · trace ${traceHash}`,
    ...(violations.length > 0 ? [`seed ${scenario.seed}, again: ${command}`] : []),
  ];
  return {
    json: { command, ...verdict, wallMs: Math.round(wallMs) },
    text: lines.join('\n'),
    exitCode: violations.length > 0 ? EXIT.violated : EXIT.done,
  };
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
