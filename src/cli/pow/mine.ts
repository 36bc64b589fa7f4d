/** `trefoil pow mine`: threads that mine against one another, and what becomes of their forks. */
import { Command, InvalidArgumentError } from 'commander';
import { unreachable } from '../../base/invariant.ts';
import { installNodeSha256 } from '../../crypto/node-sha256.ts';
import { selectEd25519 } from '../../crypto/select-ed25519.ts';
import { MINERS_MAX, SECONDS_MAX } from '../../miners/limits.ts';
import { type MiningOutcome, type MiningSight, runMiners } from '../../miners/run.ts';
import type { PowBlock } from '../../pow/block.ts';
import { parseNatural } from '../arguments.ts';
import { type Answer, type Colours, EXIT, type Output, type Run } from '../output.ts';

interface MineOptions {
  readonly miners: number;
  readonly seconds: number;
  readonly seed: number;
}

const STOP_SIGNALS = ['SIGINT', 'SIGTERM'] as const;

export function mineCommand(run: Run): Command {
  return new Command('mine')
    .description('Mine with several threads, each a node of its own, and watch forks open and close.')
    .option('--miners <number>', `how many threads mine, 1 to ${MINERS_MAX}`, parseMiners, 4)
    .option('--seconds <number>', `for how long, 1 to ${SECONDS_MAX}`, parseSeconds, 30)
    .option('--seed <number>', 'what decides who pays whom, and how long messages take', parseNatural, 1)
    .option('--json', 'print one JSON object')
    .addHelpText('after', HELP)
    .action((options: MineOptions) => run((output) => mine(options, output)));
}

const HELP = `
Examples:
  trefoil pow mine                                 four miners, half a minute
  trefoil pow mine --miners 2 --seconds 10 --json

What happens: every miner looks for a number that makes the hash of its block small enough, twice SHA-256 as in Bitcoin. The
difficulty is set, and set again every few blocks, so that one is found somewhere each 0.6 s. Blocks take 100 to 400 ms from
one miner to another, transactions up to two seconds.

What to look for: a fork, where two blocks are found on the same parent before either miner heard of the other's. Each miner
goes on with the one it saw first. The next block decides: its branch has more work then, and who stood on the other one
reorganises: it undoes its block, and the transactions that only stood there wait again. Whoever had taken one confirmation for
final was wrong. In PBFT that does not happen: trefoil testnet up.

Ctrl+C ends early. At the end mining stops and all messages arrive; where two branches are equally good then, mining goes on until
one is not. The seed does not decide who finds which block: hashing is real.

With --json: {blocks, height, forks, reorganisations: [{depth, undone}], agreed, stateRoot, …}; undone: ids of the transactions
that a miner took back; agreed: all miners hold the same best chain, and replaying it gives everybody's stateRoot. Exits with 4
if they do not.`;

function parseMiners(text: string): number {
  const miners = parseNatural(text);
  if (miners < 1 || miners > MINERS_MAX) throw new InvalidArgumentError(`It is a number from 1 to ${MINERS_MAX}.`);
  return miners;
}

function parseSeconds(text: string): number {
  const seconds = parseNatural(text);
  if (seconds < 1 || seconds > SECONDS_MAX) throw new InvalidArgumentError(`It is a number from 1 to ${SECONDS_MAX}.`);
  return seconds;
}

async function mine(options: MineOptions, output: Output): Promise<Answer> {
  installNodeSha256();
  const stopping = new AbortController();
  const stop = (): void => stopping.abort();
  for (const signal of STOP_SIGNALS) process.once(signal, stop);
  try {
    const outcome = await runMiners({
      ...options,
      ed25519: await selectEd25519(),
      signal: stopping.signal,
      see: (sight) => {
        if (!output.json) output.progress(lineOf(sight, output));
      },
    });
    return answerOf(outcome, output.colours);
  } finally {
    for (const signal of STOP_SIGNALS) process.off(signal, stop);
  }
}

/** `  3.2 s   12  miner 2 finds 03fa61… with 4 transactions`, coloured for a person who watches. */
function lineOf(sight: MiningSight, { isLive, colours }: Output): string {
  const { yellow, red, green, dim } = colours;
  const paint = (colour: (text: string) => string, text: string): string => (isLive ? colour(text) : text);
  const at = `${(sight.atMs / 1000).toFixed(1).padStart(6)} s`;
  const line = (height: number | null, text: string): string => `${at} ${String(height ?? '').padStart(5)}  ${text}`;
  switch (sight.kind) {
    case 'begins':
      return line(0, paint(dim, `all miners together try ${thousands(sight.hashesPerS)} hashes a second`));
    case 'block': {
      const { block, forks } = sight;
      const { miner, height } = block.coinbase;
      const found = `miner ${miner} finds ${short(block)} with ${count(block.transactions.length, 'transaction')}`;
      return line(height, forks ? paint(yellow, `${found}: a FORK, there is another one on its parent`) : found);
    }
    case 'closed': {
      const { stays, left } = sight;
      const gone = left.map((block) => `${short(block)} of miner ${block.coinbase.miner}`).join(', ');
      const text = `the fork at ${stays.coinbase.height} closes: all stand on ${short(stays)} of miner ${stays.coinbase.miner}, ${gone} is left`;
      return line(null, paint(green, text));
    }
    case 'reorganised': {
      const { miner, depth, takenBack } = sight;
      const ids = takenBack.slice(0, SHOWN_IDS).map((id) => id.slice(0, 6));
      const more = takenBack.length > ids.length ? ', …' : '';
      const back = takenBack.length === 0 ? '' : `; took back ${takenBack.length}: ${ids.join(', ')}${more}`;
      return line(null, paint(red, `miner ${miner} REORGANISES: ${count(depth, 'block')} undone${back}`));
    }
    case 'overtime':
      return line(null, 'time is up, with two branches equally good: mining goes on until one is better');
    default:
      return unreachable(sight);
  }
}

/** Transactions that a line names. */
const SHOWN_IDS = 4;

/** The end of the id: all begin with zeros. */
const short = ({ id }: PowBlock): string => `…${id.slice(-6)}`;
const count = (number: number, what: string): string => `${number} ${what}${number === 1 ? '' : 's'}`;
const thousands = (number: number): string => (1000 * Math.round(number / 1000)).toLocaleString('en-GB');

function answerOf(outcome: MiningOutcome, { green, red }: Colours): Answer {
  const { blocks, height, forks, reorganisations, agreed, stateRoot, transactions, hashes } = outcome;
  const deepest = reorganisations.reduce((most, { depth }) => Math.max(most, depth), 0);
  const undone = reorganisations.reduce((sum, each) => sum + each.undone.length, 0);
  const lines = [
    '',
    `${count(blocks, 'block')} found, ${height} of them on the best chain, ${blocks - height} for nothing · ${count(transactions, 'transaction')} · ${thousands(hashes)} hashes`,
    `${count(forks, 'fork')} · ${count(reorganisations.length, 'reorganisation')} of the miners, the deepest of ${count(deepest, 'block')}, which took back ${count(undone, 'transaction')}`,
    agreed
      ? `${green('agreed')}: all miners hold the same best chain, and replaying it gives state root ${stateRoot}`
      : `${red('NOT AGREED')}: not all miners hold the same best chain with state root ${stateRoot}`,
  ];
  return { json: outcome, text: lines.join('\n'), exitCode: agreed ? EXIT.done : EXIT.violated };
}
