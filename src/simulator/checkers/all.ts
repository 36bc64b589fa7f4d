/** All checkers of a simulation. */
import type { Hash } from '../../base/brand.ts';
import type { Ed25519 } from '../../crypto/ed25519.ts';
import type { Epochs, KnownEpoch } from '../../ledger/epoch.ts';
import type { Genesis } from '../../ledger/genesis.ts';
import type { Checker, Violate } from '../world/checker.ts';
import { accusation, proof } from './accountability.ts';
import { amnesia } from './amnesia.ts';
import { agreement, certificates, durability, transactions } from './agreement.ts';
import { authorship, times } from './authorship.ts';
import { blame } from './blame.ts';
import { execution } from './execution.ts';
import { forensics } from './forensics.ts';
import { gaps } from './gaps.ts';
import { grounds, onDisk } from './grounds.ts';
import { bounds, health, supply, traffic } from './health.ts';
import { history } from './history.ts';
import { honesty } from './honesty.ts';
import { innocence } from './innocence.ts';
import { newViews } from './new-views.ts';
import { stall } from './stall.ts';
import { thrift } from './thrift.ts';
import { viewTimeouts } from './view-timeouts.ts';
import { witness } from './witness.ts';
import type { Submitted } from '../world/clients.ts';
import type { SimulatedNode } from '../world/node.ts';
import type { Scheduler } from '../world/scheduler.ts';

interface World {
  readonly genesis: Genesis;
  readonly epochs: Epochs;
  /** The newest that a node is in. */
  readonly newestEpoch: KnownEpoch;
  readonly nodes: readonly SimulatedNode[];
  readonly scheduler: Scheduler;
  readonly scheme: Ed25519;
  readonly clients: { readonly transactions: ReadonlyMap<Hash, Submitted> };
  readonly troubles: number;
  readonly links: { readonly latencyMs: number; readonly jitterMs: number };
  isCalm(): boolean;
}

export function checkersOf(world: World, report: (checker: string, message: string) => void): readonly Checker[] {
  const { genesis, epochs } = world;
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
    named((violate) => execution(genesis, submitted, violate)),
    named((violate) => history(submitted, violate)),
    named((violate) => durability(submitted, violate)),
    named((violate) => honesty(violate)),
    named((violate) => grounds(epochs, nodes, violate)),
    named((violate) => gaps(violate)),
    named((violate) => onDisk(epochs, violate)),
    named((violate) => newViews(epochs, violate)),
    named((violate) => authorship(nodes, violate)),
    named((violate) => times(genesis, startMs, () => world.scheduler.nowMs, violate)),
    named((violate) => viewTimeouts(world, violate)),
    named((violate) => stall(world, violate)),
    named((violate) => proof(epochs, violate)),
    named((violate) => witness(world, violate)),
    named((violate) => amnesia(world, violate)),
    named((violate) => accusation(world, violate)),
    named((violate) => supply(genesis, violate)),
    named((violate) => bounds(world, violate)),
    named((violate) => traffic(() => world.scheduler.nowMs, violate)),
    named((violate) => health(nodes, violate)),
    named((violate) => thrift(() => world.scheduler.nowMs, violate)),
    named((violate) => blame(world, violate)),
    named((violate) => forensics(world, violate)),
    named((violate) => innocence(world, violate)),
  ];
}
