/** One node of a simulation: the production driver, and everything around it that can go wrong. */
import type { ValidatorIndex } from '../base/brand.ts';
import { present } from '../base/invariant.ts';
import type { Ed25519 } from '../crypto/ed25519.ts';
import { Driver } from '../driver/driver.ts';
import type { Lane, Observer, PeerId, StoreOperation } from '../driver/ports.ts';
import { recover } from '../driver/recovery.ts';
import type { StrategyFactory } from '../driver/strategy.ts';
import type { Genesis } from '../ledger/genesis.ts';
import { SimulatedDisk } from './disk.ts';
import type { Random } from './random.ts';
import type { Scheduler } from './scheduler.ts';

/** How wrong a clock gets. */
export const CLOCK_SKEW_MAX_MS = 15_000;

/** `stopped`: crashed, may start again. `broken`: its disk or its own code failed; it stays down. */
export type NodeState = 'stopped' | 'starting' | 'running' | 'broken';

export interface NodeSetup {
  /** Position among the nodes of the simulation; two nodes may be the same validator. */
  readonly slot: number;
  /** Null for an observer. */
  readonly validator: ValidatorIndex | null;
  readonly peerId: PeerId;
  readonly genesis: Genesis;
  /** The validator's key; null for an observer. */
  readonly secret: Uint8Array | null;
  readonly scheme: Ed25519;
  readonly scheduler: Scheduler;
  readonly random: Random;
  readonly strategy: StrategyFactory | null;
}

/** What a node tells the simulation. */
export interface NodeEvents {
  readonly observer: Observer;
  send(to: PeerId, lane: Lane, message: Uint8Array): void;
  punish(peer: PeerId, code: string, message: string): void;
  written(batch: readonly StoreOperation[]): void;
  /** It runs, or has stopped. */
  changed(): void;
  /** It would not start from what its disk holds. */
  refused(code: string, message: string): void;
}

export class SimulatedNode {
  readonly slot: number;
  /** Null for an observer: it follows the chain and signs nothing. */
  readonly validator: ValidatorIndex | null;
  readonly peerId: PeerId;
  readonly disk: SimulatedDisk;
  /** Byzantine: no promise is expected of it. */
  isLiar: boolean;
  /** Its disk was damaged: it counts as faulty, and need not live. Its votes still have to be honest. */
  damaged = false;
  state: NodeState = 'stopped';
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
  #life = 0;
  #paused = false;
  #postponed: (() => void)[] = [];

  constructor(setup: NodeSetup, events: NodeEvents) {
    this.#setup = setup;
    this.#events = events;
    this.slot = setup.slot;
    this.validator = setup.validator;
    this.isLiar = setup.strategy !== null;
    this.peerId = setup.peerId;
    this.disk = new SimulatedDisk(setup.random.fork());
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
    const { genesis } = this.#setup;
    const store = this.disk.open(this.#later, (batch) => this.#events.written(batch));
    const { scheme: signatures } = this.#setup;
    recover(
      store,
      genesis,
      (...check) => signatures.verify(...check),
      (recovered) => {
        if (!recovered.ok) {
          this.#end('broken');
          return this.#events.refused(recovered.error.code, recovered.error.message);
        }
        const { scheme, secret, strategy, scheduler } = this.#setup;
        this.driver = new Driver({
          genesis,
          self: this.validator,
          recovered: recovered.value,
          store,
          clock: {
            nowMs: () => Math.floor(scheduler.nowMs + this.skewMs),
            soon: (turn) => this.#soon(turn),
          },
          transport: {
            send: (to, lane, message) => this.#events.send(to, lane, message),
            punish: (peer, code, message) => this.#events.punish(peer, code, message),
          },
          verifier: {
            check: ({ publicKey, message, signature }) => scheme.verify(publicKey, message, signature),
            checkBatch: (checks, done) =>
              this.#later(0.1, () =>
                done(checks.map(({ publicKey, message, signature }) => scheme.verify(publicKey, message, signature))),
              ),
          },
          signer: { sign: (message) => scheme.sign(present(secret, 'the key of an observer'), message) },
          observer: {
            ...this.#events.observer,
            halted: (error) => {
              this.#end('broken');
              this.#events.observer.halted(error);
            },
          },
          ...(strategy === null ? {} : { strategy }),
        });
        this.state = 'running';
        this.#tick();
        this.#events.changed();
      },
    );
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
  }

  resume(): void {
    if (!this.#paused) return;
    this.#paused = false;
    const life = this.#life;
    for (const run of this.#postponed.splice(0)) if (this.#life === life) run();
  }

  /** A message or a notice for the driver, now or when the pause is over. */
  input(run: (driver: Driver) => void): void {
    const life = this.#life;
    this.#unpaused(() => {
      if (life === this.#life && this.driver !== null) run(this.driver);
    });
  }

  #end(state: NodeState): void {
    this.#life += 1;
    this.#paused = false;
    this.#postponed = [];
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

  #tick(): void {
    this.#later(this.#setup.genesis.consensus.tickMs / this.tickRate, () => {
      this.ticks += 1;
      this.driver?.tick();
      this.#tick();
    });
  }

  readonly #later = (delayMs: number, run: () => void): void => {
    const life = this.#life;
    this.#setup.scheduler.after(delayMs, () =>
      this.#unpaused(() => {
        if (life === this.#life) run();
      }),
    );
  };

  #unpaused(run: () => void): void {
    if (this.#paused) this.#postponed.push(run);
    else run();
  }
}
