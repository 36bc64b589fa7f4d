/** The whole comparison: every scenario through every protocol, a double spend, how likely one is, and what larger blocks would do. */
import { present } from '../base/invariant.ts';
import { wilsonInterval, type Interval } from '../pow/interval.ts';
import { givesUpBehind } from '../pow/race.ts';
import { exactRisk, nakamotoRisk } from '../pow/risk.ts';
import { countReversals } from '../pow/trials.ts';
import { Random } from '../base/random.ts';
import { type DoubleSpend, doubleSpend } from './double-spend.ts';
import { pbft, pbftStake } from './pbft.ts';
import { pow } from './pow-network.ts';
import type { Protocol } from './protocol.ts';
import { raft } from './raft-network.ts';
import { repeat, type Run } from './repeat.ts';
import { type Scenario, type ScenarioName, scenarios } from './scenario.ts';

export const protocols: readonly Protocol[] = [pbft, pbftStake, pow, raft];

/** What can be asked for alone. */
export const PARTS: readonly string[] = [...scenarios.map(({ name }) => name), 'double-spend', 'risk', 'block-size'];

export interface Asked {
  readonly seed: number;
  /** Names of PARTS; all where it is empty. */
  readonly only: readonly string[];
  /** Of each protocol in each scenario; null for as many as the protocol's chance asks for. */
  readonly runs: number | null;
  /** At most, in a block of PBFT and of proof of work. The part `block-size` has sizes of its own. */
  readonly transfersPerBlock: number;
}

export interface Comparison extends Omit<Asked, 'only'> {
  readonly scenarios: readonly (Pick<Scenario, 'name' | 'title' | 'about'> & { readonly runs: readonly Run[] })[];
  readonly doubleSpend: DoubleSpend | null;
  readonly risk: readonly RiskCurve[];
  readonly blockSizes: readonly BlockSize[];
}

/** By confirmations, from 1 on. */
export interface RiskCurve {
  readonly share: number;
  readonly nakamoto: readonly number[];
  readonly exact: readonly number[];
  /** Counted on the fork choice that nodes use. */
  readonly measured: readonly Interval[];
}

/** The same transactions, with so much room in a block. */
export interface BlockSize
  extends Pick<Run, 'protocol' | 'repetitions' | 'submitted' | 'committed' | 'finalityMs' | 'throughput'> {
  readonly scenario: ScenarioName;
  readonly transfersPerBlock: number;
}

const SHARES = [0.1, 0.25, 0.4];
const CONFIRMATIONS_MAX = 10;
const TRIALS = 20_000;
/** Of the double spend: what the issue of it is best seen at. */
const THIEF_SHARE = 0.4;
const THIEF_CONFIRMATIONS = 1;
/** Too few for a transfer a second in blocks each ten seconds, as many as the comparison has, and more than ever wait. */
const BLOCK_SIZES = [9, 20, 500];
/** Nothing wrong; and a network that is joined again, with all that waited or was undone. In calm nothing ever waits for PBFT. */
const WAITING: readonly (readonly [Protocol, ScenarioName])[] = [
  [pow, 'calm'],
  [pow, 'partition-half'],
  [pbft, 'partition-half'],
];

/** What is put side by side, and under what. */
interface Stage {
  readonly protocols: readonly Protocol[];
  readonly scenarios: readonly Scenario[];
}

/** `progress` is told of each step before it is done. */
export function compare(
  asked: Asked,
  progress: (done: number, of: number, what: string) => void,
  stage: Stage = { protocols, scenarios },
): Comparison {
  const { seed, only, runs, transfersPerBlock } = asked;
  const isAsked = (name: string): boolean => only.length === 0 || only.includes(name);
  const chosen = stage.scenarios.filter(({ name }) => isAsked(name));
  const of = chosen.length * stage.protocols.length + ['double-spend', 'risk', 'block-size'].filter(isAsked).length;
  let done = 0;
  const step = <T>(what: string, run: () => T): T => {
    progress(done, of, what);
    done += 1;
    return run();
  };
  const played = new Map<string, Run>();
  const play: Play = (protocol, scenario, size) => {
    const key = `${protocol.name} ${scenario.name} ${size}`;
    const run =
      played.get(key) ?? repeat(protocol, { ...scenario, transfersPerBlock: size }, seed, runs ?? protocol.repetitions);
    played.set(key, run);
    return run;
  };
  const compared = chosen.map((scenario) => ({
    name: scenario.name,
    title: scenario.title,
    about: scenario.about,
    runs: stage.protocols.map((protocol) =>
      step(`${protocol.title}: ${scenario.title}`, () => play(protocol, scenario, transfersPerBlock)),
    ),
  }));
  return {
    seed,
    runs,
    transfersPerBlock,
    scenarios: compared,
    doubleSpend: isAsked('double-spend')
      ? step('a double spend', () => doubleSpend(THIEF_SHARE, THIEF_CONFIRMATIONS, seed))
      : null,
    risk: isAsked('risk') ? step('races on the real fork choice', () => SHARES.map((share) => curve(share, seed))) : [],
    blockSizes: isAsked('block-size') ? step('smaller and larger blocks', () => blockSizes(stage, play)) : [],
  };
}

/** What was played before is not played again. */
type Play = (protocol: Protocol, scenario: Scenario, transfersPerBlock: number) => Run;

const blockSizes = (stage: Stage, play: Play): readonly BlockSize[] =>
  WAITING.filter(([protocol]) => stage.protocols.includes(protocol)).flatMap(([protocol, name]) => {
    const scenario = present(
      stage.scenarios.find((each) => each.name === name),
      name,
    );
    return BLOCK_SIZES.map((transfersPerBlock) => {
      const run = play(protocol, scenario, transfersPerBlock);
      const { submitted, committed, finalityMs, throughput, repetitions } = run;
      const measured = { repetitions, submitted, committed, finalityMs, throughput };
      return { protocol: run.protocol, scenario: name, transfersPerBlock, ...measured };
    });
  });

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
