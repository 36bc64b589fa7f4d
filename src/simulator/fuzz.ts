/**
 * Mutation of messages by round: in some rounds one validator's messages to some others are changed a little, in some
 * the network is split. A round is one step of the protocol: a kind of message in one view and height.
 * Source: Winter et al., "Randomized Testing of Byzantine Fault Tolerant Algorithms" (ByzzFuzz, OOPSLA 2023).
 */
import type { Height, View } from '../base/brand.ts';
import { newViewSigningBytes, viewChangeSigningBytes } from '../consensus/messages.ts';
import type { Outgoing, StrategyContext, StrategyFactory } from '../driver/strategy.ts';
import { decodePeerMessage, type PeerMessage } from '../driver/wire.ts';
import type { SignedVote, Vote } from '../ledger/vote.ts';
import { Random } from './random.ts';
import { Simulation } from './simulation.ts';
import { otherHash, resign } from './strategies/lies.ts';

const MUTATIONS = ['omit', 'height + 1', 'height - 1', 'view + 1', 'view - 1', 'another body'] as const;
type Mutation = (typeof MUTATIONS)[number];

interface Plan {
  /** By round: what the liar does to whom. */
  readonly lies: ReadonlyMap<number, { readonly mutation: Mutation; readonly to: readonly number[] }>;
  /** By round: one side of a split, slots. */
  readonly splits: ReadonlyMap<number, readonly number[]>;
}

/** Rounds in which something may be planned: about the first five heights. */
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

/** One run with `lies` process faults and `splits` network faults, 0 to 2 of each. */
export function runFuzz(seed: number, lies: number, splits: number): Simulation {
  const random = new Random(seed);
  const size = 4;
  const slots = Array.from({ length: size }, (_, slot) => slot);
  const liar = random.int(0, size - 1);
  const some = (): readonly number[] => random.shuffled(slots).slice(0, random.int(1, size - 1));
  const plan: Plan = {
    lies: new Map(
      Array.from({ length: lies }, () => [random.int(0, ROUNDS), { mutation: random.pick(MUTATIONS), to: some() }]),
    ),
    splits: new Map(Array.from({ length: splits }, () => [random.int(0, ROUNDS), some()])),
  };
  const rounds = new RoundCount();
  const simulation = new Simulation({
    seed,
    powers: slots.map(() => 1n),
    liars: lies > 0 ? new Map([[liar, mutator(plan, rounds)]]) : new Map(),
    consensus: { baseTimeoutTicks: 10, timeoutCapTicks: 80, idleBlockMs: 60_000 },
  });
  simulation.filter = (from, to, bytes) => {
    const decoded = decodePeerMessage(bytes);
    const round = decoded.ok ? rounds.of(decoded.value) : null;
    const side = round === null ? undefined : plan.splits.get(round);
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
  return simulation;
}

function mutator({ lies }: Plan, rounds: RoundCount): StrategyFactory {
  return (context) => ({
    name: 'mutate',
    outgoing(outgoing) {
      const { to, message } = outgoing;
      const round = message.kind === 'bytes' ? null : rounds.of(message);
      const lie = round === null ? undefined : lies.get(round);
      if (lie === undefined || !lie.to.includes(to)) return [outgoing];
      return mutate(context, outgoing, lie.mutation);
    },
  });
}

function mutate(context: StrategyContext, { to, message }: Outgoing, mutation: Mutation): readonly Outgoing[] {
  if (mutation === 'omit') return [];
  const { signer, genesis } = context;
  if (message.kind === 'view-change') {
    const { viewChange: old } = message.viewChange;
    const viewChange = { ...old, view: shifted(old.view, mutation) };
    const signature = signer.sign(viewChangeSigningBytes(genesis.chainId, viewChange));
    return [{ to, message: { kind: 'view-change', viewChange: { viewChange, signature } } }];
  }
  if (message.kind === 'new-view') {
    const { newView: old } = message.newView;
    const newView = { ...old, view: shifted(old.view, mutation) };
    const signature = signer.sign(newViewSigningBytes(genesis.chainId, newView));
    return [{ to, message: { kind: 'new-view', newView: { newView, signature } } }];
  }
  if (message.kind !== 'vote' && message.kind !== 'pre-prepare') return [{ to, message }];
  return [{ to, message: { ...message, vote: mutateVote(context, message.vote, mutation) } }];
}

const shifted = (view: View, mutation: Mutation): View =>
  Math.max(0, mutation === 'view + 1' ? view + 1 : mutation === 'view - 1' ? view - 1 : view) as View;

function mutateVote(context: StrategyContext, signed: SignedVote, mutation: Mutation): SignedVote {
  const { view, height, hash } = signed.vote;
  const change: Partial<Record<Mutation, Partial<Vote>>> = {
    'height + 1': { height: (height + 1) as Height },
    'height - 1': { height: Math.max(1, height - 1) as Height },
    'view + 1': { view: (view + 1) as View },
    'view - 1': { view: shifted(view, 'view - 1') },
    'another body': { hash: otherHash(hash) },
  };
  return resign(context, signed, change[mutation] ?? {});
}
