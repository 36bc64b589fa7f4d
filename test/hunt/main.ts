/** `npm run hunt`: searches for scenarios that break a promise of the protocol. */
import { availableParallelism } from 'node:os';
import { Command, InvalidArgumentError, Option } from 'commander';
import { parseSwitch } from '../../src/cli/arguments.ts';
import { EXIT, Output } from '../../src/cli/output.ts';
import { formatPlan, parsePlan } from '../../src/strategies/plans/plan.ts';
import { Adversary } from './adversary.ts';
import { adversaryJson, adversaryText, progressOf } from './adversary-report.ts';
import { Hunt } from './hunt.ts';
import { MEASURES, type MeasureName } from './measures.ts';
import { progressLine, reportJson, reportText } from './report.ts';
import { SEARCHES, type Search } from './searches.ts';

interface Options {
  readonly minutes: number;
  readonly search: Search;
  readonly adversary?: MeasureName;
  readonly nodes?: number;
  readonly rounds: number;
  readonly plan?: string;
  readonly seed: number;
  readonly count?: number;
  readonly duration: number;
  readonly workers: number;
  readonly costs: boolean;
  readonly withoutLiars?: boolean;
  readonly members?: boolean;
  readonly json?: boolean;
}

const STOP_SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

const within = (pattern: RegExp, kind: string) => (min: number, max: number) => (text: string) => {
  const value = Number(text);
  if (pattern.test(text) && value >= min && value <= max) return value;
  throw new InvalidArgumentError(`It is a ${kind} from ${min} to ${max}.`);
};
const numberFrom = within(/^[0-9]{1,10}(\.[0-9]{1,3})?$/, 'number');
const wholeFrom = within(/^[0-9]{1,10}$/, 'whole number');

function planText(text: string): string {
  const parsed = parsePlan(text);
  if (!parsed.ok) throw new InvalidArgumentError(parsed.error.message);
  return formatPlan(parsed.value);
}

const EXAMPLES = `
Searches:
  mix     four seeds of faults, then one of fuzz, and so on
  faults  networks of 4 to 16 validators, of equal or skewed power, with liars and faults at random (\`npx trefoil
          simulate --list\`); after the faults all honest nodes have to recover
  twins   one key on two replicas; primary and split of each of two rounds, 3,600 scenarios in all, as seeds from 0
  fuzz    four validators; messages of one of them are changed a little by round, the network is split by round
  raft    3 to 7 servers of the Raft that PBFT is compared with, under crashes, partitions and bad wires; the properties of
          its paper are checked after every step, and after the faults all servers have to recover

Adversaries: liars that know what the others know carry out a plan; it is changed again and again, and a change is kept
where it makes things worse for the honest.
  stall   the longest time without a commit, while more than two thirds are honest, up and connected
  cost    processor time that an honest node spends
  memory  what an honest node holds of what others send
  blame   honest validators that honest ones suspect or punish, and view changes

Examples:
  npm run hunt -- --minutes 60                                  as many seeds as an hour allows
  npm run hunt -- --seed 5001 --minutes 600                     go on where the last one ended
  npm run hunt -- --search twins --seed 0 --count 3600          all of them
  npm run hunt -- --search raft --count 2000                    two thousand seeds of Raft, in half a minute
  npm run hunt -- --without-liars --count 10000                 every fault, and nobody may be accused
  npm run hunt -- --members --count 5000                        joins, exits and removals at the ends of epochs
  npm run hunt -- --adversary stall --minutes 60                the worst stall for each size of network
  npm run --silent hunt -- --minutes 1 --json                   for scripts

At the end it says how many seeds it ran and how many recovered, on which networks, and which liars met which faults.
Ctrl+C ends it early, in the same way. Exit codes: 0 nothing found, 2 wrong usage, 4 found: each with its seed and the
command that shows it again.`;

const command = new Command('npm run hunt --')
  .description('Search for scenarios that break a promise of the protocol, one seed after another on all cores.')
  .option('--minutes <n>', 'how long at most', numberFrom(0.01, 100_000), 10)
  .addOption(new Option('--search <kind>', 'what to vary').choices(SEARCHES).default('mix'))
  .addOption(
    new Option('--adversary <measure>', 'search for the plan of liars that makes this worst').choices(MEASURES),
  )
  .option('--nodes <n>', 'validators (with --adversary; default: 4 to 16, by the seed)', wholeFrom(1, 32))
  .option('--rounds <n>', 'runs for each seed (with --adversary)', wholeFrom(1, 10_000), 8)
  .option('--plan <text>', 'where each seed begins (with --adversary)', planText)
  .option('--seed <n>', 'the first one', wholeFrom(0, 2 ** 31), 1)
  .addOption(
    new Option('--count <n>', 'how many seeds (default: as many as the time allows)').argParser(wholeFrom(1, 2 ** 31)),
  )
  .option('--duration <seconds>', 'how long faults go on for each seed, in simulated time', numberFrom(0.1, 86_400), 60)
  .option('--workers <n>', 'how many at once', wholeFrom(1, 256), availableParallelism())
  .addOption(
    new Option('--costs <on|off>', 'whether the work of nodes takes time').argParser(parseSwitch).default(true, 'on'),
  )
  .option('--without-liars', 'nobody lies, and no disk is emptied: no evidence may come of all other faults')
  .option('--members', 'validators come and go in every run, in short epochs (else in a quarter of all)')
  .option('--json', 'print one JSON object (with `npm run --silent hunt -- --json` nothing else)')
  .addHelpText('after', EXAMPLES)
  .exitOverride(({ exitCode }) => process.exit(exitCode === 0 ? EXIT.done : EXIT.usage))
  .parse();
const options = command.opts<Options>();
const { minutes, seed: firstSeed, count, workers, costs, json = false } = options;

const output = new Output(process, json);
const stopping = new AbortController();
// Again and again changes nothing: seeds under way are through in seconds. One Ctrl+C can arrive twice.
for (const signal of STOP_SIGNALS) process.on(signal, () => stopping.abort());
const durationMs = options.duration * 1000;
const wanted = { minutes, firstSeed, count, durationMs, workers, costs, signal: stopping.signal };

/** Runs it, and tells how far it is now and then. */
async function told(run: () => Promise<void>, line: () => string): Promise<void> {
  const timer = setInterval(
    () => (output.isLive ? output.live(line()) : output.progress(line())),
    output.isLive ? 500 : 30_000,
  );
  await run();
  clearInterval(timer);
}

async function search(): Promise<number> {
  const { withoutLiars = false, members = false } = options;
  // Only what has faults has them with or without liars.
  const kind = options.search === 'mix' && (withoutLiars || members) ? 'faults' : options.search;
  const hunt = new Hunt({ ...wanted, search: kind, only: { withoutLiars, members } }, ({ failure, command: again }) =>
    output.progress(`FAILED ${failure}\n       ${again}`),
  );
  await told(
    () => hunt.run(),
    () => progressLine(hunt),
  );
  output.answer({ json: reportJson(hunt), text: reportText(hunt, output.colours) });
  return hunt.failures.length;
}

async function climb(measure: MeasureName): Promise<number> {
  const { nodes: size, rounds, plan } = options;
  const hunt = new Adversary({ ...wanted, measure, size, rounds, plan }, (what) => output.progress(what));
  await told(
    () => hunt.run(),
    () => progressOf(hunt),
  );
  output.answer({ json: adversaryJson(hunt), text: adversaryText(hunt, output.colours) });
  return hunt.failures.length;
}

const failures = options.adversary === undefined ? await search() : await climb(options.adversary);
process.exitCode = failures > 0 ? EXIT.violated : EXIT.done;
