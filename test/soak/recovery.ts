/** `npm run soak -- --recovery`: how long commits stop for when a primary dies, and when a quorum was gone and is back. */
import { present } from '../../src/base/invariant.ts';
import { quantile } from '../bench/statistics.ts';
import { SteadyLoad } from '../e2e/load.ts';
import { settle, type Town } from '../e2e/people.ts';
import { loseQuorum, primaryOf, requireWhole, untilHeight } from '../e2e/scenarios.ts';
import { ALL, allBut, BASE_TIMEOUT_MS, RESUME_MS, Validators } from '../e2e/validators.ts';
import { FinalityWatch } from '../e2e/watch.ts';

/** Who pay all the time, ten times a second each: a light load. */
const PAYERS = 5;
/** More than one payment of somebody, of which the second was signed after the first was final. */
const SOME = 2 * PAYERS;
const AGAIN_MS = 30_000;
const TOLD_EVERY = 10;

/** One after another, so that each node comes to be the primary. */
interface DeadPrimaries {
  /** Milliseconds without a new final block, as a client of that survivor sees it for which it is longest; one of each round. */
  readonly gapsMs: readonly number[];
  readonly medianMs: number;
  readonly p99Ms: number;
  readonly maxMs: number;
  /** Median, from the start of the node that was killed until it has what the others had then. */
  readonly catchUpMs: number;
}

interface LostQuorum {
  readonly holdMs: number;
  /** Which two were away, the first came back; who was primary. */
  readonly away: readonly [number, number];
  readonly primary: number;
  /** From the moment when a node sees a quorum to the first final block. */
  readonly resumeMs: number;
}

export interface RecoveryReport {
  readonly baseTimeoutMs: number;
  readonly boundMs: number;
  readonly deadPrimaries: DeadPrimaries | undefined;
  readonly lostQuorums: readonly LostQuorum[];
  /** Whether p99 of the dead primaries, and each lost quorum, is within the bound. */
  readonly held: boolean;
}

interface RecoveryRequest {
  readonly rounds: number;
  readonly holdsMs: readonly number[];
}

/** Throws when the network breaks its word; its folder is left then. */
export async function soakRecovery(
  { rounds, holdsMs }: RecoveryRequest,
  signal: AbortSignal,
  say: (line: string) => void,
): Promise<RecoveryReport> {
  const validators = await Validators.start();
  try {
    const town = await settle(validators, PAYERS);
    const deadPrimaries = await killPrimaries(validators, town, rounds, signal, say);
    const lostQuorums: LostQuorum[] = [];
    for (const holdMs of holdsMs)
      for (const pick of AWAY) if (!signal.aborted) lostQuorums.push(await hold(validators, town, holdMs, pick, say));
    const { height, places } = await requireWhole(validators, town, new SteadyLoad(validators, town));
    say(`all agree on ${height} blocks and ${places.size} payments`);
    await validators[Symbol.asyncDispose]();
    const waits = [...lostQuorums.map(({ resumeMs }) => resumeMs), deadPrimaries?.p99Ms ?? 0];
    const held = waits.every((ms) => ms <= RESUME_MS);
    return { baseTimeoutMs: BASE_TIMEOUT_MS, boundMs: RESUME_MS, deadPrimaries, lostQuorums, held };
  } catch (error) {
    await validators.stop();
    say(`its folder is left: ${validators.folder.dir}`);
    throw error;
  }
}

async function killPrimaries(
  validators: Validators,
  town: Town,
  rounds: number,
  signal: AbortSignal,
  say: (line: string) => void,
): Promise<DeadPrimaries | undefined> {
  const gapsMs: number[] = [];
  const catchUpsMs: number[] = [];
  const load = new SteadyLoad(validators, town);
  load.start();
  while (gapsMs.length < rounds && !signal.aborted) {
    const { victim, gapMs, catchUpMs } = await killPrimary(validators, load);
    gapsMs.push(gapMs);
    catchUpsMs.push(catchUpMs);
    const late = gapMs > RESUME_MS;
    if (late || gapsMs.length % TOLD_EVERY === 0 || gapsMs.length === rounds) {
      const soFar = `so far median ${inTimeouts(quantile(gapsMs, 0.5))}, longest ${inTimeouts(Math.max(...gapsMs))}`;
      const round = `dead primary ${gapsMs.length} of ${rounds}: ${victim}, ${inTimeouts(gapMs)}`;
      say(`${round}${late ? '  MORE THAN TWO BASE TIMEOUTS' : ''}; ${soFar}`);
    }
  }
  await load.stop();
  if (gapsMs.length === 0) return undefined;
  return {
    gapsMs: gapsMs.map(Math.round),
    medianMs: Math.round(quantile(gapsMs, 0.5)),
    p99Ms: Math.round(quantile(gapsMs, 0.99)),
    maxMs: Math.round(Math.max(...gapsMs)),
    catchUpMs: Math.round(quantile(catchUpsMs, 0.5)),
  };
}

/** Kills the primary, waits until the others go on, starts it, and waits until it has caught up. */
async function killPrimary(
  validators: Validators,
  load: SteadyLoad,
): Promise<{ readonly victim: number; readonly gapMs: number; readonly catchUpMs: number }> {
  const victim = await primaryOf(validators);
  const survivors = allBut(victim);
  const watches = survivors.map((index) => new FinalityWatch(validators.only(index)));
  // All of them listen, and payments go on, before it is killed.
  await Promise.all(watches.map((watch) => watch.firstAfter(0, AGAIN_MS)));
  const killedMs = performance.now();
  await validators.kill([victim]);
  // What it had proposed may still become final; what was signed after its death needs another primary.
  await load.more(SOME);
  const gapMs = Math.max(...watches.map((watch) => watch.longestGap(killedMs, performance.now())));
  await Promise.all(watches.map((watch) => watch.stop()));
  await validators.start(victim);
  const startedMs = performance.now();
  const statuses = await Promise.all(survivors.map((index) => validators.only(index).status()));
  await untilHeight(validators, victim, Math.max(...statuses.map(({ certifiedHeight }) => certifiedHeight)));
  const catchUpMs = performance.now() - startedMs;
  await load.more(SOME);
  return { victim, gapMs, catchUpMs };
}

/** Which two are away, by the primary; the first comes back. */
const AWAY: readonly ((primary: number) => readonly [number, number])[] = [
  (primary) => [primary, following(primary, 1)],
  (primary) => [following(primary, 1), primary],
  (primary) => [following(primary, 2), following(primary, 3)],
];

const following = (index: number, by: number): number => (index + by) % ALL.length;

async function hold(
  validators: Validators,
  town: Town,
  holdMs: number,
  pick: (primary: number) => readonly [number, number],
  say: (line: string) => void,
): Promise<LostQuorum> {
  const primary = await primaryOf(validators);
  const away = pick(primary);
  const { resumeMs } = await loseQuorum(validators, town, away, holdMs);
  const late = resumeMs > RESUME_MS ? '  MORE THAN TWO BASE TIMEOUTS' : '';
  const who = `${away.join(' and ')} away for ${holdMs / 1000} s, primary ${primary}, ${present(away[0], 'one')} back`;
  say(`${who}: final again after ${inTimeouts(resumeMs)}${late}`);
  return { holdMs, away, primary, resumeMs: Math.round(resumeMs) };
}

/** `2.31 s (1.15 base timeouts)` */
const inTimeouts = (ms: number): string =>
  `${(ms / 1000).toFixed(2)} s (${(ms / BASE_TIMEOUT_MS).toFixed(2)} base timeouts)`;

export function recoveryText({ deadPrimaries, lostQuorums, held }: RecoveryReport): string {
  const lines: string[] = [];
  if (deadPrimaries !== undefined) {
    const { gapsMs, medianMs, p99Ms, maxMs, catchUpMs } = deadPrimaries;
    const spread = `median ${inTimeouts(medianMs)}, p99 ${inTimeouts(p99Ms)}, longest ${inTimeouts(maxMs)}`;
    lines.push(`${gapsMs.length} dead primaries, time without a new final block: ${spread}.`);
    lines.push(`A node that was killed has caught up ${(catchUpMs / 1000).toFixed(2)} s after its start (median).`);
  }
  for (const holdMs of new Set(lostQuorums.map((lost) => lost.holdMs))) {
    const resumes = lostQuorums.filter((lost) => lost.holdMs === holdMs).map(({ resumeMs }) => inTimeouts(resumeMs));
    lines.push(`No quorum for ${holdMs / 1000} s, final again once it is back after ${resumes.join(', ')}.`);
  }
  lines.push(held ? 'All within two base timeouts.' : 'NOT all within two base timeouts.');
  return lines.join('\n');
}
