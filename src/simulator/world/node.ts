/** One node of a simulation: the production driver, and everything around it that can go wrong. */
import type { ValidatorIndex } from '../../base/brand.ts';
import { present } from '../../base/invariant.ts';
import type { Ed25519 } from '../../crypto/ed25519.ts';
import { COSTS } from '../../driver/fairness/costs.ts';
import { Driver } from '../../driver/driver.ts';
import type { PeerId, Store, Verifier } from '../../driver/ports.ts';
import type { Epochs } from '../../ledger/epoch.ts';
import { type RecoveredDriver, recover } from '../../driver/durability/recovery.ts';
import type { StateCacheLimits } from '../../driver/state/limits.ts';
import type { StrategyFactory } from '../../driver/wire/strategy.ts';
import type { Genesis } from '../../ledger/genesis.ts';
import { SimulatedDisk } from './disk.ts';
import { meteredSigner, meteredStore, meteredVerifier } from './metered.ts';
import { asideFrom, type NodeEvents } from './node-events.ts';
import { Processor } from './processor.ts';
import { Seat } from './seat.ts';
import type { Random } from '../../base/random.ts';
import type { Scheduler } from './scheduler.ts';

const KIB = 1024;
/** Ticks that a busy processor missed and that are made up for. */
const MADE_UP_MAX = 8;
/** How wrong a clock gets. */
export const CLOCK_SKEW_MAX_MS = 15_000;

/** `stopped`: crashed, may start again. `broken`: its disk or its own code failed; it stays down. */
export type NodeState = 'stopped' | 'starting' | 'running' | 'broken';

export interface NodeSetup {
  /** Position among the nodes of the simulation; two nodes may be the same validator. */
  readonly slot: number;
  /** In the first epoch; null for an observer. */
  readonly validator: ValidatorIndex | null;
  readonly peerId: PeerId;
  readonly genesis: Genesis;
  /** The validator's key; null for an observer. */
  readonly publicKey: Uint8Array | null;
  readonly secret: Uint8Array | null;
  readonly scheme: Ed25519;
  readonly scheduler: Scheduler;
  readonly random: Random;
  readonly strategy: StrategyFactory | null;
  /** Whether its work takes time. */
  readonly costs: boolean;
  readonly cache: StateCacheLimits;
}

export class SimulatedNode {
  readonly slot: number;
  readonly peerId: PeerId;
  readonly disk: SimulatedDisk;
  readonly processor: Processor;
  /** Byzantine: no promise is expected of it. */
  isLiar: boolean;
  /** Its disk was damaged: it counts as faulty, and need not live. Its votes still have to be honest. */
  damaged = false;
  state: NodeState = 'stopped';
  /** Of its state, or of the one that it stopped with. */
  epochs: Epochs | null = null;
  driver: Driver | null = null;
  /** Milliseconds by which its clock is ahead, and how fast its ticks come. */
  skewMs = 0;
  tickRate = 1;
  /** Ticks that it was given so far. */
  ticks = 0;
  /** Milliseconds before each turn. */
  turnMs = 0;
  /** Tick at which the last turn ended that it was slow to begin. */
  slowAt = Number.NEGATIVE_INFINITY;
  readonly #setup: NodeSetup;
  readonly #events: NodeEvents;
  readonly #seat: Seat;
  #life = 0;
  #paused = false;
  /** When the next tick is due. */
  #dueMs = 0;

  constructor(setup: NodeSetup, events: NodeEvents) {
    this.#setup = setup;
    this.slot = setup.slot;
    this.#seat = new Seat(setup);
    this.isLiar = setup.strategy !== null;
    this.peerId = setup.peerId;
    this.disk = new SimulatedDisk(setup.random.fork());
    // A liar may have any machine: its lies cost it nothing.
    this.processor = new Processor(setup.scheduler, !setup.costs || this.isLiar);
    this.#events = asideFrom(this.processor, events);
  }

  /** How much of the state lies in memory. */
  get cache(): StateCacheLimits {
    return this.#setup.cache;
  }

  /** Null for an observer: it follows the chain and signs nothing. Whoever had a seat once keeps its index. */
  get validator(): ValidatorIndex | null {
    return this.#seat.index(this.epochs);
  }

  /** The ed25519 key of its votes, 32 bytes; null for one that never votes. */
  get publicKey(): Uint8Array | null {
    return this.#setup.publicKey;
  }

  get life(): number {
    return this.#life;
  }

  get paused(): boolean {
    return this.#paused;
  }

  get isHonest(): boolean {
    return !this.isLiar && !this.damaged;
  }

  /** It runs, as fast as it should, with a clock that is right. */
  get isWell(): boolean {
    const { state, skewMs, tickRate, turnMs, disk } = this;
    return state === 'running' && !this.#paused && skewMs === 0 && tickRate === 1 && turnMs === 0 && disk.isFast;
  }

  start(): void {
    if (this.state !== 'stopped') return;
    this.state = 'starting';
    this.#life += 1;
    const { genesis, scheme, cache } = this.#setup;
    const { processor } = this;
    const store = meteredStore(
      processor,
      this.disk.open(this.#later, (batch) => this.#events.written(batch)),
    );
    const check: Verifier['check'] = ({ publicKey, message, signature }) =>
      scheme.verify(publicKey, message, signature);
    const verifier = meteredVerifier(processor, check, this.#later);
    processor.run(() =>
      recover(
        store,
        genesis,
        (publicKey, message, signature) => verifier.check({ publicKey, message, signature }),
        (recovered) => {
          if (!recovered.ok) {
            this.#end('broken');
            return this.#events.refused(recovered.error.code, recovered.error.message);
          }
          this.epochs = recovered.value.state.epochs;
          this.driver = this.#newDriver(recovered.value, store, verifier);
          this.state = 'running';
          this.#startTicks();
          this.#events.changed();
        },
        cache,
      ),
    );
  }

  #newDriver(recovered: RecoveredDriver, store: Store, verifier: Verifier): Driver {
    const { genesis, publicKey, strategy, scheduler } = this.#setup;
    const { processor } = this;
    return new Driver({
      genesis,
      publicKey,
      recovered,
      store,
      clock: {
        nowMs: () => Math.floor(scheduler.nowMs + this.skewMs),
        soon: (turn) => this.#soon(turn),
      },
      transport: {
        send: (to, lane, message) => {
          processor.spend(COSTS.send + (message.length / KIB) * COSTS.wireKiB);
          processor.leave(() => this.#events.send(to, lane, message));
        },
        punish: (peer, code, message) => this.#events.punish(peer, code, message),
        hold: (peer, held) => this.#events.hold(peer, held),
      },
      verifier,
      signer: meteredSigner(processor, { sign: (message) => this.#sign(message) }),
      observer: {
        ...this.#events.observer,
        halted: (error) => {
          this.#end('broken');
          this.#events.observer.halted(error);
        },
      },
      ...(strategy === null ? {} : { strategy }),
    });
  }

  /** An observer that lies signs like one who found no key: with what is no signature. */
  #sign(message: Uint8Array): Uint8Array {
    const { scheme, secret, strategy } = this.#setup;
    if (secret === null && strategy !== null) return new Uint8Array(64);
    return scheme.sign(present(secret, 'the key of an observer'), message);
  }

  /** Power loss: unsynced writes may be gone. */
  crash(): void {
    if (this.state === 'broken') return;
    this.disk.crash();
    this.#end('stopped');
  }

  /** The process stands still; what would have happened to it happens when it goes on. */
  pause(): void {
    this.#paused = true;
    this.processor.stop();
  }

  resume(): void {
    if (!this.#paused) return;
    this.#paused = false;
    this.processor.go();
  }

  /** A notice for the driver, when the processor comes to it. */
  input(run: (driver: Driver) => void): void {
    const life = this.#life;
    this.processor.run(() => {
      if (life === this.#life && this.driver !== null) run(this.driver);
    });
  }

  /** A message from the wire; `looked` is told when the driver gets it. */
  receive(from: PeerId, message: Uint8Array, looked: () => void): void {
    this.input((driver) => {
      this.processor.aside(looked);
      this.processor.spend(COSTS.message + (message.length / KIB) * COSTS.wireKiB);
      driver.receive(from, message);
    });
  }

  #end(state: NodeState): void {
    this.#life += 1;
    this.#paused = false;
    this.processor.clear();
    this.state = state;
    this.driver = null;
    this.#events.changed();
  }

  #soon(turn: () => void): void {
    if (this.turnMs === 0) return this.#later(0, turn);
    this.#later(this.turnMs, () => {
      this.slowAt = this.ticks;
      turn();
    });
  }

  get #tickMs(): number {
    return this.#setup.genesis.consensus.tickMs / this.tickRate;
  }

  #startTicks(): void {
    this.#dueMs = this.#setup.scheduler.nowMs + this.#tickMs;
    this.#awaitTick();
  }

  #awaitTick(): void {
    this.#later(this.#tickMs, () => {
      this.#tick();
      this.#awaitTick();
    });
  }

  /** As a node's ticker does (src/node/ticker.ts): what a busy processor missed is made up for, what a long stall missed is
   *  forgotten, and who is late first reads what came. */
  #tick(): void {
    const { nowMs } = this.#setup.scheduler;
    const lateMs = nowMs - this.#dueMs;
    if (lateMs > MADE_UP_MAX * this.#tickMs) this.#dueMs = nowMs;
    const most = this.#setup.costs ? 2 : 1;
    for (let ticks = 0; ticks < most && (ticks === 0 || this.#dueMs <= nowMs); ticks++) {
      this.#dueMs += this.#tickMs;
      if (this.#setup.costs && lateMs >= this.#tickMs) this.#later(0, this.#tickNow);
      else this.#tickNow();
    }
  }

  readonly #tickNow = (): void => {
    this.ticks += 1;
    this.driver?.tick();
  };

  /** Runs something when the present task is done and the time has gone by, or never when this life ends first. */
  readonly #later = (delayMs: number, run: () => void): void => {
    const life = this.#life;
    this.#setup.scheduler.after(delayMs + this.processor.delayMs, () =>
      this.processor.run(() => {
        if (life === this.#life) run();
      }),
    );
  };
}
