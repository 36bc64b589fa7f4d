/** Liars that follow a plan together. */
import { ForgetfulMap } from '../base/bounded.ts';
import type { Hash } from '../base/brand.ts';
import { present } from '../base/invariant.ts';
import type { Outgoing, StrategyFactory } from '../driver/wire/strategy.ts';
import { Floods } from './plans/floods.ts';
import { parsePlan, type Plan } from './plans/plan.ts';
import { randomPlan } from './plans/planner.ts';
import { Plot, type Task } from './plans/plot.ts';
import { Primitives } from './plans/primitives.ts';
import { Random } from '../base/random.ts';
import { type Coalition, colluding } from './coalition.ts';

/** Places of which two stories are remembered. */
const STORIES_MAX = 256;

interface Scheme {
  readonly plot: Plot;
  readonly stories: ForgetfulMap<string, Hash>;
}

/** All of a coalition with one plan carry it out together. */
const following = (name: string, planOf: (coalition: Coalition) => Plan): StrategyFactory => {
  const schemes = new WeakMap<Coalition, Scheme>();
  const schemeOf = (coalition: Coalition): Scheme => {
    const scheme = schemes.get(coalition) ?? {
      plot: new Plot(coalition, planOf(coalition)),
      stories: new ForgetfulMap<string, Hash>(STORIES_MAX),
    };
    schemes.set(coalition, scheme);
    return scheme;
  };
  return colluding(name, (context, coalition) => {
    const { plot, stories } = schemeOf(coalition);
    const primitives = new Primitives(context, stories);
    const floods = new Floods(context, coalition);
    const asksEvery = Math.max(1, Math.floor(context.genesis.consensus.baseTimeoutTicks / 8));
    let tasks: readonly Task[] = [];
    let tick = 0;
    const unasked = function* ({ action, to }: Task): Generator<Outgoing> {
      for (const each of to) {
        if (action.kind === 'ask' && tick % asksEvery === 0) yield floods.ask(each, action.ahead);
        if (action.kind !== 'flood') continue;
        for (let count = 0; count < action.rate; count++) yield floods.flood(each, action.flood);
      }
    };
    return {
      outgoing(honest) {
        if (honest.message.kind === 'status') floods.status = honest.message.status;
        return primitives.say(honest, tasks, coalition.now);
      },
      tick(passed) {
        tick += 1;
        if (passed) plot.advance();
        tasks = plot.tasksOf(context.self);
        return [...primitives.due(coalition.now), ...tasks.flatMap((task) => [...unasked(task)])];
      },
    };
  });
};

const written = (name: string, text: string): StrategyFactory => {
  const parsed = parsePlan(text);
  const plan = present(parsed.ok ? parsed.value : undefined, 'a plan that can be read');
  return following(name, () => plan);
};

/** One honest validator after the other is asked, alone, to come far ahead; when one has come, and the others lack its vote,
 *  all of us fall silent. */
export const lure = written('lure', 'calm by turn ask n to turn for 6; alone by all mute but-status to all');

/** Honest in all but the moments in which a quorum needs us. */
export const turncoat = written('turncoat', 'at 4 by all mute all to all for 2; short by all mute all to all for 3');

/** At the last heights of an epoch what ends it comes to one half alone, and later. */
export const edge = written(
  'edge',
  'edge 2 by all mute commit,checkpoint,new-view to half; edge 1 by all hold 6 to all; edge 1 by turn ask rank to all',
);

/** Each honest one is asked for another view. */
export const whisperView = written('whisper-view', 'every 12 by all ask rank to all for 6');

/** What the scenario says; where there is none, one drawn from the chain. */
export const plotter = following(
  'plan',
  ({ plan, genesis }) => plan ?? randomPlan(new Random(Number.parseInt(genesis.chainId.slice(0, 8), 16)), false),
);
