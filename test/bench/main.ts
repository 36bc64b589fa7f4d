/** `npm run bench`. */
import { Command, InvalidArgumentError } from 'commander';
import { CommandError, EXIT, Output, toCommandError } from '../../src/cli/output.ts';
import { runBench } from './bench.ts';
import { goalsMet, reportJson, reportText } from './report.ts';
import { runSyncBench, syncReport } from './sync.ts';

const STOP_SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

interface Options {
  readonly seconds: number;
  readonly accounts: number;
  readonly json?: boolean;
  readonly check?: boolean;
  readonly sync?: boolean;
  readonly blocks: number;
  readonly fullBlocks: number;
}

const wholeFrom = (min: number, max: number) => (text: string) => {
  const value = Number(text);
  if (/^[0-9]{1,9}$/.test(text) && value >= min && value <= max) return value;
  throw new InvalidArgumentError(`It is a whole number from ${min} to ${max}.`);
};

const command = new Command('npm run bench --')
  .description(
    'Measure four validators on this machine, under transfers that were signed before. Leaves nothing behind.',
  )
  .option('--seconds <n>', 'how long to measure under load', wholeFrom(1, 600), 12)
  .option(
    '--accounts <n>',
    'accounts of the genesis; nearly all of them send the load',
    wholeFrom(100, 1_000_000),
    1000,
  )
  .option('--sync', 'measure instead how fast a node catches up that is far behind, without any load')
  .option(
    '--blocks <n>',
    'with --sync: how many small blocks it lacks, of one transfer each',
    wholeFrom(0, 1_000_000),
    10_000,
  )
  .option('--full-blocks <n>', 'with --sync: how many full blocks it lacks, another time', wholeFrom(0, 10_000), 200)
  .option('--json', 'print one JSON object (with `npm run --silent bench -- --json` nothing else)')
  .option('--check', 'exit with 1 when a goal is missed')
  .exitOverride(({ exitCode }) => process.exit(exitCode === 0 ? EXIT.done : EXIT.usage))
  .parse();
const { seconds, accounts, json = false, check = false, sync = false, blocks, fullBlocks } = command.opts<Options>();

const output = new Output(process, json);
const stopping = new AbortController();
const stop = () => stopping.abort(new CommandError('CANCELLED', 'stopped before the end', 'Nothing is left of it.'));
// Again and again changes nothing: cleaning up is bounded. One Ctrl+C can arrive twice, from the terminal and from npm.
for (const signal of STOP_SIGNALS) process.on(signal, stop);
try {
  const progress = (line: string) => output.progress(line);
  if (sync) output.answer(syncReport(await runSyncBench({ blocks, fullBlocks, signal: stopping.signal, progress })));
  else {
    const figures = await runBench({ seconds, accounts, signal: stopping.signal, progress });
    output.answer({ json: reportJson(figures), text: reportText(figures, output.colours) });
    process.exitCode = check && !goalsMet(figures) ? EXIT.failed : EXIT.done;
  }
} catch (error) {
  const failure = toCommandError(error);
  output.error(failure);
  process.exitCode = failure.exitCode;
}
for (const signal of STOP_SIGNALS) process.off(signal, stop);
