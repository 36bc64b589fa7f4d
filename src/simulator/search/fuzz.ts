/**
 * Mutation of messages by round: in some rounds one validator's messages to some others are changed a little, in some
 * the network is split. A round is one step of the protocol: a kind of message in one view and height.
 * Source: Winter et al., "Randomized Testing of Byzantine Fault Tolerant Algorithms" (ByzzFuzz, OOPSLA 2023).
 */
import { invariant } from '../../base/invariant.ts';
import type { StrategyFactory } from '../../driver/wire/strategy.ts';
import { decodePeerMessage, type PeerMessage } from '../../driver/wire/wire.ts';
import { type Mutation, mutationsOf, signerOf } from './mutations.ts';
import { Random } from '../../base/random.ts';
import { Simulation } from '../simulation.ts';

interface Lie {
  readonly to: readonly number[];
  /** What it is, is drawn when the round comes, from what its messages allow. */
  readonly random: Random;
  mutation: Mutation | 'omit' | null;
}

export interface Fuzzed {
  readonly simulation: Simulation;
  /** What the liar left out or changed, by name; once for each receiver. */
  readonly lies: readonly (Mutation | 'omit')[];
}

/** Rounds in which something may be planned: of the liar's own about the first eight heights, of all about the first
 *  five. Fewer than any run has. */
const ROUNDS = 24;
const RUN_MS = 15_000;
const RECOVERY_MS = 30_000;

/** Numbers rounds in the order in which they are first seen. */
class RoundCount {
  readonly #rounds = new Map<string, number>();

  of(message: PeerMessage): number | null {
    const key = keyOf(message);
    if (key === null) return null;
    const round = this.#rounds.get(key) ?? this.#rounds.size;
    this.#rounds.set(key, round);
    return round;
  }
}

function keyOf(message: PeerMessage): string | null {
  if (message.kind === 'view-change') return `view-change/${message.viewChange.viewChange.view}`;
  if (message.kind === 'new-view') return `new-view/${message.newView.newView.view}`;
  if (message.kind !== 'vote' && message.kind !== 'pre-prepare') return null;
  const { kind, view, height } = message.vote.vote;
  return `${kind}/${view}/${height}`;
}

/** One run with `lies` process faults and `splits` network faults, 0 to 2 of each, no two of a kind in one round. */
export function runFuzz(seed: number, lies: number, splits: number, costs = true): Fuzzed {
  const random = new Random(seed);
  const size = 4;
  const slots = Array.from({ length: size }, (_, slot) => slot);
  const liar = random.int(0, size - 1);
  const some = (of: readonly number[]): readonly number[] => random.shuffled(of).slice(0, random.int(1, size - 1));
  const rounds = (count: number): readonly number[] =>
    random.shuffled(Array.from({ length: ROUNDS }, (_, round) => round)).slice(0, count);
  const others = slots.filter((slot) => slot !== liar);
  const planned = new Map<number, Lie>(
    rounds(lies).map((round) => [round, { to: some(others), random: random.fork(), mutation: null }]),
  );
  const sides = new Map(rounds(splits).map((round) => [round, some(slots)]));
  const told: (Mutation | 'omit')[] = [];
  const simulation = new Simulation({
    seed,
    powers: slots.map(() => 1n),
    liars: lies > 0 ? new Map([[liar, mutator(planned, told)]]) : new Map(),
    consensus: { baseTimeoutTicks: 10, timeoutCapTicks: 80, idleBlockMs: 60_000 },
    operations: 'all',
    costs,
  });
  const seen = new RoundCount();
  simulation.filter = (from, to, bytes) => {
    const decoded = decodePeerMessage(bytes);
    const round = decoded.ok ? seen.of(decoded.value) : null;
    const side = round === null ? undefined : sides.get(round);
    return side === undefined || side.includes(from.slot) === side.includes(to.slot);
  };
  simulation.startAll();
  simulation.clients.load(1000);
  simulation.run(RUN_MS);
  // What is repeated belongs to its round too: splits have to end at some time.
  simulation.filter = null;
  simulation.clients.load(0);
  const probes = simulation.honest.map((node, position) => simulation.clients.submit(position, node));
  for (const node of simulation.honest) simulation.clients.retry(node);
  const done = (): boolean => probes.every(({ height }) => height !== null);
  simulation.until(done, RECOVERY_MS);
  if (simulation.violations.length === 0 && !done()) simulation.violate('liveness', 'no commit after the rounds');
  simulation.finish();
  return { simulation, lies: told };
}

/** Counts the rounds of its own: in all of them it has something to change. */
function mutator(planned: ReadonlyMap<number, Lie>, told: (Mutation | 'omit')[]): StrategyFactory {
  const rounds = new RoundCount();
  return (context) => ({
    name: 'mutate',
    outgoing(outgoing) {
      const { to, message } = outgoing;
      if (message.kind === 'bytes' || signerOf(message) !== context.self) return [outgoing];
      const round = rounds.of(message);
      const lie = round === null ? undefined : planned.get(round);
      if (lie === undefined || !lie.to.includes(to)) return [outgoing];
      const mutations = mutationsOf(context, message);
      lie.mutation ??= lie.random.pick(['omit', ...mutations.keys()] as const);
      told.push(lie.mutation);
      if (lie.mutation === 'omit') return [];
      const changed = mutations.get(lie.mutation);
      invariant(changed !== undefined, 'messages of one round can be changed in the same ways', { ...lie });
      return [{ to, message: changed }];
    },
  });
}
