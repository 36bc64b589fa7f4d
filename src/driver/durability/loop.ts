/**
 * Turns. A turn takes all inputs that wait, then messages of peers, then the ticks that went by: ticks last, so that no
 * timer expires while the message that would stop it waits here. The turn writes what follows in one synced batch, and
 * only then lets anything leave. While a batch is being written, inputs gather for the next turn: the higher the load,
 * the larger the batches.
 */
import { present } from '../../base/invariant.ts';
import type { Batch } from '../stored/batch.ts';
import { TICK_TURNS_MAX } from '../limits.ts';
import type { Clock, Store } from '../ports.ts';
import { type Sealed, Seals } from './seals.ts';

interface LoopContext {
  readonly clock: Clock;
  readonly store: Store;
  readonly batch: Batch;
  /** What the store has sealed before the first turn. */
  readonly recovered: { readonly sealed: Sealed };
}

/** What the turns are made of. */
interface Work {
  /** Looks at messages of peers, as many as one turn has time for. True when there are more. */
  readonly messages: () => boolean;
  /** What follows from all inputs of a turn together. */
  readonly endTurn: () => void;
  /** Our own bug or a broken disk: no turn comes after it. */
  readonly halted: (error: Error) => void;
  /** Stopped or halted: inputs that wait will never run. */
  readonly ended: () => void;
}

export class Loop {
  readonly #context: LoopContext;
  readonly #seals: Seals;
  #work: Work | null = null;
  #inputs: (() => void)[] = [];
  #ticks: (() => void)[] = [];
  /** Messages wait. */
  #messages = false;
  /** Turns that ended before the ticks that wait. */
  #tickless = 0;
  #scheduled = false;
  #writing = false;
  #ended = false;
  #stopping: (() => void) | null = null;

  constructor(context: LoopContext) {
    this.#context = context;
    this.#seals = new Seals(context.recovered.sealed);
  }

  /** Takes the first turn, with the inputs that gathered until now. */
  begin(work: Work): void {
    this.#work = work;
    this.#schedule();
  }

  /** Inputs that wait. */
  get backlog(): number {
    return this.#inputs.length;
  }

  /** Stopped or halted. */
  get ended(): boolean {
    return this.#ended;
  }

  input(run: () => void): void {
    if (this.#ended) return;
    this.#inputs.push(run);
    this.#schedule();
  }

  /** A tick, which waits for the messages that are here. */
  tick(run: () => void): void {
    if (this.#ended) return;
    this.#ticks.push(run);
    this.#schedule();
  }

  /** A message has come. */
  message(): void {
    if (this.#ended) return;
    this.#messages = true;
    this.#schedule();
  }

  /** Ends after the turn that is being written. */
  stop(done: () => void): void {
    this.#stopping = done;
    if (!this.#writing) this.#end();
  }

  #schedule(): void {
    if (this.#work === null || this.#scheduled || this.#writing || this.#ended) return;
    this.#scheduled = true;
    this.#context.clock.soon(() => this.#turn());
  }

  #turn(): void {
    this.#scheduled = false;
    if (this.#ended || this.#writing) return;
    const work = present(this.#work, 'work of a turn');
    this.#guarded(() => {
      const inputs = this.#inputs;
      this.#inputs = [];
      for (const input of inputs) input();
      this.#messages = work.messages();
      this.#runTicks();
      work.endTurn();
      this.#write();
      if (this.#messages) this.#schedule();
    });
  }

  #runTicks(): void {
    if (this.#messages && this.#ticks.length > 0 && this.#tickless < TICK_TURNS_MAX) {
      this.#tickless += 1;
      return;
    }
    this.#tickless = 0;
    for (const tick of this.#ticks.splice(0)) tick();
  }

  /** Persist before send: what the turn wants to say leaves when what it wrote is durable. */
  #write(): void {
    const { batch, store } = this.#context;
    const { operations, after } = batch.take();
    if (operations.length === 0) {
      for (const action of after) action();
      return;
    }
    this.#writing = true;
    store.write(this.#seals.seal(operations), (error) => {
      this.#writing = false;
      if (error !== undefined) return this.#halt(error);
      if (this.#ended) return;
      this.#guarded(() => {
        for (const action of after) action();
      });
      if (this.#stopping !== null) this.#end();
      else if (this.#inputs.length > 0 || this.#ticks.length > 0 || this.#messages) this.#schedule();
    });
  }

  #guarded(run: () => void): void {
    try {
      run();
    } catch (error) {
      this.#halt(error instanceof Error ? error : new Error(String(error)));
    }
  }

  #halt(error: Error): void {
    if (this.#ended) return;
    this.#end();
    this.#work?.halted(error);
  }

  #end(): void {
    const done = this.#stopping;
    this.#ended = true;
    this.#stopping = null;
    this.#inputs = [];
    this.#ticks = [];
    this.#work?.ended();
    done?.();
  }
}
