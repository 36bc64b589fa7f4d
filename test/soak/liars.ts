/** `npm run soak -- --liars`: every liar on a network of its own, under load, for longer than a test can wait. */
import { setTimeout as delay } from 'node:timers/promises';
import { invariant, present } from '../../src/base/invariant.ts';
import { installNodeSha256 } from '../../src/crypto/node-sha256.ts';
import type { Ed25519 } from '../../src/crypto/ed25519.ts';
import { selectEd25519 } from '../../src/crypto/select-ed25519.ts';
import { statusOf } from '../e2e/honest.ts';
import { honestNodes, type LyingNetwork, type Seen, watchLiars } from '../e2e/lying.ts';
import { TestnetFolder, type Up } from '../e2e/trefoil.ts';
import { BASE_TIMEOUT_MS } from '../e2e/validators.ts';
import { EQUIVOCATORS, type Lie, type Role, type Trial, trials } from './roles.ts';

/** Milliseconds that a primary has before it is killed: longer than a censor is borne. */
const TERM_MS = 5_000;
/** Milliseconds for which it is away: the others lose patience by then. */
const AWAY_MS = 1.25 * BASE_TIMEOUT_MS;
const CONNECT_MS = 30_000;
const POLL_MS = 20;

export interface LiarReport extends Seen {
  readonly nodes: number;
  readonly role: Role;
  readonly lies: readonly Lie[];
  /** How often the primary was killed, and the longest time from a kill until the node saw a quorum again. */
  readonly kills: number;
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
  `longest gap ${(report.longestGapMs / 1000).toFixed(2)} s${report.kills > 0 ? ` with ${report.kills} kills` : ''}\n` +
  `        ${report.verdict}`;

async function soakTrial(trial: Trial, folder: TestnetFolder, ed25519: Ed25519, ms: number): Promise<LiarReport> {
  const { nodes, lies, role } = trial;
  const byzantine = lies.flatMap(({ validator, strategy }) => ['--byzantine', `${validator}=${strategy}`]);
  const up = await folder.json<Up>('testnet', 'up', '--detach', '--nodes', String(nodes), ...byzantine);
  const network: LyingNetwork = { folder, up, liars: lies.map(({ validator }) => validator), ed25519 };
  const unseated = new Unseated(network, role === 'primary');
  const seen = await watchLiars(network, ms, role === 'backup' ? undefined : (forMs) => unseated.run(forMs));
  const { kills, longestAwayMs } = unseated;
  const gapBoundMs = longestGapMsMax(lies.length, longestAwayMs);
  invariant(seen.longestGapMs <= gapBoundMs, 'commits go on', { longestGapMs: seen.longestGapMs, gapBoundMs });
  const verdict = await verdictOf(folder, lies);
  return { ...trial, ...seen, kills, longestAwayMs, gapBoundMs, verdict };
}

/**
 * Each liar may fail one view, and so may one that was killed; the k-th in a row costs 2^(k-1) base timeouts, and the last change
 * of the view one more. With a liar and one that is away there may be no quorum: no time is promised before it is back.
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
    const named = verdict.includes(`validator ${validator} caught equivocating at height `);
    invariant(named, 'the verdict names who signed two things', { validator, verdict });
  }
  return verdict;
}

/** Kills the primary again and again, and starts it when the others have another. */
class Unseated {
  kills = 0;
  longestAwayMs = 0;
  readonly #network: LyingNetwork;
  readonly #sparesLiars: boolean;

  constructor(network: LyingNetwork, sparesLiars: boolean) {
    this.#network = network;
    this.#sparesLiars = sparesLiars;
  }

  async run(ms: number): Promise<void> {
    for (const endMs = performance.now() + ms; performance.now() < endMs; ) {
      await delay(Math.min(TERM_MS, endMs - performance.now()));
      const primary = await this.#primary();
      if (performance.now() >= endMs || (this.#sparesLiars && this.#network.liars.includes(primary))) continue;
      await this.#unseat(primary);
    }
  }

  /** As the honest node that is in the highest view says. */
  async #primary(): Promise<number> {
    const statuses = await Promise.all(honestNodes(this.#network).map(({ http }) => statusOf(http)));
    return present(statuses.toSorted((a, b) => b.epoch - a.epoch || b.view - a.view)[0], 'an honest node').primary;
  }

  async #unseat(index: number): Promise<void> {
    const { folder } = this.#network;
    const fromMs = performance.now();
    await folder.json('testnet', 'kill', String(index));
    await delay(AWAY_MS);
    const { http } = await folder.json<{ readonly http: string }>('testnet', 'start', String(index));
    for (const deadline = performance.now() + CONNECT_MS; !(await statusOf(http)).quorum.met; await delay(POLL_MS)) {
      invariant(performance.now() < deadline, 'a node that was killed sees a quorum again', { index });
    }
    this.kills += 1;
    this.longestAwayMs = Math.max(this.longestAwayMs, performance.now() - fromMs);
  }
}
