/** The whole comparison: every scenario through every protocol, a double spend, and how likely one is. */
import { wilsonInterval, type Interval } from '../pow/interval.ts';
import { givesUpBehind } from '../pow/race.ts';
import { exactRisk, nakamotoRisk } from '../pow/risk.ts';
import { countReversals } from '../pow/trials.ts';
import { Random } from '../base/random.ts';
import { type DoubleSpend, doubleSpend } from './double-spend.ts';
import { pbft, pbftStake } from './pbft.ts';
import { pow } from './pow-network.ts';
import type { Protocol, Run } from './protocol.ts';
import { raft } from './raft-network.ts';
import { runOnce } from './run.ts';
import { type Scenario, scenarios } from './scenario.ts';

export const protocols: readonly Protocol[] = [pbft, pbftStake, pow, raft];

/** What can be asked for alone. */
export const PARTS: readonly string[] = [...scenarios.map(({ name }) => name), 'double-spend', 'risk'];

export interface Comparison {
  readonly seed: number;
  readonly scenarios: readonly (Pick<Scenario, 'name' | 'title' | 'about'> & { readonly runs: readonly Run[] })[];
  readonly doubleSpend: DoubleSpend | null;
  readonly risk: readonly RiskCurve[];
}

/** By confirmations, from 1 on. */
export interface RiskCurve {
  readonly share: number;
  readonly nakamoto: readonly number[];
  readonly exact: readonly number[];
  /** Counted on the fork choice that nodes use. */
  readonly measured: readonly Interval[];
}

const SHARES = [0.1, 0.25, 0.4];
const CONFIRMATIONS_MAX = 10;
const TRIALS = 20_000;
/** Of the double spend: what the issue of it is best seen at. */
const THIEF_SHARE = 0.4;
const THIEF_CONFIRMATIONS = 1;

/** `only`: names of PARTS; all where it is empty. `progress` is told of each step before it is done. */
export function compare(
  seed: number,
  only: readonly string[],
  progress: (done: number, of: number, what: string) => void,
): Comparison {
  const isAsked = (name: string): boolean => only.length === 0 || only.includes(name);
  const asked = scenarios.filter(({ name }) => isAsked(name));
  const of = asked.length * protocols.length + Number(isAsked('double-spend')) + Number(isAsked('risk'));
  let done = 0;
  const step = <T>(what: string, run: () => T): T => {
    progress(done, of, what);
    done += 1;
    return run();
  };
  const compared = asked.map((scenario) => ({
    name: scenario.name,
    title: scenario.title,
    about: scenario.about,
    runs: protocols.map((protocol) =>
      step(`${protocol.title}: ${scenario.title}`, () => runOnce(protocol, scenario, seed)),
    ),
  }));
  return {
    seed,
    scenarios: compared,
    doubleSpend: isAsked('double-spend')
      ? step('a double spend', () => doubleSpend(THIEF_SHARE, THIEF_CONFIRMATIONS, seed))
      : null,
    risk: isAsked('risk') ? step('races on the real fork choice', () => SHARES.map((share) => curve(share, seed))) : [],
  };
}

function curve(share: number, seed: number): RiskCurve {
  const random = new Random(seed);
  const all = Array.from({ length: CONFIRMATIONS_MAX }, (_, index) => index + 1);
  const race = { share, giveUpBehind: givesUpBehind(share, TRIALS) };
  return {
    share,
    nakamoto: all.map((confirmations) => nakamotoRisk(share, confirmations)),
    exact: all.map((confirmations) => exactRisk(share, confirmations)),
    measured: all.map((confirmations) =>
      wilsonInterval(
        countReversals({ ...race, confirmations }, TRIALS, () => random.between(0, 1)),
        TRIALS,
      ),
    ),
  };
}
