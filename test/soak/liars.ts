/** `npm run soak -- --liars`: every liar on a network of its own, under load, for longer than a test can wait. */
import { invariant } from '../../src/base/invariant.ts';
import { installNodeSha256 } from '../../src/crypto/node-sha256.ts';
import type { Ed25519 } from '../../src/crypto/ed25519.ts';
import { selectEd25519 } from '../../src/crypto/select-ed25519.ts';
import { type LyingNetwork, type Seen, watchLiars } from '../e2e/lying.ts';
import { TestnetFolder, type Up } from '../e2e/trefoil.ts';
import { BASE_TIMEOUT_MS } from '../e2e/validators.ts';
import { EQUIVOCATORS, type Lie, type Role, type Trial, trials } from './roles.ts';
import { Unseated } from './unseated.ts';

export interface LiarReport extends Seen {
  readonly nodes: number;
  readonly role: Role;
  readonly lies: readonly Lie[];
  /** How often the primary was felled, and the longest time from then until what was felled saw a quorum again. */
  readonly falls: number;
  readonly longestAwayMs: number;
  /** What the longest time without a commit may be. */
  readonly gapBoundMs: number;
  /** As `testnet down` prints it. */
  readonly verdict: string;
}

export interface LiarFailure extends Pick<Trial, 'nodes' | 'role' | 'lies'> {
  readonly failure: string;
}

/** Tries all that are wanted, whatever becomes of one; the folder of one that fails is left. */
export async function soakLiars(
  { seconds, only }: { readonly seconds: number; readonly only: ReadonlySet<string> | undefined },
  signal: AbortSignal,
  say: (line: string) => void,
): Promise<{ readonly reports: readonly LiarReport[]; readonly failures: readonly LiarFailure[] }> {
  installNodeSha256();
  const ed25519 = await selectEd25519();
  const reports: LiarReport[] = [];
  const failures: LiarFailure[] = [];
  for (const trial of trials(only)) {
    if (signal.aborted) break;
    const folder = new TestnetFolder();
    try {
      const report = await soakTrial(trial, folder, ed25519, seconds * 1000);
      reports.push(report);
      say(told(report));
      await folder[Symbol.asyncDispose]();
    } catch (error) {
      await folder.run('testnet', 'down');
      const failure = error instanceof Error ? error.message : String(error);
      failures.push({ ...trial, failure });
      say(`${nameOf(trial)}: FAILED: ${failure}; its folder is left: ${folder.dir}`);
    }
  }
  return { reports, failures };
}

export const nameOf = ({ nodes, role, lies }: Pick<Trial, 'nodes' | 'role' | 'lies'>): string =>
  `${lies.map(({ strategy, validator }) => `${strategy} (${validator})`).join(' and ')} of ${nodes}, ${role}`;

const told = (report: LiarReport): string =>
  `${nameOf(report)}: ${report.transactions} transactions, view ${report.view}, ` +
  `longest gap ${(report.longestGapMs / 1000).toFixed(2)} s${report.falls > 0 ? ` with ${report.falls} falls` : ''}\n` +
  `        ${report.verdict}`;

async function soakTrial(trial: Trial, folder: TestnetFolder, ed25519: Ed25519, ms: number): Promise<LiarReport> {
  const { nodes, lies, role } = trial;
  const byzantine = lies.flatMap(({ validator, strategy }) => ['--byzantine', `${validator}=${strategy}`]);
  const up = await folder.json<Up>('testnet', 'up', '--detach', '--nodes', String(nodes), ...byzantine);
  const network: LyingNetwork = { folder, up, liars: lies.map(({ validator }) => validator), ed25519 };
  const unseated = new Unseated(network, role);
  const seen = await watchLiars(network, ms, role === 'backup' ? undefined : (forMs) => unseated.run(forMs));
  const { falls, longestAwayMs } = unseated;
  const gapBoundMs = longestGapMsMax(lies.length, longestAwayMs);
  invariant(seen.longestGapMs <= gapBoundMs, 'commits go on', { longestGapMs: seen.longestGapMs, gapBoundMs });
  const verdict = await verdictOf(folder, lies);
  return { ...trial, ...seen, falls, longestAwayMs, gapBoundMs, verdict };
}

/**
 * Each liar may fail one view, and so may one that was felled; the k-th in a row costs 2^(k-1) base timeouts, and the last change
 * of the view one more. With a liar and another that is away there may be no quorum: no time is promised before it is back.
 */
function longestGapMsMax(liars: number, longestAwayMs: number): number {
  const failing = liars + (longestAwayMs > 0 ? 1 : 0);
  return longestAwayMs + 2 ** failing * BASE_TIMEOUT_MS;
}

/** The last word of `testnet down`, which names who was caught: liars only, and all who signed two things. */
async function verdictOf(folder: TestnetFolder, lies: readonly Lie[]): Promise<string> {
  const { exitCode, stdout } = await folder.run('testnet', 'down');
  const verdict = stdout.split('\n')[0] ?? '';
  invariant(exitCode === 0 && verdict.startsWith('safety held · '), 'safety held', { exitCode, verdict });
  for (const [, validator] of verdict.matchAll(/validator (\d+) caught/g)) {
    const isLiar = lies.some((lie) => lie.validator === Number(validator));
    invariant(isLiar, 'the verdict names no honest validator', { verdict });
  }
  for (const { validator, strategy } of lies) {
    if (!EQUIVOCATORS.has(strategy)) continue;
    // A COMMIT for a second body is hidden by the next VIEW-CHANGE, too.
    const named = new RegExp(`validator ${validator} caught (equivocating|hiding its COMMIT) at height `).test(verdict);
    invariant(named, 'the verdict names who signed two things', { validator, verdict });
  }
  return verdict;
}
