/** One server of a simulated cluster: the core, its disk, and what becomes of its effects. */
import { type Durable, type DurableRecord, emptyDurable, writeRecord } from './core/durable.ts';
import { type Replica, replicaFrom, type Settings } from './core/replica.ts';
import { step } from './core/step.ts';
import type { Effect, Input } from './core/transition.ts';
import type { Random } from '../../base/random.ts';
import type { Scheduler } from '../../simulator/world/scheduler.ts';

type Immediate = Exclude<Effect, { kind: 'persist' }>;

interface ServerPorts {
  /** After each step, before its effects. */
  stepped(server: RaftServer, effects: readonly Effect[]): void;
  /** To be carried out now: what had to be durable before is. */
  effect(server: RaftServer, effect: Immediate): void;
}

export class RaftServer {
  readonly index: number;
  /** What is on its disk. */
  readonly durable: Durable = emptyDurable();
  /** Null while it is down. */
  replica: Replica | null = null;
  /** Counts its starts: what was meant for an earlier life does not reach a later one. */
  life = 0;
  /** Milliseconds until what is written is durable. */
  syncMs: number;
  readonly #settings: Settings;
  readonly #scheduler: Scheduler;
  readonly #random: Random;
  readonly #ports: ServerPorts;
  /** Effects that wait for the disk, in order. */
  #waiting: Effect[] = [];
  /** Records that are being synced. */
  #writing: readonly DurableRecord[] | null = null;

  constructor(settings: Settings, syncMs: number, scheduler: Scheduler, random: Random, ports: ServerPorts) {
    this.index = settings.self;
    this.syncMs = syncMs;
    this.#settings = settings;
    this.#scheduler = scheduler;
    this.#random = random;
    this.#ports = ports;
  }

  start(): Replica {
    this.life += 1;
    this.replica = replicaFrom(this.#settings, this.durable);
    return this.replica;
  }

  /** Power loss. Of what was being synced a part may have reached the disk; the rest is gone. */
  crash(): void {
    for (const record of this.#writing ?? []) {
      if (this.#random.chance(0.5)) break;
      writeRecord(this.durable, record);
    }
    this.#writing = null;
    this.#waiting = [];
    this.replica = null;
  }

  take(input: Input): void {
    if (this.replica === null) return;
    const effects = step(this.replica, input);
    this.#ports.stepped(this, effects);
    for (const effect of effects) this.#waiting.push(effect);
    this.#carryOut();
  }

  /** In order, as far as the disk allows. One sync is for everything that waits when it begins. */
  #carryOut(): void {
    while (this.#writing === null && this.#waiting.length > 0) {
      const [next] = this.#waiting;
      if (next?.kind === 'persist') return this.#sync();
      this.#waiting.shift();
      if (next !== undefined) this.#ports.effect(this, next);
    }
  }

  #sync(): void {
    const batch = this.#waiting;
    const records = batch.flatMap((effect) => (effect.kind === 'persist' ? [effect.record] : []));
    const { life } = this;
    this.#waiting = [];
    this.#writing = records;
    this.#scheduler.after(this.syncMs, () => {
      if (this.replica === null || this.life !== life) return;
      for (const record of records) writeRecord(this.durable, record);
      for (const effect of batch) if (effect.kind !== 'persist') this.#ports.effect(this, effect);
      this.#writing = null;
      this.#carryOut();
    });
  }
}
