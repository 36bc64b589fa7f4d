/** `trefoil pow risk`: how sure a payment is after so many confirmations. */
import { Command } from 'commander';
import { wilsonInterval, type Interval } from '../../pow/interval.ts';
import { givesUpBehind } from '../../pow/race.ts';
import { confirmationsFor, exactRisk, nakamotoRisk } from '../../pow/risk.ts';
import {
  CONFIRMATIONS_MAX,
  MISSED_SUCCESSES_MAX,
  PLAYED_SHARE_MAX,
  RACE_CONFIRMATIONS_MAX,
} from '../../pow/risk-limits.ts';
import { countReversals } from '../../pow/trials.ts';
import { parseNatural } from '../arguments.ts';
import { type Answer, type Colours, CommandError, EXIT, type Output, type Run } from '../output.ts';
import { table } from '../table.ts';
import { checkPlayable, type CountingOptions, describeMeasured, playAll, withCounting } from './counting.ts';
import { fractionParser, percent, thousands } from './fraction.ts';

interface RiskOptions extends CountingOptions {
  readonly share: number;
  readonly confirmations: number;
  readonly atMost?: number;
}

/** Rows of the table below the first: with none to ten confirmations, or as many around the one that is asked for. */
const ROWS = 10;

export function riskCommand(run: Run): Command {
  const command = new Command('risk')
    .description('The chance that an attacker takes a payment back after so many confirmations.')
    .requiredOption(
      '--share <part>',
      "the attacker's part of all hash power, such as 0.1",
      fractionParser('SHARE_OUT_OF_RANGE', 'a share'),
    )
    .option('--confirmations <number>', 'blocks that the payee waits for, its own among them', parseConfirmations, 6)
    .option(
      '--at-most <chance>',
      'also the fewest confirmations with this risk or less, such as 0.001',
      fractionParser('RISK_OUT_OF_RANGE', 'a chance'),
    );
  return withCounting(command, 'races')
    .addHelpText('after', HELP)
    .action((options: RiskOptions) => run(async (output) => risk(options, output)));
}

const HELP = `
The attacker pays, and mines in secret a branch in which it did not, one block of which it has found before. When the payment has
its confirmations, and the goods are sent, it goes on until its branch has more work than the public one, and publishes it: every
node changes over, and the payment is gone. With half of the hash power or more it always comes to that.

  Nakamoto   the approximation of the Bitcoin paper (2008, section 11): too low where the risk is small
  exact      Rosenfeld (2014), Grunspan and Pérez-Marco (2017)
  measured   with --trials: races played block by block, won or lost by the fork choice that nodes use

Examples:
  trefoil pow risk --share 0.1 --confirmations 6
  trefoil pow risk --share 0.3 --at-most 0.001            … how long to wait
  trefoil pow risk --share 0.4 --confirmations 1 --trials 1000000 --seed 7`;

function parseConfirmations(text: string): number {
  const confirmations = parseNatural(text);
  if (confirmations <= CONFIRMATIONS_MAX) return confirmations;
  const message = `confirmations are 0 to ${thousands(CONFIRMATIONS_MAX)}, and not ${text}`;
  throw new CommandError('CONFIRMATIONS_OUT_OF_RANGE', message, 'Nobody waits for so many.', EXIT.usage);
}

function risk(options: RiskOptions, output: Output): Answer {
  const { share, confirmations, atMost, trials } = options;
  const [nakamoto, exact] = [nakamotoRisk(share, confirmations), exactRisk(share, confirmations)];
  const measured = trials === undefined ? undefined : { trials, ...measure(options, trials, output) };
  const needed = atMost === undefined ? undefined : (confirmationsFor(exactRisk, share, atMost) ?? null);
  const lines = [
    `An attacker with ${percent(share)} of the hash power takes a payment with ${count(confirmations)} back:`,
    `  Nakamoto  ${percent(nakamoto)}`,
    `  exact     ${percent(exact)}`,
  ];
  if (measured !== undefined) {
    lines.push(
      `  measured  ${describeMeasured(measured, exact)}`,
      `            ${thousands(measured.trials)} races, seed ${options.seed}${describeBias(share, measured.trials)}`,
    );
  }
  lines.push('', rows(share, confirmations, output.colours));
  if (atMost !== undefined) lines.push('', ...describeNeeded(share, atMost));
  return {
    json: {
      share,
      confirmations,
      nakamoto,
      exact,
      ...(needed === undefined ? {} : { needed }),
      ...(measured === undefined ? {} : { measured }),
    },
    text: lines.join('\n'),
  };
}

function measure({ share, confirmations, seed }: RiskOptions, trials: number, output: Output): Interval {
  checkPlayable(trials, 1, share, PLAYED_SHARE_MAX);
  if (confirmations > RACE_CONFIRMATIONS_MAX) {
    const message = `races with ${thousands(confirmations)} confirmations cannot be played: they would go on for too long`;
    const hint = `Up to ${thousands(RACE_CONFIRMATIONS_MAX)} can. Without --trials more are reckoned with.`;
    throw new CommandError('CONFIRMATIONS_NOT_PLAYABLE', message, hint, EXIT.usage);
  }
  const race = { share, confirmations, giveUpBehind: givesUpBehind(share, trials) };
  let reversals = 0;
  playAll(trials, seed, output, (part, random) => {
    reversals += countReversals(race, part, random);
  });
  return wilsonInterval(reversals, trials);
}

/** An attacker that gives up might have won yet. */
function describeBias(share: number, trials: number): string {
  if (share >= 0.5) return '';
  const missed = (MISSED_SUCCESSES_MAX / trials).toPrecision(1);
  return `; the attacker gives up ${givesUpBehind(share, trials)} blocks behind, and misses a chance below ${missed}`;
}

const count = (confirmations: number): string =>
  `${thousands(confirmations)} confirmation${confirmations === 1 ? '' : 's'}`;

function rows(share: number, confirmations: number, colours: Colours): string {
  const first = confirmations <= ROWS ? 0 : Math.min(confirmations - ROWS / 2, CONFIRMATIONS_MAX - ROWS);
  const lines = Array.from({ length: ROWS + 1 }, (_, row) => first + row).map((z) => [
    `${z === confirmations ? '>' : ' '} ${thousands(z)}`,
    percent(nakamotoRisk(share, z)),
    percent(exactRisk(share, z)),
  ]);
  return table(['  confirmations', 'Nakamoto', 'exact'], lines, colours);
}

function describeNeeded(share: number, atMost: number): string[] {
  const needed = (risk: typeof exactRisk): string => {
    const confirmations = confirmationsFor(risk, share, atMost);
    if (confirmations !== undefined) return count(confirmations);
    const isHopeless = share >= 0.5 || atMost === 0;
    return isHopeless ? 'no number of confirmations is enough' : `more than ${count(CONFIRMATIONS_MAX)}`;
  };
  return [
    `For a risk of ${percent(atMost)} at most:`,
    `  Nakamoto  ${needed(nakamotoRisk)}`,
    `  exact     ${needed(exactRisk)}`,
  ];
}
