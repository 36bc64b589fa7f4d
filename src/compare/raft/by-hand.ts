/**
 * A cluster without a clock, moved by hand: for the figures of the paper, whose servers crash and vote at just the wrong
 * moment. What is written is durable at once. Messages wait until they are asked for.
 */
import { present } from '../../base/invariant.ts';
import { RaftChecker } from './checker.ts';
import { type Durable, writeRecord } from './core/durable.ts';
import type { Message } from './core/messages.ts';
import { type Replica, replicaFrom } from './core/replica.ts';
import { step } from './core/step.ts';
import type { Effect, Input } from './core/transition.ts';

const TICKS = { heartbeatTicks: 1, electionTicksMin: 2, electionTicksMax: 1000 };

interface Waiting {
  readonly from: number;
  readonly to: number;
  readonly message: Message;
}

export class ByHand {
  readonly checker = new RaftChecker();
  readonly #durables: readonly Durable[];
  readonly #replicas: (Replica | null)[];
  #wire: Waiting[] = [];

  /** A server for each log; each is given as the terms of its entries. All know of the latest of these terms. */
  constructor(logs: readonly (readonly number[])[]) {
    const term = Math.max(0, ...logs.flat());
    this.#durables = logs.map((terms) => ({
      term,
      votedFor: null,
      // In figures an entry is known by its index and term.
      log: terms.map((of, position) => ({ term: of, payload: Uint8Array.of(of, position + 1) })),
    }));
    this.#replicas = logs.map(() => null);
    for (const server of logs.keys()) this.restart(server);
  }

  replica(server: number): Replica {
    return present(this.#replicas[server], 'server that is up');
  }

  /** The terms of its log, as figures show it. */
  log(server: number): readonly number[] {
    return this.replica(server).log.map(({ term }) => term);
  }

  crash(server: number): void {
    this.#replicas[server] = null;
    this.#wire = this.#wire.filter(({ to }) => to !== server);
  }

  /** From its disk. */
  restart(server: number): void {
    // No timer runs out unless `elect` lets it: the longest time is drawn always.
    const settings = { ...TICKS, self: server, servers: this.#durables.length, entriesPerMessage: 1 };
    const replica = replicaFrom({ ...settings, draw: (_, to) => to }, present(this.#durables[server], 'disk'));
    this.#replicas[server] = replica;
    this.checker.started(server, replica);
  }

  take(server: number, input: Input): readonly Effect[] {
    const replica = this.#replicas[server];
    if (replica === null || replica === undefined) return [];
    const effects = step(replica, input);
    this.checker.stepped(server, replica, effects);
    for (const effect of effects) {
      if (effect.kind === 'persist') writeRecord(present(this.#durables[server], 'disk'), effect.record);
      if (effect.kind === 'send') this.#wire.push({ from: server, to: effect.to, message: effect.message });
      if (effect.kind === 'contradiction') this.checker.contradicted(server, effect.from, effect.reason);
    }
    return effects;
  }

  /** The timer of a server runs out, and only these hear of it. Whether it leads then. Everything that waited is lost, but for
   *  what a new leader sends first. */
  elect(candidate: number, voters: readonly number[]): boolean {
    for (const voter of voters)
      for (let tick = 0; tick < TICKS.electionTicksMin; tick++) this.take(voter, { kind: 'tick' });
    // Twice: who was away first learns of a term that began without it.
    for (let attempt = 0; attempt < 2 && this.replica(candidate).role !== 'leader'; attempt++) {
      this.#wire = [];
      for (let tick = 0; tick < TICKS.electionTicksMax; tick++) this.take(candidate, { kind: 'tick' });
      // Requests beforehand and their answers, then those of the election.
      for (let round = 0; round < 2; round++) {
        for (const voter of voters) this.deliver(candidate, voter);
        for (const voter of voters) this.deliver(voter, candidate);
      }
    }
    this.#wire = this.#wire.filter(({ from, message }) => from === candidate && message.kind === 'append-entries');
    return this.replica(candidate).role === 'leader';
  }

  /** What waits on one way when this is called, oldest first. */
  deliver(from: number, to: number): void {
    const due = this.#wire.filter((waiting) => waiting.from === from && waiting.to === to);
    this.#wire = this.#wire.filter((waiting) => !due.includes(waiting));
    for (const { message } of due) this.take(to, { kind: 'message', from, message });
  }

  /** A message of the leader to one follower, and the answer: so often. */
  replicate(leader: number, follower: number, times: number): void {
    for (let time = 0; time < times; time++) {
      this.deliver(leader, follower);
      this.deliver(follower, leader);
    }
  }
}
