/**
 * Twins: one key on two honest replicas is a liar that needs no strategy. For each round a primary and a split of the
 * nodes are fixed, and all combinations are tried. Source: Bano et al., "Twins: BFT Systems Made Robust" (OPODIS 2021).
 * Differs: primaries follow the protocol's schedule, so a round begins by changing views until its primary is reached.
 */
import { present } from '../../base/invariant.ts';
import { decodePeerMessage, kindOfBytes } from '../../driver/wire/wire.ts';
import { healAll } from '../faults/faults.ts';
import type { SimulatedNode } from '../world/node.ts';
import { Simulation, type WireFilter } from '../simulation.ts';

export interface TwinsRound {
  /** Validator that is primary. */
  readonly primary: number;
  /** Nodes of one side, as bits by slot; the last node is always on the other. */
  readonly side: number;
}

const VALIDATORS = 4;
const SLOTS = VALIDATORS + 1;
/** Splits of five nodes in two, neither side empty. */
const SPLITS = 2 ** (SLOTS - 1) - 1;
/** Kinds of rounds: 60. */
export const TWINS_ROUNDS: number = VALIDATORS * SPLITS;

/** 3,600 pairs of rounds. Those from a multiple of TWINS_ROUNDS to the next begin with the same. */
export const TWINS_SCENARIOS: number = TWINS_ROUNDS ** 2;

export function twinsRounds(scenario: number): readonly TwinsRound[] {
  return [Math.floor(scenario / TWINS_ROUNDS), scenario % TWINS_ROUNDS].map((round) => ({
    primary: round % VALIDATORS,
    side: Math.floor(round / VALIDATORS) + 1,
  }));
}

/** Short timeouts: what counts is the order of things. They double once, so that a round is longer than any of them. */
const CONSENSUS = { tickMs: 50, baseTimeoutTicks: 4, timeoutCapTicks: 8, idleBlockMs: 60_000 };
const ROUND_MS = 500;
const FORCE_MS = 5000;
const RECOVERY_MS = 20_000;

/** Validator 0 has a twin. What was broken is in the `violations` of the result. */
export function runTwins(scenario: number, costs = true): Simulation {
  const simulation = new Simulation({
    seed: scenario,
    powers: Array.from({ length: VALIDATORS }, () => 1n),
    liars: new Map(),
    twins: [0],
    consensus: CONSENSUS,
    costs,
  });
  simulation.startAll();
  simulation.run(10);
  for (const [number, { primary, side }] of twinsRounds(scenario).entries()) {
    simulation.clients.submit(number, simulation.node(1 + number));
    simulation.filter = onlyPrimary(primary);
    simulation.until(() => simulation.nodes.every((node) => isLedBy(node, primary)), FORCE_MS);
    simulation.filter = null;
    split(simulation, side);
    simulation.run(ROUND_MS);
    healAll(simulation);
  }
  const probes = simulation.honest.map((node, position) => simulation.clients.submit(2 + position, node));
  const done = (): boolean => probes.every(({ height }) => height !== null);
  simulation.until(done, RECOVERY_MS);
  if (simulation.violations.length === 0 && !done()) simulation.violate('liveness', 'no commit after the rounds');
  simulation.finish();
  return simulation;
}

/** No proposals, and no new view but of this primary: so views change until it is its turn. */
function onlyPrimary(primary: number): WireFilter {
  return (_from, _to, bytes) => {
    const kind = kindOfBytes(bytes);
    if (kind === 'pre-prepare') return false;
    // Most is STATUS: to decode that too would be a third of a scenario's time.
    if (kind !== 'vote' && kind !== 'new-view') return true;
    const decoded = decodePeerMessage(bytes);
    if (!decoded.ok) return true;
    const message = decoded.value;
    if (message.kind === 'new-view') return message.newView.newView.voter === primary;
    return !(message.kind === 'vote' && message.vote.vote.kind === 'pre-prepare');
  };
}

function isLedBy({ driver }: SimulatedNode, primary: number): boolean {
  const { active, primary: current } = present(driver, 'a driver that runs').status();
  return active && current === primary;
}

function split({ nodes, links }: Simulation, side: number): void {
  for (const a of nodes)
    for (const b of nodes)
      if (((side >> a.slot) & 1) !== ((side >> b.slot) & 1)) links.between(a.slot, b.slot).blocked = true;
}
