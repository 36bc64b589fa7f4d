/** `trefoil compare`: the same transactions and faults through PBFT, proof of work and Raft. */
import { closeSync, openSync, writeFileSync } from 'node:fs';
import { Command, InvalidArgumentError } from 'commander';
import { type Comparison, compare, PARTS } from '../compare/compare.ts';
import { commandOf, TITLES } from '../compare/report/facts.ts';
import { count, duration, inRuns, percent } from '../compare/report/words.ts';
import type { Run as Measured } from '../compare/repeat.ts';
import { TRANSFERS_PER_BLOCK } from '../simulator/world/keys.ts';
import { installNodeSha256 } from '../crypto/node-sha256.ts';
import { parseNatural } from './arguments.ts';
import { type Answer, type Colours, CommandError, EXIT, type Output, type Run } from './output.ts';
import { table } from './table.ts';

interface CompareOptions {
  readonly seed: number;
  readonly report?: string;
  readonly only: readonly string[];
  readonly runs?: number;
  readonly blockSize: number;
}

export function compareCommand(run: Run): Command {
  return new Command('compare')
    .description('Run the same transactions and faults through PBFT, proof of work and Raft, side by side.')
    .option('--seed <number>', 'what decides all chance: the same seed gives the same numbers', parseNatural, 1)
    .option('--report <file>', 'also write a page with pictures and a guide, to be opened in any browser')
    .option('--only <part>', `one part alone; may be repeated: ${PARTS.join(', ')}`, parsePart, [])
    .option(
      '--runs <number>',
      'how often each is run; where nothing is said pbft 3 times, pbft-stake once, pow 20 and raft 10 times',
      parseRuns,
    )
    .option(
      '--block-size <number>',
      'transfers in a block of pbft and of pow, at most',
      parseBlockSize,
      TRANSFERS_PER_BLOCK,
    )
    .option('--json', 'print one JSON object')
    .addHelpText('after', HELP)
    .action((options: CompareOptions) => run((output) => compareAll(options, output)));
}

/** A tenth of a second each at least: more would take hours. */
const RUNS_MAX = 1000;
/** A block has to take the longest transaction there can be, which weighs as much as nine transfers. */
const BLOCK_SIZE_MIN = 9;
/** More transfers than any run has. */
const BLOCK_SIZE_MAX = 1000;

const HELP = `
Four nodes, some 400 transfers in seven minutes of virtual time, on the ledger and the wires of the simulator, through each:

  pbft        the node's own core and driver, equal powers          pow   proof of work, most work, 6 confirmations
  pbft-stake  powers 34, 22, 22, 22: the first can stop the others  raft  for members that only crash

  calm                nothing goes wrong
  crash               the leader crashes (FLP)
  partition-minority  one node is cut off for four minutes (CAP)
  partition-half      two against two (split brain)
  one-liar            one of four lies; in proof of work, a quarter of the hash power mines in secret
  third-lying         two of four lie
  regions             Frankfurt, Virginia and Singapore

What is left to chance is run several times, each time with a seed of its own that --seed decides. Columns: how many runs stand
behind the line; final after (half of the transactions of all runs, 99 of 100), how many became final, messages for each, the longest
time in any run in which nothing became final, and what was shown as final and was not: honest nodes that differ, transactions that
were taken back.

Examples:
  trefoil compare --report compare.html
  trefoil compare --only partition-half
  trefoil compare --only double-spend --seed 7
  trefoil compare --only partition-half --runs 100
  trefoil compare --json`;

function parsePart(text: string, before: readonly string[]): readonly string[] {
  if (!PARTS.includes(text)) throw new InvalidArgumentError(`The parts are ${PARTS.join(', ')}.`);
  return [...before, text];
}

function parseRuns(text: string): number {
  const runs = parseNatural(text);
  if (runs >= 1 && runs <= RUNS_MAX) return runs;
  throw new InvalidArgumentError(`It is a whole number from 1 to ${RUNS_MAX}.`);
}

function parseBlockSize(text: string): number {
  const size = parseNatural(text);
  if (size >= BLOCK_SIZE_MIN && size <= BLOCK_SIZE_MAX) return size;
  throw new InvalidArgumentError(`It is a whole number from ${BLOCK_SIZE_MIN} to ${BLOCK_SIZE_MAX}.`);
}

async function compareAll({ seed, report, only, runs, blockSize }: CompareOptions, output: Output): Promise<Answer> {
  if (report !== undefined && only.length > 0) {
    const hint = 'Leave --only away, or leave --report away.';
    throw new CommandError('REPORT_NEEDS_ALL', 'a report has all parts, and --only asks for some', hint, EXIT.usage);
  }
  if (report !== undefined) openFile(report);
  installNodeSha256();
  const comparison = compare({ seed, only, runs: runs ?? null, transfersPerBlock: blockSize }, (done, of, what) => {
    const line = `${done + 1} of ${of}: ${what}`;
    if (output.isLive) output.live(line);
    else if (!output.json) output.progress(line);
  });
  if (report !== undefined) await write(report, comparison);
  return { json: comparison, text: textOf(comparison, report, output.colours) };
}

/** Before anything is measured. */
function openFile(file: string): void {
  const hint = 'Name a file in a folder that is there.';
  if (file.startsWith('-')) {
    const message = `--report wants a file, and ${file} is an option`;
    throw new CommandError('REPORT_NOT_WRITTEN', message, hint, EXIT.usage);
  }
  try {
    closeSync(openSync(file, 'a'));
  } catch (error) {
    const message = `${file} cannot be written: ${error instanceof Error ? error.message : String(error)}`;
    throw new CommandError('REPORT_NOT_WRITTEN', message, hint);
  }
}

/** The library that draws is large, and loaded only here. */
async function write(file: string, comparison: Comparison): Promise<void> {
  const { pageOf } = await import('../compare/report/page.ts');
  writeFileSync(file, pageOf(comparison));
}

const HEADS = ['protocol', 'runs', 'final after', '99 of 100', 'final', 'messages', 'longest without', 'broken'];

function textOf(comparison: Comparison, report: string | undefined, colours: Colours): string {
  const { scenarios, doubleSpend, risk, blockSizes } = comparison;
  const parts = scenarios.map(({ title, name, runs }) => {
    const rows = runs.map((run) => rowOf(run, colours));
    return `${colours.bold(title)} ${colours.dim(`(${name})`)}\n${table(HEADS, rows, colours)}`;
  });
  if (doubleSpend !== null) {
    const { share, confirmations, pow, tries, successes, chance, pbft } = doubleSpend;
    const result =
      pow.takenBackMs === null
        ? 'the thief gave up'
        : `delivered at ${duration(pow.deliveredMs)}, taken back at ${duration(pow.takenBackMs)}, the merchant has ${pow.merchantHas} of 100`;
    parts.push(
      `${colours.bold('A double spend')}
proof of work, ${percent(share)} of the hash power, ${confirmations} confirmation: ${result}
  ${successes} of ${tries} tries succeeded, the exact chance is ${percent(chance)}
PBFT, one liar of four: ${pbft.most} of the two payments became final, ${pbft.provers} nodes can prove the lie`,
    );
  }
  if (risk.length > 0) {
    const rows = risk.flatMap(({ share, exact, nakamoto, measured }) =>
      [1, 3, 6].map((z) => [
        String(share),
        String(z),
        ...[exact[z - 1] ?? 0, nakamoto[z - 1] ?? 0, measured[z - 1]?.estimate ?? 0].map(percent),
      ]),
    );
    const heads = ['share', 'confirmations', 'exact', 'Nakamoto', 'counted'];
    parts.push(`${colours.bold('The chance that a payment is taken back')}\n${table(heads, rows, colours)}`);
  }
  if (blockSizes.length > 0) {
    const rows = blockSizes.map((each) => [
      TITLES[each.protocol],
      each.scenario,
      String(each.transfersPerBlock),
      duration(each.finalityMs.p50),
      duration(each.finalityMs.p99),
      `${each.committed} of ${each.submitted}`,
    ]);
    const heads = ['protocol', 'under', 'transfers in a block', 'final after', '99 of 100', 'final'];
    parts.push(`${colours.bold('Smaller and larger blocks')}\n${table(heads, rows, colours)}`);
  }
  if (report !== undefined) parts.push(`The page is in ${report}.`);
  else if (scenarios.length > 1) parts.push(colours.dim(`As a page: ${commandOf(comparison)}`));
  return parts.join('\n\n');
}

function rowOf(run: Measured, { red, green }: Colours): readonly string[] {
  const differing = run.each.filter(({ disagreed }) => disagreed).length;
  const broken = [
    ...(run.disagreed ? [`honest nodes differ ${inRuns(differing, run.repetitions)}`] : []),
    ...(run.reversedAfterFinal > 0 ? [`${run.reversedAfterFinal} taken back`] : []),
  ];
  return [
    TITLES[run.protocol],
    String(run.repetitions),
    duration(run.finalityMs.p50),
    duration(run.finalityMs.p99),
    `${run.committed} of ${run.submitted}`,
    count(run.messagesPerTransaction),
    duration(run.unavailableMs),
    broken.length > 0
      ? red(broken.join(', '))
      : run.protocol === 'pow'
        ? `nothing, ${inRuns(run.repetitions, run.repetitions)}`
        : green('nothing'),
  ];
}
