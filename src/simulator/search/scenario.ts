/** What is simulated: with the code, the whole of a run follows from it. */
import { STATE_CACHE, type StateCacheLimits } from '../../driver/state/limits.ts';
import type { OperationsUsed } from '../world/clients.ts';
import type { ConsensusSettings, LedgerSettings, MembersSettings } from '../world/keys.ts';
import type { OwnersSettings } from '../world/owners.ts';
import { faults } from '../faults/faults.ts';
import { formatPlan } from '../../strategies/plans/plan.ts';
import { randomPlan } from '../../strategies/plans/planner.ts';
import { Random } from '../../base/random.ts';
import { FLOODS, KEYLESS, strategies } from '../../strategies/registry.ts';

export interface Scenario {
  readonly seed: number;
  /** By validator. */
  readonly powers: readonly bigint[];
  /** By validator; the first observer counts as the one after the last. */
  readonly liars: readonly { readonly validator: number; readonly strategy: string }[];
  /** What the liars with the strategy `plan` have agreed on, in the language of src/strategies/plans/plan.ts. */
  readonly plan?: string;
  readonly faults: readonly string[];
  /** Nodes that follow the chain without a key. */
  readonly observers: number;
  /** How long faults go on, in simulated milliseconds. */
  readonly durationMs: number;
  readonly signatures: 'stand-in' | 'ed25519';
  /** Whether the work of nodes takes time; it does where nothing is said. */
  readonly costs?: boolean;
  /** Which operations clients use; all where nothing is said. */
  readonly operations?: OperationsUsed;
  /** Whether validators come and go; they do not where nothing is said. */
  readonly members?: boolean;
}

/** Validators of a simulation, at most. The messages of a height grow with the square of their number. */
export const NODES_MAX = 32;

/** What the seed decides beside the course of events. */
export interface Conditions {
  readonly consensus: Partial<ConsensusSettings>;
  readonly latencyMs: number;
  /** Mean time between two transactions. */
  readonly loadMs: number;
  readonly ledger: LedgerSettings;
  readonly caches: readonly StateCacheLimits[];
}

/** What is drawn where validators come and go: epochs end often, and what is on its way out is soon out. */
export interface Changing extends Pick<Conditions, 'consensus' | 'loadMs'> {
  readonly members: MembersSettings & OwnersSettings;
}

export function changingOf(random: Random, { liars, faults: kinds }: Scenario): Changing {
  // A disk without memory makes a liar.
  const cautious = liars.length > 0 || kinds.some((kind) => DAMAGING.includes(kind));
  return {
    consensus: { epochLength: random.pick([2, 3, 5, 10]) },
    loadMs: random.pick([50, 100, 300]),
    members: {
      spares: random.int(0, 3),
      unbondingEpochs: random.pick([1, 3, 64]),
      // Beside liars, who is jailed is more than the protocol can bear.
      downtimeEpochs: cautious ? 0 : random.pick([0, 2, 3]),
      cautious,
    },
  };
}

const DAMAGING = ['amnesia', 'bit-flip'];

/** Less than one block needs, so that each fetches it all; some blocks; and what a node has. */
const NO_CACHE: StateCacheLimits = { entryBytes: 0, nodeBytes: 0 };
const SMALL_CACHE: StateCacheLimits = { entryBytes: 8_000, nodeBytes: 30_000 };
const CACHES: readonly (readonly StateCacheLimits[])[] = [
  [STATE_CACHE],
  [NO_CACHE],
  [SMALL_CACHE],
  [NO_CACHE, STATE_CACHE, SMALL_CACHE],
];

export function conditionsOf(random: Random, operations: OperationsUsed): Conditions {
  const baseTimeoutTicks = random.pick([20, 40]);
  const conditions: Conditions = {
    consensus: {
      epochLength: random.pick([3, 10, 25, 1000, 1000]),
      window: random.pick([2, 4, 16]),
      baseTimeoutTicks,
      timeoutCapTicks: baseTimeoutTicks * random.pick([4, 16]),
      idleBlockMs: random.pick([1000, 5000, 60_000]),
    },
    latencyMs: random.pick([0.5, 2, 10, 40]),
    loadMs: random.pick([100, 300, 1000, 4000]),
    ledger: { historyHeights: random.pick([0, 0, 1, 3, 20]), bystanders: random.pick([0, 50, 300]) },
    caches: random.pick(CACHES),
  };
  if (operations === 'transfers') return conditions;
  return { ...conditions, ledger: { ...conditions.ledger, ...pricesOf(random) } };
}

/** What data and growth cost, and how much fits into a block: in most only short values. */
const pricesOf = (random: Random): LedgerSettings => ({
  transfersPerBlock: random.pick([20, 20, 300]),
  weightPrice: random.pick([0n, 1n]),
  minimumBalance: random.pick([0n, 0n, 1000n]),
  depositPerByte: random.pick([0n, 1n, 10n]),
  newEntriesMax: random.pick([1, 3, 256]),
});

/** Sizes of networks: small ones are quick, and in large ones liars have more to combine. */
const SIZES: readonly number[] = [...Array.from({ length: 6 }, () => [4, 4, 4, 5, 6, 7, 10]).flat(), 13, 16];
/** Part of all networks with liars where these carry out a plan together. */
const PLANNED = 0.15;
/** Part of all networks with liars where some may flood: such a run takes long. */
const FLOODED = 0.25;

/** Part of all networks in which validators come and go. */
const CHANGING = 0.25;

/** A scenario as the hunt makes them: of a size, with liars of less than a third of the power, some faults, and at
 *  times an observer, which may lie too. */
export function scenarioOf(seed: number, durationMs: number): Scenario {
  const random = new Random(seed);
  const size = random.pick(SIZES);
  const powers = Array.from({ length: size }, () => 1n);
  if (random.chance(0.3)) for (let index = 0; index < size; index++) powers[index] = BigInt(random.int(1, 5));
  // One in seven without: what liars hide, such as a view change that is late, shows there.
  const liars = random.chance(0.86) ? liarsAmong(powers, random.fork()) : [];
  const kinds = random.shuffled([...faults.keys()]).slice(0, random.int(0, 4));
  const observers = random.chance(0.2) ? 1 : 0;
  if (observers > 0 && random.chance(0.3)) liars.push({ validator: size, strategy: lot(KEYLESS, random) });
  const plan = formatPlan(randomPlan(random.fork(), random.chance(FLOODED)));
  const isPlanned = liars.some(({ strategy }) => strategy === 'plan');
  const drawn = { seed, powers, liars, faults: kinds.sort(), observers, durationMs, signatures: 'stand-in' } as const;
  const members = random.chance(CHANGING) ? { members: true } : {};
  return isPlanned ? { ...drawn, ...members, plan } : { ...drawn, ...members };
}

/** All with one strategy, or each with its own. */
function liarsAmong(powers: readonly bigint[], random: Random): { validator: number; strategy: string }[] {
  const total = powers.reduce((sum, power) => sum + power, 0n);
  const floods = random.chance(FLOODED);
  const names = [...strategies.keys()].filter((name) => floods || !FLOODS.has(name));
  const same = random.chance(PLANNED) ? 'plan' : random.chance(0.5) ? lot(names, random) : null;
  const liars: { validator: number; strategy: string }[] = [];
  let lying = 0n;
  for (const validator of random.shuffled(powers.map((_, index) => index))) {
    const more = lying + (powers[validator] ?? 0n);
    if (3n * more >= total) continue;
    lying = more;
    liars.push({ validator, strategy: same ?? lot(names, random) });
    if (random.chance(0.3)) break;
  }
  return liars;
}

/** Each name draws a lot, and the highest wins. So a name that is added later changes only the seeds in which it wins. */
function lot(names: readonly string[], random: Random): string {
  const salt = random.int(0, 2 ** 31 - 1);
  const drawn = names.map((name) => {
    let digest = salt;
    for (let at = 0; at < name.length; at++) digest = Math.imul(digest ^ name.charCodeAt(at), 0x01000193);
    return { name, number: new Random(digest).between(0, 1) };
  });
  return drawn.reduce((best, each) => (each.number > best.number ? each : best)).name;
}

/** The command that runs it again. */
export function commandOf({ seed, powers, liars, plan, faults: kinds, observers, ...rest }: Scenario): string {
  const equal = powers.every((power) => power === 1n);
  return [
    `npx trefoil simulate --seed ${seed}`,
    equal ? `--nodes ${powers.length}` : `--powers ${powers.join(',')}`,
    ...liars.map(({ validator, strategy }) => `--byzantine ${validator}=${strategy}`),
    ...(plan === undefined ? [] : [`--plan '${plan}'`]),
    ...(kinds.length > 0 ? [`--faults ${kinds.join(',')}`] : []),
    ...(observers > 0 ? [`--observers ${observers}`] : []),
    `--duration ${rest.durationMs / 1000}s`,
    ...(rest.signatures === 'ed25519' ? ['--signatures ed25519'] : []),
    ...(rest.costs === false ? ['--costs off'] : []),
    ...(rest.operations === 'transfers' ? ['--operations transfers'] : []),
    ...(rest.members === true ? ['--members on'] : []),
  ].join(' ');
}
