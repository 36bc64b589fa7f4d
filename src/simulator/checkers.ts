/** All checkers of a simulation. */
import type { Hash } from '../base/brand.ts';
import type { Ed25519 } from '../crypto/ed25519.ts';
import type { Genesis } from '../ledger/genesis.ts';
import type { Checker, Violate } from './checker.ts';
import { accusation, proof } from './checkers/accountability.ts';
import { agreement, certificates, durability, transactions } from './checkers/agreement.ts';
import { authorship, times } from './checkers/authorship.ts';
import { blame } from './checkers/blame.ts';
import { gaps } from './checkers/gaps.ts';
import { grounds, onDisk } from './checkers/grounds.ts';
import { bounds, health, supply, traffic } from './checkers/health.ts';
import { honesty } from './checkers/honesty.ts';
import { newViews } from './checkers/new-views.ts';
import { patience } from './checkers/patience.ts';
import { stall } from './checkers/stall.ts';
import { thrift } from './checkers/thrift.ts';
import { witness } from './checkers/witness.ts';
import type { Submitted } from './clients.ts';
import type { SimulatedNode } from './node.ts';
import type { Scheduler } from './scheduler.ts';

interface World {
  readonly genesis: Genesis;
  readonly nodes: readonly SimulatedNode[];
  readonly scheduler: Scheduler;
  readonly scheme: Ed25519;
  readonly clients: { readonly transactions: ReadonlyMap<Hash, Submitted> };
  readonly troubles: number;
  readonly links: { readonly latencyMs: number; readonly jitterMs: number };
  isCalm(): boolean;
}

export function checkersOf(world: World, report: (checker: string, message: string) => void): readonly Checker[] {
  const { genesis } = world;
  const submitted = world.clients.transactions;
  const nodes = () => world.nodes;
  const startMs = world.scheduler.nowMs;
  const named = (make: (violate: Violate) => Checker): Checker => {
    const checker = make((message) => report(checker.name, message));
    return checker;
  };
  return [
    named((violate) => agreement(violate)),
    named((violate) => certificates(violate)),
    named((violate) => transactions(submitted, violate)),
    named((violate) => durability(submitted, violate)),
    named((violate) => honesty(violate)),
    named((violate) => grounds(genesis, nodes, violate)),
    named((violate) => gaps(violate)),
    named((violate) => onDisk(genesis, violate)),
    named((violate) => newViews(genesis, violate)),
    named((violate) => authorship(nodes, violate)),
    named((violate) => times(genesis, startMs, () => world.scheduler.nowMs, violate)),
    named((violate) => patience(genesis, violate)),
    named((violate) => stall(world, violate)),
    named((violate) => proof(genesis, violate)),
    named((violate) => witness(genesis, world.scheme, violate)),
    named((violate) => accusation(world, violate)),
    named((violate) => supply(genesis, violate)),
    named((violate) => bounds(genesis, nodes, violate)),
    named((violate) => traffic(() => world.scheduler.nowMs, violate)),
    named((violate) => health(nodes, violate)),
    named((violate) => thrift(() => world.scheduler.nowMs, violate)),
    named((violate) => blame(world, violate)),
  ];
}
