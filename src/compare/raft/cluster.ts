/**
 * A Raft cluster in virtual time, on the simulator's scheduler, wires and chance. The same options give the same run. Servers
 * are numbered from 0.
 */
import { present, unreachable } from '../../base/invariant.ts';
import { Links } from '../../simulator/world/links.ts';
import { Random } from '../../base/random.ts';
import { Scheduler } from '../../simulator/world/scheduler.ts';
import { RaftClients } from './clients.ts';
import { type Message, messageBytes } from './core/messages.ts';
import type { Settings } from './core/replica.ts';
import type { Effect } from './core/transition.ts';
import type { RaftObserver, WireKind } from './observer.ts';
import { RaftServer } from './server.ts';
import type { RaftStrategy, RaftStrategyFactory } from './strategy.ts';

export interface RaftTiming extends Omit<Settings, 'self' | 'servers' | 'draw'> {
  /** Milliseconds between ticks. */
  readonly tickMs: number;
}

/** For wires of some tens of milliseconds. An election timeout has to be several times as long as a message takes (5.6). */
export const DEFAULT_TIMING: RaftTiming = {
  tickMs: 10,
  heartbeatTicks: 10,
  electionTicksMin: 50,
  electionTicksMax: 100,
  entriesPerMessage: 64,
};

export interface ClusterOptions {
  readonly seed: number;
  readonly servers: number;
  readonly timing: RaftTiming;
  /** Of every wire, before `setLatency`; half as much comes by chance on top. */
  readonly latencyMs: number;
  /** Milliseconds until a disk has what is written. */
  readonly syncMs: number;
  readonly liars?: ReadonlyMap<number, RaftStrategyFactory>;
  /** Whose first election timeout is shorter than those of all others: it leads first, when nothing is wrong. */
  readonly firstLeader?: number;
  readonly observers: readonly RaftObserver[];
}

export class RaftCluster {
  readonly scheduler = new Scheduler(0);
  /** For faults of single wires; `heal` ends them. */
  readonly links: Links;
  readonly servers: readonly RaftServer[];
  readonly clients: RaftClients;
  readonly #options: ClusterOptions;
  readonly #random: Random;
  readonly #liars: ReadonlyMap<number, RaftStrategy>;
  readonly #latencies: {
    readonly from: number;
    readonly to: number;
    readonly link: { readonly latencyMs: number; readonly jitterMs: number };
  }[] = [];

  constructor(options: ClusterOptions) {
    const { seed, servers, timing, latencyMs, syncMs, liars = new Map() } = options;
    this.#options = options;
    const random = new Random(seed);
    this.#random = random;
    this.links = new Links(servers, latencyMs, random.fork());
    this.#liars = new Map([...liars].map(([server, factory]) => [server, factory(server)]));
    const ports = { stepped: this.#stepped.bind(this), effect: this.#effect.bind(this) };
    const { tickMs: _, ...ticks } = timing;
    this.servers = Array.from({ length: servers }, (_each, self) => {
      const chance = random.fork();
      let isFirst = self === options.firstLeader;
      const draw = (from: number, to: number): number => {
        const drawn = isFirst ? Math.ceil(from / 2) : chance.int(from, to);
        isFirst = false;
        return drawn;
      };
      return new RaftServer({ ...ticks, servers, self, draw }, syncMs, this.scheduler, random.fork(), ports);
    });
    this.clients = new RaftClients({
      servers: this.servers,
      scheduler: this.scheduler,
      answerTimeoutMs: timing.tickMs * timing.electionTicksMax,
      carry: (from, to, kind, bytes, arrived) => this.#carry(from, to, kind, bytes, arrived),
      answered: (payload) => this.#tell((observer) => observer.answered?.(payload)),
    });
  }

  get nowMs(): number {
    return this.scheduler.nowMs;
  }

  isLiar(server: number): boolean {
    return this.#liars.has(server);
  }

  /** The server that leads the highest term, if any. */
  get leader(): RaftServer | undefined {
    const leaders = this.servers.filter(({ replica }) => replica?.role === 'leader');
    return leaders.sort((a, b) => (b.replica?.term ?? 0) - (a.replica?.term ?? 0))[0];
  }

  /** All servers, for the first time. */
  start(): void {
    for (const { index } of this.servers) this.restart(index);
  }

  /** A client beside a server wants this committed, and goes on asking until it is. Payloads are told apart by their bytes;
   *  none is empty or longer than PAYLOAD_BYTES_MAX. */
  submit(payload: Uint8Array, beside = 0): void {
    this.clients.submit(payload, beside);
  }

  /** Nothing where it is down already. */
  crash(index: number): void {
    const server = this.#server(index);
    if (server.replica === null) return;
    server.crash();
    this.#tell((observer) => observer.crashed?.(index));
  }

  /** From its disk. Nothing where it is up. */
  restart(index: number): void {
    const server = this.#server(index);
    if (server.replica !== null) return;
    const replica = server.start();
    this.#tell((observer) => observer.started?.(index, replica));
    const { life } = server;
    const { tickMs } = this.#options.timing;
    const tick = (): void => {
      if (server.life !== life || server.replica === null) return;
      server.take({ kind: 'tick' });
      this.scheduler.after(tickMs, tick);
    };
    // Machines do not tick together.
    this.scheduler.after(this.#random.between(0, tickMs), tick);
  }

  /** Servers of different groups hear nothing of one another; one that is in no group hears nobody. */
  partition(groups: readonly (readonly number[])[]): void {
    for (const { index: from } of this.servers) {
      for (const { index: to } of this.servers) {
        const together = groups.some((group) => group.includes(from) && group.includes(to));
        this.links.between(from, to).blocked = from !== to && !together;
      }
    }
  }

  /** Ends whatever is wrong with wires. */
  heal(): void {
    this.links.heal();
    for (const { from, to, link } of this.#latencies) Object.assign(this.links.between(from, to), link);
  }

  /** How long messages between two servers are on their way, there and back, and how much comes by chance on top. */
  setLatency(one: number, other: number, latencyMs: number, jitterMs = latencyMs / 2): void {
    for (const [from, to] of [
      [one, other],
      [other, one],
    ] as const) {
      const link = { latencyMs, jitterMs };
      this.#latencies.push({ from, to, link });
      Object.assign(this.links.between(from, to), link);
    }
  }

  run(ms: number): void {
    const untilMs = this.nowMs + ms;
    while (this.scheduler.runNext(untilMs));
  }

  /** Runs until it is so, at most so long. Whether it is. */
  until(condition: () => boolean, limitMs: number): boolean {
    const untilMs = this.nowMs + limitMs;
    while (!condition()) if (!this.scheduler.runNext(untilMs)) return condition();
    return true;
  }

  #server(index: number): RaftServer {
    return present(this.servers[index], 'server');
  }

  #tell(tell: (observer: RaftObserver) => void): void {
    for (const observer of this.#options.observers) tell(observer);
  }

  #stepped({ index, replica }: RaftServer, effects: readonly Effect[]): void {
    if (replica === null || effects.length === 0 || this.isLiar(index)) return;
    this.#tell((observer) => observer.stepped?.(index, replica, effects));
  }

  #effect(server: RaftServer, effect: Exclude<Effect, { kind: 'persist' }>): void {
    const { index } = server;
    const tell = (what: (observer: RaftObserver) => void): void => void (this.isLiar(index) || this.#tell(what));
    switch (effect.kind) {
      case 'send':
        return this.#send(index, effect.to, effect.message);
      case 'committed':
        tell((observer) => observer.committed?.(index, effect.index, effect.entry));
        return this.clients.committed(server, effect.entry);
      case 'elected':
        return tell((observer) => observer.elected?.(index, effect.term));
      case 'stepped-down':
        return tell((observer) => observer.steppedDown?.(index, effect.term));
      case 'refused':
        return this.clients.refused(index, effect.payload, effect.leader);
      case 'contradiction':
        return tell((observer) => observer.contradicted?.(index, effect.from, effect.reason));
      default:
        unreachable(effect);
    }
  }

  #send(from: number, to: number, honest: Message): void {
    const message = this.#liars.get(from)?.outgoing(to, honest) ?? honest;
    const receiver = this.#server(to);
    const { life } = receiver;
    this.#carry(from, to, message.kind, messageBytes(message), () => {
      // The connection ended with the receiver's life.
      if (receiver.life !== life) return;
      this.#liars.get(to)?.incoming?.(from, message);
      receiver.take({ kind: 'message', from, message });
    });
  }

  #carry(from: number, to: number, kind: WireKind, bytes: number, arrived: () => void): void {
    if (from === to) return this.scheduler.after(0, arrived);
    this.#tell((observer) => observer.sent?.(from, to, kind, bytes));
    const deliver = (delayMs: number): void => this.scheduler.after(delayMs, arrived);
    this.links.send(this.links.between(from, to), this.nowMs, deliver, () => undefined);
  }
}
