/** Attacks that are played many times: how many, with which chance, and how far it is. */
import type { Command } from 'commander';
import type { Interval } from '../../pow/interval.ts';
import { HALF_DISTANCE_MIN, PLAYED_SHARE_MAX, TRIALS_MAX } from '../../pow/risk-limits.ts';
import { Random } from '../../base/random.ts';
import { parseNatural } from '../arguments.ts';
import { CommandError, EXIT, type Output } from '../output.ts';
import { percent, thousands } from './fraction.ts';

export interface CountingOptions {
  readonly trials?: number;
  readonly seed: number;
}

/** Played before the line of progress is written anew: a moment's work. */
const PART = 20_000;

export const withCounting = (command: Command, what: string): Command =>
  command
    .option('--trials <number>', `also play that many ${what}, on the fork choice that nodes use`, parseNatural)
    .option('--seed <number>', 'what decides all chance of them', parseNatural, 1)
    .option('--json', 'answer in JSON');

/** Throws TRIALS_OUT_OF_RANGE and SHARE_NOT_PLAYABLE. */
export function checkPlayable(trials: number, trialsMin: number, share: number, shareMax: number): void {
  if (trials < trialsMin || trials > TRIALS_MAX) {
    const range = `${thousands(trialsMin)} to ${thousands(TRIALS_MAX)}`;
    const hint = 'A million takes some seconds, and gives three digits.';
    throw new CommandError('TRIALS_OUT_OF_RANGE', `--trials is ${range}, and not ${trials}`, hint, EXIT.usage);
  }
  if (share <= shareMax && Math.abs(share - 0.5) >= HALF_DISTANCE_MIN - Number.EPSILON) return;
  const message = `a share of ${share} cannot be played: it would go on for too long`;
  const above = shareMax < 0.5 ? '' : `, and from ${0.5 + HALF_DISTANCE_MIN} to ${PLAYED_SHARE_MAX}`;
  const hint = `Shares up to ${0.5 - HALF_DISTANCE_MIN}${above} can. Without --trials every share is reckoned with.`;
  throw new CommandError('SHARE_NOT_PLAYABLE', message, hint, EXIT.usage);
}

/** Plays all of them, and shows a person how far it is. */
export function playAll(
  trials: number,
  seed: number,
  output: Output,
  play: (trials: number, random: () => number) => void,
): void {
  const random = new Random(seed);
  for (let played = 0; played < trials; played += PART) {
    play(Math.min(PART, trials - played), () => random.between(0, 1));
    if (output.isLive) output.live(`${thousands(Math.min(trials, played + PART))} of ${thousands(trials)} played`);
  }
}

/** What was measured, in words. `expected` is the closed form's. */
export function describeMeasured({ estimate, low, high }: Interval, expected: number): string {
  const agrees = low <= expected && expected <= high ? 'the exact form lies within' : 'the exact form lies OUTSIDE';
  return `${percent(estimate)}, 99.9 % confidence from ${percent(low)} to ${percent(high)}: ${agrees}`;
}
