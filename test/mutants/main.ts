/** `npm run mutants`. */
import { Command, InvalidArgumentError } from 'commander';
import { Laboratory } from './laboratory.ts';
import type { Mutant } from './mutant.ts';
import { mutants } from './mutants.ts';
import { headLine, reportJson, resultLine, summaryLines } from './report.ts';
import type { Result } from './laboratory.ts';

interface Options {
  readonly only: readonly string[];
  readonly minutes: number;
  readonly workers: number;
  readonly json: boolean;
  readonly list: boolean;
}

const known = (name: string, earlier: readonly string[]): readonly string[] => {
  if (!mutants.some((mutant) => mutant.name === name)) throw new InvalidArgumentError('--list names them all.');
  return [...earlier, name];
};

const numberUpTo = (most: number) => (text: string) => {
  const value = Number(text);
  if (value > 0 && value <= most) return value;
  throw new InvalidArgumentError(`It is a number up to ${most}.`);
};

const command = new Command('npm run mutants --')
  .description(
    'Would the simulator have seen a bug? Seeds one after another into a copy of the sources, and runs it until a ' +
      'checker fails; or the tests of a file, where no simulation could see it. Exits with 1 when one survives.',
  )
  .option('--only <name>', 'this one; may be repeated', known, [])
  .option('--minutes <n>', 'how long to try each', numberUpTo(600), 5)
  .option('--workers <n>', 'how many at once', numberUpTo(2), 1)
  .option('--list', 'say what there is', false)
  .option('--json', 'print one JSON object (with `npm run --silent mutants -- --json` nothing else)', false)
  .exitOverride(({ exitCode }) => process.exit(exitCode === 0 ? 0 : 2))
  .parse();
const { only, minutes, workers, json, list } = command.opts<Options>();
const chosen = only.length === 0 ? mutants : mutants.filter(({ name }) => only.includes(name));

if (list) {
  for (const { name, clause, breaks } of chosen) console.log(`${name.padEnd(34)} ${clause.padEnd(12)} ${breaks}`);
} else {
  process.exitCode = await examineAll(chosen);
}

async function examineAll(all: readonly Mutant[]): Promise<number> {
  const laboratory = new Laboratory();
  const stop = (): void => {
    laboratory.close();
    process.exit(1);
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, stop);
  const say = (line: string): void => (
    json ? process.stderr.write(`${line}\n`) : process.stdout.write(`${line}\n`), undefined
  );
  const unfit = laboratory.misfits(all);
  if (unfit.length > 0) {
    laboratory.close();
    for (const sentence of unfit) console.error(`error: ${sentence}`);
    return 1;
  }
  const results: Result[] = [];
  const waiting = [...all];
  say(headLine);
  const work = async (): Promise<void> => {
    for (let mutant = waiting.shift(); mutant !== undefined; mutant = waiting.shift()) {
      const result = await laboratory.examine(mutant, minutes * 60_000);
      results.push(result);
      say(resultLine(result));
    }
  };
  try {
    await Promise.all(Array.from({ length: workers }, work));
  } finally {
    laboratory.close();
  }
  if (json) console.log(JSON.stringify(reportJson(results)));
  else for (const line of summaryLines(results)) console.log(line);
  return results.every(({ caught }) => caught !== null) ? 0 : 1;
}
