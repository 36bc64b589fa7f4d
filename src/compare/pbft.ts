/** PBFT: the node's own driver, core and ledger, in the simulator. */
import { present } from '../base/invariant.ts';
import type { Genesis } from '../ledger/genesis.ts';
import type { SimulatedAccount } from '../simulator/world/keys.ts';
import type { SimulatedNode } from '../simulator/world/node.ts';
import type { Scheduler } from '../simulator/world/scheduler.ts';
import { Simulation } from '../simulator/simulation.ts';
import { countedSignatures } from './hashes.ts';
import { honestAtFirst } from './honest-at-first.ts';
import type { Meter } from './meter.ts';
import type { Meters, Network, Protocol, ProtocolName } from './protocol.ts';
import { distances, honestOf, type Scenario } from './scenario.ts';
import { twoFaced } from './two-faced.ts';
import { START_UP_MS } from './workload.ts';

/** It draws nothing, but wires and clients do: which node a client stands beside, and what comes while a leader is gone. */
export const pbft: Protocol = protocol('pbft', 'PBFT', [1n, 1n, 1n, 1n], 3);

/** The first has a little more than a third: the others are no quorum without it. Where that stops them is no chance. */
export const pbftStake: Protocol = protocol('pbft-stake', 'PBFT by stake', [34n, 22n, 22n, 22n], 1);

function protocol(name: ProtocolName, title: string, powers: readonly bigint[], repetitions: number): Protocol {
  return {
    name,
    title,
    repetitions,
    network: (scenario, seed, meters) => new PbftNetwork(scenario, seed, powers, meters),
  };
}

class PbftNetwork implements Network {
  readonly #simulation: Simulation;
  readonly #meter: Meter;
  #crashed: SimulatedNode | null = null;
  #cutOff: readonly number[] = [];

  constructor(scenario: Scenario, seed: number, powers: readonly bigint[], meters: Meters) {
    const liars = new Map(
      Array.from({ length: scenario.liars }, (_, index) => [index, honestAtFirst(START_UP_MS, twoFaced)] as const),
    );
    this.#meter = meters(honestOf(scenario));
    const simulation = new Simulation({
      seed,
      powers,
      ledger: { transfersPerBlock: scenario.transfersPerBlock },
      liars,
      signatures: countedSignatures(() => this.#meter.signatures(1)),
      latencyMs: scenario.latencyMs(0, 1),
      // As with the other protocols.
      costs: false,
      watch: {
        name: 'meter',
        finalized: ({ slot }, { hash, record }) =>
          this.#meter.final(
            slot,
            record.header.height,
            hash,
            record.receipts.map(({ transactionId }) => transactionId),
            simulation.nowMs,
          ),
      },
      trace: [
        {
          event: () => {},
          message: (_, fate, __, ___, bytes) => {
            if (fate === 'sent') this.#meter.message(bytes.length);
          },
        },
      ],
    });
    this.#simulation = simulation;
    for (const each of distances(scenario)) Object.assign(simulation.links.between(each.from, each.to), each.link);
  }

  get scheduler(): Scheduler {
    return this.#simulation.scheduler;
  }

  get genesis(): Genesis {
    return this.#simulation.genesis;
  }

  get accounts(): readonly SimulatedAccount[] {
    return this.#simulation.clients.accounts;
  }

  start(): void {
    this.#simulation.startAll();
  }

  offer(node: number, bytes: Uint8Array): void {
    this.#simulation.node(node).input((driver) => driver.submit(bytes, () => {}));
  }

  crashLeader(): void {
    const statuses = this.#simulation.honest.flatMap(({ driver }) => (driver === null ? [] : [driver.status()]));
    const newest = statuses.sort((a, b) => b.epoch - a.epoch || b.view - a.view)[0];
    this.#crashed = this.#simulation.node(present(newest, 'a node that runs').primary);
    this.#crashed.crash();
  }

  restart(): void {
    this.#crashed?.start();
  }

  cut(side: readonly number[]): void {
    this.#sever(side, true);
  }

  heal(): void {
    this.#sever(this.#cutOff, false);
  }

  #sever(side: readonly number[], severed: boolean): void {
    this.#cutOff = side;
    const { nodes, links, connections } = this.#simulation;
    for (const a of nodes)
      for (const b of nodes) {
        if (side.includes(a.slot) === side.includes(b.slot)) continue;
        links.between(a.slot, b.slot).blocked = severed;
        connections.sever(a, b, severed);
      }
  }
}
