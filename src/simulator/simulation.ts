/**
 * The world of a simulation: nodes, wires, clients and checkers on one virtual clock. It runs the production driver, core
 * and ledger; one seed decides everything.
 */
import { invariant, present, unreachable } from '../base/invariant.ts';
import { shareAmongNodes } from '../base/shared.ts';
import { opensslEd25519 } from '../crypto/ed25519-openssl.ts';
import type { Ed25519 } from '../crypto/ed25519.ts';
import type { DriverNote, FinalizedBlock, PeerId } from '../driver/ports.ts';
import type { Outgoing, StrategyFactory } from '../driver/wire/strategy.ts';
import { decodePeerMessage, encodePeerMessage, kindOfBytes } from '../driver/wire/wire.ts';
import type { Genesis } from '../ledger/genesis.ts';
import type { Checker, Violation } from './world/checker.ts';
import { checkedOnce } from './world/checked-once.ts';
import { checkersOf } from './checkers/all.ts';
import { Clients } from './world/clients.ts';
import { Connections } from './world/connections.ts';
import { DiskWatch } from './checkers/disk-watch.ts';
import { type ConsensusSettings, START_MS, simulatedKeys } from './world/keys.ts';
import { Links } from './world/links.ts';
import type { NodeEvents } from './world/node-events.ts';
import { SimulatedNode } from './world/node.ts';
import { peopleOf } from './world/people.ts';
import { Random } from '../base/random.ts';
import { Scheduler } from './world/scheduler.ts';
import { standIn } from './world/stand-in.ts';
import { coalitionOf } from '../strategies/coalition.ts';
import { Streams } from './world/streams.ts';
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

/** Kinds of messages that checkers look at: the first byte of votes, PRE-PREPAREs, VIEW-CHANGEs and NEW-VIEWs. */
const PROTOCOL_KINDS = 4;

export class Simulation {
  readonly scheduler = new Scheduler(START_MS);
  readonly random: Random;
  readonly scheme: Ed25519;
  readonly genesis: Genesis;
  readonly trace: Trace;
  readonly nodes: readonly SimulatedNode[];
  readonly links: Links;
  readonly connections: Connections;
  readonly streams: Streams;
  readonly clients: Clients;
  readonly checkers: readonly Checker[];
  readonly violations: Violation[] = [];
  filter: WireFilter | null = null;
  /** Told of each view change that an honest node begins. */
  viewChanges: ((epoch: number, view: number) => void) | null = null;
  /** Faults that began or ended so far. */
  troubles = 0;
  readonly #watch: DiskWatch;

  constructor(setup: SimulationSetup) {
    shareAmongNodes();
    this.random = new Random(setup.seed);
    this.trace = new Trace(setup.trace);
    const { signatures = 'stand-in' } = setup;
    const scheme =
      typeof signatures === 'object' ? signatures : checkedOnce(signatures === 'ed25519' ? opensslEd25519 : standIn);
    this.scheme = scheme;
    const made = simulatedKeys(scheme, setup.powers, setup.consensus ?? {});
    invariant(made.ok, 'the simulated genesis is valid', made.ok ? {} : { error: made.error.message });
    const keys = made.value;
    this.genesis = keys.genesis;
    const people = peopleOf(keys, setup);
    // Liars know one another from the start, those that tell one another nothing too.
    for (const liar of setup.liars.keys()) coalitionOf(keys.genesis).recruit(liar);
    this.links = new Links(people.length, setup.latencyMs ?? 1, this.random.fork());
    const { costs = true } = setup;
    this.nodes = people.map((person, slot) => {
      const { genesis, scheduler } = this;
      const random = this.random.fork();
      const strategy = person.strategy && this.#watched(slot, person.strategy);
      const node: SimulatedNode = new SimulatedNode(
        { ...person, strategy, slot, genesis, scheme, scheduler, random, costs },
        this.#events(() => node),
      );
      return node;
    });
    this.connections = new Connections(this);
    this.streams = new Streams(this.scheduler, (from, to) => this.connections.session(from, to));
    this.clients = new Clients(this, scheme, keys.accounts, this.random.fork());
    const checkers = checkersOf(this, (checker, message) => this.violate(checker, message));
    this.checkers = setup.watch === undefined ? checkers : [...checkers, setup.watch];
    this.#watch = new DiskWatch(this.checkers, (record) => this.clients.settled(record));
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

  /** The strategy, with a note of each lie. */
  #watched(slot: number, factory: StrategyFactory): StrategyFactory {
    const note = (fate: Fate, { to, message }: Outgoing): void =>
      this.trace.message(
        this.nowMs,
        fate,
        slot,
        to,
        message.kind === 'bytes' ? message.bytes : encodePeerMessage(message),
      );
    return (context) => {
      const strategy = factory(context);
      return {
        ...strategy,
        outgoing(honest) {
          const said = strategy.outgoing(honest);
          const isHonest = ({ to, message }: Outgoing): boolean => to === honest.to && message === honest.message;
          if (!said.some(isHonest)) note('withheld', honest);
          for (const each of said) if (!isHonest(each)) note('lie', each);
          return said;
        },
        tick() {
          const said = strategy.tick?.() ?? [];
          for (const each of said) note('lie', each);
          return said;
        },
      };
    };
  }

  #peer(peerId: PeerId): SimulatedNode {
    const found = this.nodes.find((node) => node.peerId === peerId);
    return present(found, 'peer');
  }

  #events(self: () => SimulatedNode): NodeEvents {
    let last: Uint8Array | null = null;
    const tell = (run: (checker: Checker) => void): void => {
      if (!self().isLiar) for (const checker of this.checkers) run(checker);
    };
    return {
      observer: {
        finalized: (block: FinalizedBlock) => {
          this.note('finalized', self().slot, block.record.header.height, block.hash);
          tell((checker) => checker.finalized?.(self(), block));
        },
        rejected: (id, code) => this.note('rejected', self().slot, id, code),
        offence: (evidence) => {
          this.note('offence', self().slot, evidence.first.voter, evidence.first.vote.height);
          tell((checker) => checker.accused?.(self(), evidence));
        },
        note: (note) => {
          this.note(note.kind, self().slot, ...aboutNote(note));
          tell((checker) => checker.noted?.(self(), note));
          if (note.kind === 'view-change-started' && self().isHonest)
            this.viewChanges?.(self().driver?.status().epoch ?? 0, note.view);
        },
        halted: (error) => {
          this.note('halted', self().slot, error.message);
          tell((checker) => checker.halted?.(self(), error));
        },
      },
      send: (to, _lane, bytes) => {
        if (bytes !== last && (bytes[0] ?? PROTOCOL_KINDS) < PROTOCOL_KINDS) {
          const decoded = decodePeerMessage(bytes);
          if (decoded.ok && self().isLiar) for (const checker of this.checkers) checker.lied?.(self(), decoded.value);
          if (decoded.ok) tell((checker) => checker.sent?.(self(), decoded.value));
        }
        last = bytes;
        this.send(self(), to, bytes);
      },
      punish: (peerId, code, message) => {
        const peer = this.#peer(peerId);
        this.note('punished', self().slot, peer.slot, code);
        tell((checker) => checker.punished?.(self(), peer, code, message));
        this.connections.punished(self(), peerId);
      },
      hold: (peerId, held) => this.streams.hold(self(), peerId, held),
      written: (batch) => {
        this.note('written', self().slot, batch.length);
        if (!self().isLiar) this.#watch.written(self(), batch);
      },
      changed: () => {
        this.note(self().state, self().slot);
        if (self().state === 'running') tell((checker) => checker.started?.(self()));
        this.connections.update();
      },
      refused: (code, message) => {
        this.note('refused', self().slot, code);
        tell((checker) => checker.halted?.(self(), new Error(`it would not start: ${code}, ${message}`)));
      },
    };
  }
}

function aboutNote(note: DriverNote): (string | number)[] {
  switch (note.kind) {
    case 'view-change-started':
      return [note.view, note.reason];
    case 'view-entered':
      return [note.view, note.primary];
    case 'catching-up':
      return [note.from, note.to];
    case 'caught-up':
      return [note.height];
    case 'misbehaviour':
      return [note.validator ?? note.peer, note.code];
    case 'suspected':
      return [note.primary, note.reason];
    default:
      return unreachable(note);
  }
}
