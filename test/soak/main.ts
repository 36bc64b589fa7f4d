/** `npm run soak`: the scenarios of test/e2e at random, on one network after another, until the time is over. */
import { Command, InvalidArgumentError } from 'commander';
import { EXIT, Output, toCommandError } from '../../src/cli/output.ts';
import { Random } from '../../src/simulator/random.ts';
import { soakLiars } from './liars.ts';
import { soakNetwork } from './soak.ts';

const MINUTE_MS = 60_000;
const STOP_SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

const wholeFrom = (min: number, max: number) => (text: string) => {
  const value = Number(text);
  if (/^[0-9]{1,10}$/.test(text) && value >= min && value <= max) return value;
  throw new InvalidArgumentError(`It is a whole number from ${min} to ${max}.`);
};

const command = new Command('npm run soak --')
  .description(
    'Crash, stop and load four validators on this machine, at random, and look whether they keep their word.',
  )
  .option(
    '--minutes <n>',
    'how long, at least; the network that is being tried then is tried to its end',
    wholeFrom(1, 10_000),
    10,
  )
  .option('--seed <n>', 'what happens, and in which order; when is up to the machine', wholeFrom(0, 2 ** 32 - 1))
  .option('--liars', 'let each liar lie for two minutes, as primary and as backup, instead')
  .exitOverride(({ exitCode }) => process.exit(exitCode === 0 ? EXIT.done : EXIT.usage))
  .parse();
const {
  minutes,
  seed = Date.now() % 2 ** 32,
  liars = false,
} = command.opts<{
  readonly minutes: number;
  readonly seed?: number;
  readonly liars?: boolean;
}>();

const output = new Output(process, false);
const startMs = performance.now();
const elapsed = () => {
  const seconds = Math.floor((performance.now() - startMs) / 1000);
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;
};
const say = (line: string) => output.progress(`${elapsed().padStart(6)}  ${line}`);
const stopping = new AbortController();
// Ends after the blow that is under way, so that no process is left.
for (const signal of STOP_SIGNALS) process.on(signal, () => stopping.abort());

if (!liars) say(`seed ${seed}`);
const random = new Random(seed);
let networks = 0;
let slow = 0;
try {
  if (liars) await soakLiars(stopping.signal, say);
  while (!liars && !stopping.signal.aborted && performance.now() - startMs < minutes * MINUTE_MS) {
    networks++;
    slow += await soakNetwork(random.fork(), stopping.signal, say);
  }
  const text = liars
    ? 'No liar split or stopped the honest.'
    : `${networks} networks kept their word; ${slow} times one resumed too late.`;
  output.answer({ json: {}, text });
  process.exitCode = slow === 0 ? EXIT.done : EXIT.timedOut;
} catch (error) {
  output.error(toCommandError(error));
  process.exitCode = EXIT.violated;
}
// Those who pay and listen may still be at it after a failure.
process.exit();
