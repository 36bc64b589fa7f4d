/** What is simulated: with the code, the whole of a run follows from it. */
import type { ConsensusSettings } from './keys.ts';
import { faults } from './faults.ts';
import { Random } from './random.ts';
import { floods, strategies } from './strategies/registry.ts';

export interface Scenario {
  readonly seed: number;
  /** By validator. */
  readonly powers: readonly bigint[];
  readonly liars: readonly { readonly validator: number; readonly strategy: string }[];
  readonly faults: readonly string[];
  /** Nodes that follow the chain without a key. */
  readonly observers: number;
  /** How long faults go on, in simulated milliseconds. */
  readonly durationMs: number;
  readonly signatures: 'stand-in' | 'ed25519';
  /** Whether the work of nodes takes time; it does where nothing is said. */
  readonly costs?: boolean;
}

/** Validators of a simulation, at most. The messages of a height grow with the square of their number. */
export const NODES_MAX = 32;

/** What the seed decides beside the course of events. */
export interface Conditions {
  readonly consensus: Partial<ConsensusSettings>;
  readonly latencyMs: number;
  /** Mean time between two transactions. */
  readonly loadMs: number;
}

export function conditionsOf(random: Random): Conditions {
  const baseTimeoutTicks = random.pick([20, 40]);
  return {
    consensus: {
      epochLength: random.pick([3, 10, 25, 1000, 1000]),
      window: random.pick([2, 4, 16]),
      baseTimeoutTicks,
      timeoutCapTicks: baseTimeoutTicks * random.pick([4, 16]),
      idleBlockMs: random.pick([1000, 5000, 60_000]),
    },
    latencyMs: random.pick([0.5, 2, 10, 40]),
    loadMs: random.pick([100, 300, 1000, 4000]),
  };
}

/** A scenario as the hunt makes them: of a size, with liars of less than a third of the power, some faults, and at
 *  times an observer. */
export function scenarioOf(seed: number, durationMs: number): Scenario {
  const random = new Random(seed);
  const size = random.pick([4, 4, 4, 5, 6, 7, 10]);
  const powers = Array.from({ length: size }, () => 1n);
  if (random.chance(0.3)) for (let index = 0; index < size; index++) powers[index] = BigInt(random.int(1, 5));
  const total = powers.reduce((sum, power) => sum + power, 0n);
  const liars: { validator: number; strategy: string }[] = [];
  let lying = 0n;
  // One in seven without: what liars hide, such as a view change that is late, shows there.
  if (random.chance(0.86)) {
    const names = [...strategies.keys()].filter((name) => !floods.has(name));
    const same = random.chance(0.5) ? random.pick(names) : null;
    for (const validator of random.shuffled(powers.map((_, index) => index))) {
      const more = lying + (powers[validator] ?? 0n);
      if (3n * more >= total) continue;
      lying = more;
      liars.push({ validator, strategy: same ?? random.pick(names) });
      if (random.chance(0.3)) break;
    }
  }
  const kinds = random.shuffled([...faults.keys()]).slice(0, random.int(0, 4));
  // Drawn last, so that it changes nothing else that a seed means.
  const observers = random.chance(0.2) ? 1 : 0;
  return { seed, powers, liars, faults: kinds.sort(), observers, durationMs, signatures: 'stand-in' };
}

/** The command that runs it again. */
export function commandOf({ seed, powers, liars, faults: kinds, observers, ...rest }: Scenario): string {
  const equal = powers.every((power) => power === 1n);
  return [
    `npx trefoil simulate --seed ${seed}`,
    equal ? `--nodes ${powers.length}` : `--powers ${powers.join(',')}`,
    ...liars.map(({ validator, strategy }) => `--byzantine ${validator}=${strategy}`),
    ...(kinds.length > 0 ? [`--faults ${kinds.join(',')}`] : []),
    ...(observers > 0 ? [`--observers ${observers}`] : []),
    `--duration ${rest.durationMs / 1000}s`,
    ...(rest.signatures === 'ed25519' ? ['--signatures ed25519'] : []),
    ...(rest.costs === false ? ['--costs off'] : []),
  ].join(' ');
}
