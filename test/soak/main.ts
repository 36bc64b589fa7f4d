/** `npm run soak`: whole networks on this machine, tried for longer than a test can take. */
import { Command, InvalidArgumentError } from 'commander';
import { type Answer, EXIT, Output, toCommandError } from '../../src/cli/output.ts';
import { strategies } from '../../src/strategies/registry.ts';
import { Random } from '../../src/base/random.ts';
import { FLOOD_KINDS, type FloodKind } from './flood-kinds.ts';
import { soakFloods } from './floods.ts';
import { nameOf, soakLiars } from './liars.ts';
import { recoveryText, soakRecovery } from './recovery.ts';
import { soakNetwork } from './soak.ts';

const MINUTE_MS = 60_000;
const HOLD_S_MAX = 100_000;
const STOP_SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

const wholeFrom = (min: number, max: number) => (text: string) => {
  const value = Number(text);
  if (/^[0-9]{1,10}$/.test(text) && value >= min && value <= max) return value;
  throw new InvalidArgumentError(`It is a whole number from ${min} to ${max}.`);
};

function strategyNames(text: string): ReadonlySet<string> {
  const names = text.split(',');
  const unknown = names.find((name) => !strategies.has(name));
  if (unknown === undefined) return new Set(names);
  throw new InvalidArgumentError(`${unknown} is none of ${[...strategies.keys()].join(', ')}.`);
}

function floodKinds(text: string): readonly FloodKind[] {
  return text.split(',').map((name) => {
    const kind = FLOOD_KINDS.find((known) => known === name);
    if (kind !== undefined) return kind;
    throw new InvalidArgumentError(`${name} is none of ${FLOOD_KINDS.join(', ')}.`);
  });
}

const command = new Command('npm run soak --')
  .description(
    `Try whole networks on this machine, and look whether they keep their word. By default four validators are crashed, stopped
and loaded at random; with --liars each liar lies to a network of its own; with --recovery it is measured how long commits
stop for; with --floods how commits go on while somebody asks for more than a fair share. Of memory --floods tells two
numbers: by how much a node grew at most, which is what the machine has to have, and how much is in use when the flood ends
and garbage is collected. The first holds garbage: a runtime with much to do doubles the room in which new objects live (from
64 to 128 MiB here) before it collects more often. Either may be 100 MiB more than in calm.`,
  )
  .option(
    '--minutes <n>',
    'at random: how long, at least; the network that is being tried then is tried to its end',
    wholeFrom(1, 10_000),
    10,
  )
  .option(
    '--seed <n>',
    'at random: what happens, and in which order; when is up to the machine',
    wholeFrom(0, 2 ** 32 - 1),
  )
  .option('--liars', 'let each liar lie: as backup, as primary or in view changes, wherever it can; and pairs of seven')
  .option('--liar-seconds <n>', 'for how long', wholeFrom(1, 10_000), 60)
  .option('--only <strategies>', 'which liars, by name, with commas', strategyNames)
  .option('--recovery', 'kill the primary again and again, and take the quorum away')
  .option('--rounds <n>', 'how often the primary is killed', wholeFrom(0, 100_000), 100)
  .option(
    '--holds <seconds>',
    'how long the quorum is away, with commas; each is tried three times',
    (text) => text.split(',').map(wholeFrom(0, HOLD_S_MAX)),
    [1, 10, 60],
  )
  .option(
    '--floods',
    'let a validator that is no node flood the others with each kind of message, and readers a large block',
  )
  .option('--flood-seconds <n>', 'for how long', wholeFrom(5, 10_000), 30)
  .option('--kinds <kinds>', 'which floods, by name, with commas', floodKinds, FLOOD_KINDS)
  .option('--json', 'print one JSON object')
  .exitOverride(({ exitCode }) => process.exit(exitCode === 0 ? EXIT.done : EXIT.usage))
  .parse();
const options = command.opts<{
  readonly minutes: number;
  readonly seed?: number;
  readonly liars?: boolean;
  readonly liarSeconds: number;
  readonly only?: ReadonlySet<string>;
  readonly recovery?: boolean;
  readonly rounds: number;
  readonly holds: readonly number[];
  readonly floods?: boolean;
  readonly floodSeconds: number;
  readonly kinds: readonly FloodKind[];
  readonly json?: boolean;
}>();

const output = new Output(process, options.json === true);
const startMs = performance.now();
const elapsed = () => {
  const seconds = Math.floor((performance.now() - startMs) / 1000);
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;
};
const say = (line: string) => output.progress(`${elapsed().padStart(6)}  ${line}`);
const stopping = new AbortController();
const { signal } = stopping;
// Ends after the blow that is under way, so that no process is left.
for (const each of STOP_SIGNALS) process.on(each, () => stopping.abort());

async function liars(): Promise<Answer> {
  const json = await soakLiars({ seconds: options.liarSeconds, only: options.only }, signal, say);
  const { reports, failures } = json;
  const tried = `${reports.length + failures.length} trials`;
  const text =
    failures.length === 0
      ? `${tried}: no liar split or stopped the honest.`
      : `${tried}, of which failed: ${failures.map(nameOf).join('; ')}.`;
  return { json, text, exitCode: failures.length === 0 ? EXIT.done : EXIT.violated };
}

async function floods(): Promise<Answer> {
  const reports = await soakFloods({ seconds: options.floodSeconds, kinds: options.kinds }, signal, say);
  const failed = reports.filter(({ wrong }) => wrong.length > 0).map(({ kind }) => kind);
  const verdict = failed.length === 0 ? 'PASS: commits go on as they should.' : `FAIL: ${failed.join(', ')}.`;
  const text = `${reports.length} floods. ${verdict}`;
  return { json: { reports, failed }, text, exitCode: failed.length === 0 ? EXIT.done : EXIT.violated };
}

async function recovery(): Promise<Answer> {
  const holdsMs = options.holds.map((seconds) => 1000 * seconds);
  const json = await soakRecovery({ rounds: options.rounds, holdsMs }, signal, say);
  return { json, text: recoveryText(json), exitCode: json.held ? EXIT.done : EXIT.timedOut };
}

async function atRandom(): Promise<Answer> {
  const { minutes, seed = Date.now() % 2 ** 32 } = options;
  say(`seed ${seed}`);
  const random = new Random(seed);
  let networks = 0;
  let slow = 0;
  while (!signal.aborted && performance.now() - startMs < minutes * MINUTE_MS) {
    networks++;
    slow += await soakNetwork(random.fork(), signal, say);
  }
  const text = `${networks} networks kept their word; ${slow} times one resumed too late.`;
  return { json: { seed, networks, slow }, text, exitCode: slow === 0 ? EXIT.done : EXIT.timedOut };
}

try {
  const { liars: lying, recovery: recovering, floods: flooding } = options;
  const { exitCode, ...answer } = await (lying ? liars() : recovering ? recovery() : flooding ? floods() : atRandom());
  output.answer(answer);
  process.exitCode = exitCode;
} catch (error) {
  output.error(toCommandError(error));
  process.exitCode = EXIT.violated;
}
// Those who pay and listen may still be at it after a failure.
process.exit();
