/** `trefoil pow selfish`: what a pool gains that withholds its blocks. */
import { Command } from 'commander';
import { type Interval, RatioTally } from '../../pow/interval.ts';
import { HALF_DISTANCE_MIN, ROUNDS_MIN } from '../../pow/risk-limits.ts';
import { selfishRevenue, selfishThreshold } from '../../pow/selfish.ts';
import { playSelfishRounds } from '../../pow/trials.ts';
import type { Answer, Output, Run } from '../output.ts';
import { table } from '../table.ts';
import { checkPlayable, type CountingOptions, describeMeasured, playAll, withCounting } from './counting.ts';
import { fractionParser, percent, thousands } from './fraction.ts';

interface SelfishOptions extends CountingOptions {
  readonly share: number;
  readonly gamma: number;
}

const SHARES = [0.1, 0.2, 0.25, 0.3, 1 / 3, 0.4, 0.45] as const;
const GAMMAS = [0, 0.5, 1] as const;

export function selfishCommand(run: Run): Command {
  const command = new Command('selfish')
    .description('The part of all blocks that a pool gets which withholds what it finds.')
    .requiredOption(
      '--share <part>',
      "the pool's part of all hash power, such as 0.3",
      fractionParser('SHARE_OUT_OF_RANGE', 'a share'),
    )
    .option(
      '--gamma <part>',
      "the part of the others that mines on the pool's block when two are equally good",
      fractionParser('GAMMA_OUT_OF_RANGE', 'gamma'),
      0.5,
    );
  return withCounting(command, 'rounds, each until all agree again')
    .addHelpText('after', HELP)
    .action((options: SelfishOptions) => run(async (output) => selfish(options, output)));
}

const HELP = `
A pool that publishes a block only when others found one makes them work on blocks that are thrown away. From a threshold on, which
is below one half, it gets a greater part of the blocks than of the work: (1 - gamma) / (3 - 2 gamma). Gamma is how well the pool
is connected: 0 where all others hear first of the honest block, 1 where all hear first of the pool's.
Source: Eyal and Sirer, "Majority is not enough" (2014).

Examples:
  trefoil pow selfish --share 0.3 --gamma 0.5
  trefoil pow selfish --share 0.3 --gamma 0.5 --trials 1000000 --seed 7`;

function selfish({ share, gamma, trials, seed }: SelfishOptions, output: Output): Answer {
  const revenue = selfishRevenue(share, gamma);
  const threshold = selfishThreshold(gamma);
  const measured = trials === undefined ? undefined : { trials, ...measure(share, gamma, trials, seed, output) };
  const worth = revenue > share ? 'more than its share' : revenue < share ? 'less than its share' : 'just its share';
  const lines = [
    `A selfish pool with ${percent(share)} of the hash power, gamma ${gamma}:`,
    `  revenue    ${percent(revenue)} of all blocks, ${worth}`,
    `  threshold  ${percent(threshold)}: above it, selfish mining pays`,
  ];
  if (measured !== undefined) {
    lines.push(
      `  measured   ${describeMeasured(measured, revenue)}`,
      `             ${thousands(measured.trials)} rounds, seed ${seed}`,
    );
  }
  const rows = SHARES.map((share) => [percent(share), ...GAMMAS.map((gamma) => percent(selfishRevenue(share, gamma)))]);
  lines.push('', table(['share', ...GAMMAS.map((gamma) => `gamma ${gamma}`)], rows, output.colours));
  return {
    json: { share, gamma, revenue, threshold, ...(measured === undefined ? {} : { measured }) },
    text: lines.join('\n'),
  };
}

function measure(alpha: number, gamma: number, trials: number, seed: number, output: Output): Interval {
  checkPlayable(trials, ROUNDS_MIN, alpha, 0.5 - HALF_DISTANCE_MIN);
  const tally = new RatioTally();
  playAll(trials, seed, output, (part, random) => playSelfishRounds({ alpha, gamma }, part, random, tally));
  return tally.interval();
}
