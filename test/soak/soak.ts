/** One network, from its first block through many blows to a look at the whole. */
import { loadavg } from 'node:os';
import { SteadyLoad } from '../e2e/load.ts';
import { settle, type Town } from '../e2e/people.ts';
import { killOften, killOne, killStarting, loseQuorum, primaryOf, requireWhole, stopAll } from '../e2e/scenarios.ts';
import { killInBurst, transferMany } from '../e2e/transfers.ts';
import { ALL, RESUME_MS, Validators } from '../e2e/validators.ts';
import { present } from '../../src/base/invariant.ts';
import type { Random } from '../../src/base/random.ts';

const PEOPLE = 100;
const TRANSFERS = 10_000;
/** Of the people, those who pay all the time. */
const PAYERS = 20;
const BLOWS = 8;
/** Longest time without a quorum. */
const HOLD_MS_MAX = 30_000;
/** Longest time that nodes are left to start before they are killed again. */
const STARTING_MS_MAX = 4_000;
/** Longest life of a node that is killed again and again. */
const LIFE_MS_MAX = 1_500;

interface Trial {
  readonly validators: Validators;
  readonly town: Town;
  readonly load: SteadyLoad;
  readonly random: Random;
}

/** What was done, and how long it took until commits went on; undefined where nothing is promised. */
interface Told {
  readonly story: string;
  readonly resumeMs: number | undefined;
}

type Blow = (trial: Trial) => Promise<Told>;

const seconds = (ms: number): string => `${(ms / 1000).toFixed(2)} s`;

async function killAndTell({ validators, load, random }: Trial, victim: number, who: string): Promise<Told> {
  const when = random.chance(0.5) ? 'later' : 'at once';
  const { gapMs, catchUpMs } = await killOne(validators, load, victim, when);
  const story = `killed ${victim}, ${who}, started ${when}: longest gap ${seconds(gapMs)}, caught up ${seconds(catchUpMs)} after its start`;
  return { story, resumeMs: gapMs };
}

const stopAndTell =
  (how: 'down' | 'kill'): Blow =>
  async ({ validators, load }) => {
    const { kept, resumeMs } = await stopAll(validators, load, how);
    const what = how === 'down' ? 'stopped all' : 'killed all at once';
    // From "all are up", which includes a final block: no promise of its own.
    return {
      story: `${what}: ${kept} kept, payments went on ${seconds(resumeMs)} after all were up`,
      resumeMs: undefined,
    };
  };

const BLOWS_KNOWN: readonly Blow[] = [
  async (trial) => killAndTell(trial, await primaryOf(trial.validators), 'the primary'),
  async ({ validators, town, load, random }) => {
    // Its transfers are from those who pay all the time.
    await load.stop();
    const { gapMs } = await killInBurst(validators, town, TRANSFERS, random.int(0, 2 ** 31 - 1));
    load.start();
    return { story: `killed the primary amid ${TRANSFERS} transfers: longest gap ${seconds(gapMs)}`, resumeMs: gapMs };
  },
  async (trial) => killAndTell(trial, trial.random.pick(ALL), 'whoever it is'),
  stopAndTell('down'),
  stopAndTell('kill'),
  async ({ validators, load, random }) => {
    const afterMs = random.int(200, STARTING_MS_MAX);
    await killStarting(validators, load, afterMs);
    return { story: `killed all at once, and again ${seconds(afterMs)} into their start`, resumeMs: undefined };
  },
  async ({ validators, load, random }) => {
    const victim = random.pick(ALL);
    const livesMs = [0, 1, 2].map(() => random.int(0, LIFE_MS_MAX));
    await killOften(validators, load, victim, livesMs);
    return { story: `killed ${victim} again and again, after ${livesMs.map(seconds).join(', ')}`, resumeMs: undefined };
  },
  async ({ validators, town, random }) => {
    const [first = 0, second = 1] = random.shuffled(ALL);
    const holdMs = random.int(0, HOLD_MS_MAX);
    const primary = await primaryOf(validators);
    const { resumeMs } = await loseQuorum(validators, town, [first, second], holdMs);
    const story = `${first} and ${second} away for ${seconds(holdMs)}, primary ${primary}, ${first} back: final again after ${seconds(resumeMs)}`;
    return { story, resumeMs };
  },
];

/** Returns how often commits went on too late. Throws when the network breaks its word; its folder is left then. */
export async function soakNetwork(random: Random, signal: AbortSignal, say: (line: string) => void): Promise<number> {
  const validators = await Validators.start();
  let slow = 0;
  try {
    const town = await settle(validators, PEOPLE);
    const { perSecond, blocks } = await transferMany(validators, town, TRANSFERS, random.int(0, 2 ** 31 - 1));
    say(`a new network: ${TRANSFERS} transfers, ${Math.round(perSecond)}/s, ${blocks} blocks`);
    const load = new SteadyLoad(validators, { ...town, people: town.people.slice(0, PAYERS) });
    load.start();
    for (let count = 0; count < BLOWS && !signal.aborted; count++) {
      const blow = present(random.pick(BLOWS_KNOWN), 'a blow');
      const { story, resumeMs } = await blow({ validators, town, load, random });
      const late = resumeMs !== undefined && resumeMs > RESUME_MS;
      slow += late ? 1 : 0;
      const [busy = 0] = loadavg();
      say(late ? `${story}  TOO LATE: the bound is ${seconds(RESUME_MS)}; machine load ${busy.toFixed(1)}` : story);
    }
    const history = await requireWhole(validators, town, load);
    say(`all agree on ${history.height} blocks and ${history.places.size} payments`);
  } catch (error) {
    await validators.stop();
    say(`its folder is left: ${validators.folder.dir}`);
    throw error;
  }
  await validators[Symbol.asyncDispose]();
  return slow;
}
