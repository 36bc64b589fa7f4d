/**
 * What a protocol has to offer to be compared. Each is a small runner on the same virtual clock, wires and clients. Messages take
 * time, disks do where a protocol waits for them, and computing takes none, in any of them: it is counted.
 */
import type { Hash } from '../base/brand.ts';
import type { Genesis } from '../ledger/genesis.ts';
import type { SimulatedAccount } from '../simulator/world/keys.ts';
import type { Scheduler } from '../simulator/world/scheduler.ts';
import type { Measured, Meter } from './meter.ts';
import type { Scenario } from './scenario.ts';

export const PROTOCOLS = ['pbft', 'pbft-stake', 'pow', 'raft'] as const;
export type ProtocolName = (typeof PROTOCOLS)[number];

/** A network under test. Nodes are numbered from 0; the first ones lie, if any do. */
export interface Network {
  readonly scheduler: Scheduler;
  /** Of its ledger: transactions name its chain, and are signed by these accounts. */
  readonly genesis: Genesis;
  readonly accounts: readonly SimulatedAccount[];
  start(): void;
  /** A client gives a signed transaction to a node; nothing comes of it where the node is down. */
  offer(node: number, bytes: Uint8Array, id: Hash): void;
  crashLeader(): void;
  restart(): void;
  cut(side: readonly number[]): void;
  heal(): void;
  /** Blocks that honest nodes saw, where there can be more than one at a height. */
  readonly blocks?: readonly SeenBlock[];
}

/** One block of a tree. */
export interface SeenBlock {
  readonly id: Hash;
  readonly parent: Hash;
  readonly height: number;
  readonly miner: number;
  readonly atMs: number;
}

export interface Protocol {
  readonly name: ProtocolName;
  /** What the table says of it. */
  readonly title: string;
  /** Runs behind each number, where nobody asks for another count. */
  readonly repetitions: number;
  network(scenario: Scenario, seed: number, meters: Meters): Network;
}

/** The first that is made measures what is shown as final; others, what would be with fewer confirmations. */
export type Meters = (honest: readonly number[], confirmations?: number) => Meter;

/** What was measured of one protocol under one scenario, in one run. */
export interface Single extends Measured {
  readonly protocol: ProtocolName;
  /** Blocks that honest nodes saw, in the order in which they were found; `best`: on the branch that won. */
  readonly blocks?: readonly (SeenBlock & { readonly best: boolean })[];
  /** Where being final is a matter of confirmations: by how many of them. */
  readonly confirmations?: readonly Confirmed[];
}

export interface Confirmed
  extends Pick<Measured, 'finalityTimesMs' | 'finalityMs' | 'disagreed' | 'reversedAfterFinal'> {
  readonly confirmations: number;
  /** The chance that whoever has a quarter of the hash power takes it back, exactly. */
  readonly risk: number;
}
