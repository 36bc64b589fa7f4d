/**
 * `node test/bench/state.ts [ACCOUNTS …]`: what the state costs a node by its size. Blocks of transfers among accounts chosen by
 * chance are fetched, executed and stored by the very parts of the driver, over LevelDB; signatures, peers and clients are left out.
 * What is made and what starts from it are processes of their own, so that the memory of one is not taken for the other's.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Command, InvalidArgumentError } from 'commander';
import type { StateFigures, StateOrder } from './state-worker.ts';

const PROCESS = fileURLToPath(new URL('./state-worker.ts', import.meta.url));
const SIZES = [1_000, 100_000, 1_000_000];

interface Options {
  readonly block: number;
  readonly blocks: number;
  readonly history: number;
  readonly grow?: boolean;
  readonly folder?: string;
  readonly json?: boolean;
}

const wholeFrom = (min: number, max: number) => (text: string) => {
  const value = Number(text);
  if (/^[0-9]{1,9}$/.test(text) && value >= min && value <= max) return value;
  throw new InvalidArgumentError(`It is a whole number from ${min} to ${max}.`);
};

const command = new Command('node test/bench/state.ts')
  .description(
    `Measure what the state of a node costs by its number of accounts: processor time of all threads for a transaction, LevelDB's among
them; time on the clock by what it went to; rounds of fetching from the disk; bytes on disk; and a start from what is stored.`,
  )
  .argument('[accounts...]', `how many accounts, each measured by itself (default: ${SIZES.join(' ')})`)
  .option('--block <n>', 'transfers of a block', wholeFrom(1, 8192), 1000)
  .option('--blocks <n>', 'blocks that are run; the second half of them is measured', wholeFrom(2, 100_000), 40)
  .option(
    '--history <n>',
    'heights that stay readable, 0 for all (see historyHeights of a genesis)',
    wholeFrom(0, 1e9),
    0,
  )
  .option('--grow', 'let the accounts come block by block, paid by one that the genesis has, not in the genesis')
  .option('--folder <dir>', 'keep what is made there, one folder for each size, and start from what is there')
  .option('--json', 'print one JSON object')
  .parse();
const options = command.opts<Options>();
const sizes = command.args.map(wholeFrom(2, 100_000_000));

const folder = options.folder ?? mkdtempSync(join(tmpdir(), 'trefoil-state-'));
const all: StateFigures[] = [];
try {
  for (const accounts of sizes.length === 0 ? SIZES : sizes) {
    const dir = join(folder, `${accounts}${options.grow ? '-grown' : ''}`);
    mkdirSync(dir, { recursive: true });
    const { block, blocks, history, grow = false } = options;
    const order = { dir, accounts, block, blocks, history, grow };
    const made = await obeyed({ ...order, kind: 'make' });
    const figures = { ...made, ...(await obeyed({ ...order, kind: 'measure' })) };
    all.push(figures);
    if (options.json !== true) process.stdout.write(`${told(figures)}\n`);
    if (options.folder === undefined) rmSync(dir, { recursive: true });
  }
  if (options.json === true) process.stdout.write(`${JSON.stringify({ state: all }, null, 2)}\n`);
} finally {
  if (options.folder === undefined) rmSync(folder, { recursive: true, force: true });
}

/** What a process of its own answers, which ends then. */
function obeyed(order: StateOrder): Promise<StateFigures> {
  const child: ChildProcess = fork(PROCESS, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  return new Promise((resolve, reject) => {
    child.once('message', (figures) => resolve(figures as StateFigures));
    child.once('exit', (code) => reject(new Error(`the measuring process has ended with ${code}`)));
    child.send(order);
  });
}

function told(figures: StateFigures): string {
  const { accounts, make, start, firstBlockMs, run } = figures;
  const mb = (bytes: number | undefined): string => `${((bytes ?? 0) / 1e6).toFixed(0)} MB`;
  const us = (micros: number | undefined): string => (micros ?? 0).toFixed(1);
  const ms = (value: number | undefined): string => `${(value ?? 0).toFixed(0)} ms`;
  const made = make === undefined ? '' : `  made in ${(make.ms / 1000).toFixed(1)} s, with ${mb(make.rssBytes)}\n`;
  return (
    `${accounts} accounts, ${mb(start?.diskBytes)} on disk\n${made}` +
    `  started in ${ms(start?.ms)}, with ${mb(start?.rssBytes)} (genesis ${ms(start?.genesisMs)}, store ${ms(start?.storeMs)}, state ${ms(start?.stateMs)})\n` +
    `  first block: ${ms(firstBlockMs)}\n` +
    `  a transaction: ${us(run?.cpuMicros)} µs of processor; on the clock ${us(run?.fetchMicros)} µs to fetch, in ${us(run?.rounds)} rounds a block, ` +
    `${us(run?.executeMicros)} to execute, ${us(run?.writeMicros)} to write; ${run?.diskBytes.toFixed(0)} bytes on disk\n` +
    `  then ${mb(run?.residentBytes)} of the state in memory, ${mb(run?.rssBytes)} in all`
  );
}
