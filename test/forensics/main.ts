/** `npm run forks`: makes forks, and looks whether the tool names culprits of more than a third each time, and nobody honest. */
import { Command, InvalidArgumentError } from 'commander';
import { EXIT, Output } from '../../src/cli/output.ts';
import { table } from '../../src/cli/table.ts';
import { makeFork, WAYS } from './fork-maker.ts';
import { judge } from './judge.ts';

const COUNT = 1000;
/** Failures that are told in full. */
const TOLD_MAX = 20;

function whole(text: string): number {
  const value = Number(text);
  if (/^[0-9]{1,9}$/.test(text) && value > 0) return value;
  throw new InvalidArgumentError('It is a whole number from 1 to 999999999.');
}

interface Tally {
  forks: number;
  named: number;
  readonly proofs: Map<string, number>;
}

const options = new Command('npm run forks --')
  .description('Makes forks of chains, and names their culprits.')
  .option('--count <n>', 'forks to make', whole, COUNT)
  .option('--seed <n>', 'seed of the first', whole, 1)
  .option('--json', 'one JSON object')
  .parse()
  .opts<{ count: number; seed: number; json?: boolean }>();

const tallies = new Map<string, Tally>(WAYS.map((way) => [way, { forks: 0, named: 0, proofs: new Map() }]));
const failures: string[] = [];
for (let seed = options.seed; seed < options.seed + options.count; seed++) {
  const fork = makeFork(seed);
  const { findings, faults } = judge(fork);
  failures.push(...faults.map((fault) => `seed ${seed}, ${fork.way}: ${fault}`));
  const tally = tallies.get(fork.way);
  if (tally === undefined) continue;
  tally.forks += 1;
  tally.named += findings.culprits.length;
  for (const { proof } of findings.culprits) tally.proofs.set(proof.kind, (tally.proofs.get(proof.kind) ?? 0) + 1);
}
const rows = [...tallies].map(([way, { forks, named, proofs }]) => [
  way,
  String(forks),
  String(named),
  String(proofs.get('equivocation') ?? 0),
  String(proofs.get('amnesia') ?? 0),
]);
const output = new Output(process, options.json === true);
output.answer({
  json: {
    seed: options.seed,
    forks: options.count,
    failures,
    ways: Object.fromEntries(
      [...tallies].map(([way, { proofs, ...rest }]) => [way, { ...rest, proofs: Object.fromEntries(proofs) }]),
    ),
  },
  text: [
    table(['way', 'forks', 'culprits', 'equivocation', 'amnesia'], rows, output.colours),
    ...failures.slice(0, TOLD_MAX).map((failure) => `FAILED ${failure}`),
    failures.length === 0
      ? `${options.count} forks: each time more than a third was named, and nobody honest.`
      : `${failures.length} failures.`,
  ].join('\n'),
});
process.exitCode = failures.length === 0 ? EXIT.done : EXIT.violated;
