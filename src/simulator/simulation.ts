/**
 * The world of a simulation: nodes, wires, clients and checkers on one virtual clock. It runs the production driver, core
 * and ledger; one seed decides everything.
 */
import type { Epoch } from '../base/brand.ts';
import { invariant, present } from '../base/invariant.ts';
import { shareAmongNodes } from '../base/shared.ts';
import { opensslEd25519 } from '../crypto/ed25519-openssl.ts';
import type { Ed25519 } from '../crypto/ed25519.ts';
import type { PeerId } from '../driver/ports.ts';
import { STATE_CACHE, type StateCacheLimits } from '../driver/state/limits.ts';
import type { StrategyFactory } from '../driver/wire/strategy.ts';
import { decodePeerMessage, kindOfBytes } from '../driver/wire/wire.ts';
import type { Epochs, KnownEpoch } from '../ledger/epoch.ts';
import { WorldEpochs } from './world/epochs.ts';
import type { Genesis } from '../ledger/genesis.ts';
import type { Checker, Violation } from './world/checker.ts';
import { checkedOnce } from './world/checked-once.ts';
import { checkersOf } from './checkers/all.ts';
import { Clients, type OperationsUsed } from './world/clients.ts';
import { Connections } from './world/connections.ts';
import { DiskWatch } from './checkers/disk-watch.ts';
import {
  type ConsensusSettings,
  type LedgerSettings,
  type MembersSettings,
  START_MS,
  simulatedKeys,
} from './world/keys.ts';
import { Links } from './world/links.ts';
import { eventsOf } from './events.ts';
import { SimulatedNode } from './world/node.ts';
import { Owners, type OwnersSettings } from './world/owners.ts';
import { peopleOf } from './world/people.ts';
import { Random } from '../base/random.ts';
import { Scheduler } from './world/scheduler.ts';
import { standIn } from './world/stand-in.ts';
import { coalitionOf } from '../strategies/coalition.ts';
import { Streams } from './world/streams.ts';
import { watched } from './world/watched.ts';
import { type Fate, Trace, type TraceSink } from './world/trace.ts';

export interface SimulationSetup {
  readonly seed: number;
  /** By validator. */
  readonly powers: readonly bigint[];
  /** By validator; the first observer counts as the one after the last. */
  readonly liars: ReadonlyMap<number, StrategyFactory>;
  /** Validators whose key a second node has too. */
  readonly twins?: readonly number[];
  /** Nodes without a key, after all others. */
  readonly observers?: number;
  readonly consensus?: Partial<ConsensusSettings>;
  readonly ledger?: LedgerSettings;
  /** How much of the state lies in memory: of the first node, of the second and so on, and again from the first. What any node has
   *  where nothing is said. */
  readonly caches?: readonly StateCacheLimits[];
  /** Which operations clients use; transfers where nothing is said. */
  readonly operations?: OperationsUsed;
  /** Validators come and go; they do not where nothing is said. */
  readonly members?: MembersSettings & OwnersSettings;
  readonly signatures?: 'stand-in' | 'ed25519' | Ed25519;
  readonly latencyMs?: number;
  /** Whether the work of nodes takes time; true where nothing is said. */
  readonly costs?: boolean;
  readonly trace?: readonly TraceSink[];
  /** Is told what checkers are told. */
  readonly watch?: Checker;
}

/** A message on the wire, about to leave: false keeps it back. */
export type WireFilter = (from: SimulatedNode, to: SimulatedNode, bytes: Uint8Array) => boolean;

export class Simulation {
  readonly scheduler = new Scheduler(START_MS);
  readonly random: Random;
  readonly scheme: Ed25519;
  readonly genesis: Genesis;
  /** As the checkers know them. */
  readonly epochs: Epochs;
  readonly trace: Trace;
  readonly nodes: readonly SimulatedNode[];
  readonly links: Links;
  readonly connections: Connections;
  readonly streams: Streams;
  readonly operations: OperationsUsed;
  /** Null where sets never change. */
  readonly owners: Owners | null;
  readonly clients: Clients;
  readonly checkers: readonly Checker[];
  readonly violations: Violation[] = [];
  filter: WireFilter | null = null;
  /** Told of each view change that an honest node begins. */
  viewChanges: ((epoch: number, view: number) => void) | null = null;
  /** Faults that began or ended so far. */
  troubles = 0;
  readonly watch: DiskWatch;

  constructor(setup: SimulationSetup) {
    shareAmongNodes();
    this.random = new Random(setup.seed);
    this.trace = new Trace(setup.trace);
    const { signatures = 'stand-in' } = setup;
    const scheme =
      typeof signatures === 'object' ? signatures : checkedOnce(signatures === 'ed25519' ? opensslEd25519 : standIn);
    this.scheme = scheme;
    const { members } = setup;
    const made = simulatedKeys(scheme, setup.powers, setup.consensus ?? {}, setup.ledger, members);
    invariant(made.ok, 'the simulated genesis is valid', made.ok ? {} : { error: made.error.message });
    const keys = made.value;
    this.genesis = keys.genesis;
    this.epochs = new WorldEpochs(keys.genesis, () => this.nodes);
    const people = peopleOf(keys, setup);
    // Liars know one another from the start, those that tell one another nothing too.
    for (const liar of setup.liars.keys()) coalitionOf(this).recruit(liar);
    this.links = new Links(people.length, setup.latencyMs ?? 1, this.random.fork());
    const { costs = true, caches = [STATE_CACHE] } = setup;
    this.nodes = people.map((person, slot) => {
      const { genesis, scheduler } = this;
      const cache = present(caches[slot % caches.length], 'what a node has in memory');
      const random = this.random.fork();
      const lie = (fate: Fate, to: number, bytes: Uint8Array): void =>
        this.trace.message(this.nowMs, fate, slot, to, bytes);
      const strategy = person.strategy && watched(person.strategy, lie);
      const node: SimulatedNode = new SimulatedNode(
        { ...person, strategy, slot, genesis, scheme, scheduler, random, costs, cache },
        eventsOf(this, () => node),
      );
      return node;
    });
    this.connections = new Connections(this);
    this.streams = new Streams(this.scheduler, (from, to) => this.connections.session(from, to));
    this.operations = setup.operations ?? 'transfers';
    const clients = this.random.fork();
    this.owners = members === undefined ? null : new Owners(this, this.random.fork(), keys, members);
    this.clients = new Clients(this, scheme, keys, clients, this.owners);
    const checkers = checkersOf(this, (checker, message) => this.violate(checker, message));
    this.checkers = setup.watch === undefined ? checkers : [...checkers, setup.watch];
    this.watch = new DiskWatch(this.checkers, (record) => this.clients.settled(record));
  }

  /** The newest that a node is in. */
  get newestEpoch(): KnownEpoch {
    const newest = Math.max(0, ...this.nodes.map(({ driver }) => driver?.status().epoch ?? 0)) as Epoch;
    return present(this.epochs.of(newest), 'the epoch of a node');
  }

  /** Milliseconds since the start. */
  get nowMs(): number {
    return this.scheduler.nowMs - START_MS;
  }

  get honest(): readonly SimulatedNode[] {
    return this.nodes.filter(({ isHonest }) => isHonest);
  }

  node(slot: number): SimulatedNode {
    return present(this.nodes[slot], 'node');
  }

  note(what: string, ...details: readonly (string | number)[]): void {
    this.trace.note(this.nowMs, what, ...details);
  }

  /** A promise is broken: says of which checker, and how. */
  violate(checker: string, message: string): void {
    this.violations.push({ checker, atMs: this.nowMs, message });
    this.note('violated', checker, message);
  }

  startAll(): void {
    for (const node of this.nodes) node.start();
  }

  /** Whether nothing is wrong with any honest node, or with a wire between two of them. */
  isCalm(): boolean {
    const { links, connections, honest } = this;
    const isFine = (a: SimulatedNode, b: SimulatedNode): boolean =>
      a === b || (links.isHealthy(a.slot, b.slot) && connections.stands(a, b));
    return this.filter === null && honest.every((a) => a.isWell && honest.every((b) => isFine(a, b)));
  }

  /** Runs until the condition holds or a checker fails. False when neither happens within `ms`. */
  until(condition: () => boolean, ms: number): boolean {
    const end = this.scheduler.nowMs + ms;
    while (this.violations.length === 0 && !condition()) if (!this.scheduler.runNext(end)) return condition();
    return true;
  }

  run(ms: number): void {
    this.until(() => false, ms);
  }

  /** Tells the checkers that faults are over. */
  healed(): void {
    this.note('healed');
    for (const checker of this.checkers) checker.healed?.();
  }

  /** Tells the checkers that the run is over. */
  finish(): void {
    for (const checker of this.checkers) checker.finished?.();
  }

  send(from: SimulatedNode, peer: PeerId, bytes: Uint8Array): void {
    for (const to of this.nodes) {
      if (to.peerId !== peer) continue;
      if (!this.connections.stands(from, to)) this.#became('unconnected', from, to, bytes);
      else if (this.filter !== null && !this.filter(from, to, bytes)) this.#became('kept-back', from, to, bytes);
      else this.deliver(from, to, bytes);
    }
  }

  /** Puts a message on the wire. It arrives if the connection still stands then. */
  deliver(from: SimulatedNode, to: SimulatedNode, bytes: Uint8Array): void {
    const link = this.links.between(from.slot, to.slot);
    const session = this.connections.session(from, to);
    const enter = (taken: () => void): void => {
      const stands = this.connections.session(from, to) === session && this.connections.stands(from, to);
      this.#became(stands ? 'received' : 'cut-off', from, to, bytes);
      if (!stands) return;
      to.receive(from.peerId, bytes, () => {
        taken();
        this.#arrived(from, to, bytes);
      });
    };
    const dropped = (): void => this.#became('dropped', from, to, bytes);
    const fate = this.links.send(
      link,
      this.scheduler.nowMs,
      (delayMs) => this.scheduler.after(delayMs, () => this.streams.arrive(from, to, bytes.length, enter, dropped)),
      dropped,
    );
    this.#became(fate, from, to, bytes);
  }

  #arrived(from: SimulatedNode, to: SimulatedNode, bytes: Uint8Array): void {
    const kind = kindOfBytes(bytes);
    if (to.isLiar) return;
    if (kind === 'status') for (const checker of this.checkers) checker.heard?.(to, from);
    if (kind !== 'view-change' && !(from.isLiar && (kind === 'vote' || kind === 'pre-prepare'))) return;
    const decoded = decodePeerMessage(bytes);
    if (!decoded.ok) return;
    const { value } = decoded;
    if (value.kind === 'view-change') for (const checker of this.checkers) checker.moved?.(to, from, value.viewChange);
    if (value.kind === 'vote' || value.kind === 'pre-prepare')
      for (const checker of this.checkers) checker.voted?.(to, value.vote);
  }

  #became(fate: Fate, from: SimulatedNode, to: SimulatedNode, bytes: Uint8Array): void {
    this.trace.message(this.nowMs, fate, from.slot, to.slot, bytes);
  }
}
