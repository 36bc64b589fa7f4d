/**
 * What one turn of the driver wants to write, and what may happen only after it is durable. This is where "persist before
 * send" holds: nothing leaves the node but through `after`.
 */
import type { StoreOperation } from '../ports.ts';

export class Batch {
  #operations: StoreOperation[] = [];
  #after: (() => void)[] = [];

  put(key: string, value: Uint8Array): void {
    this.#operations.push({ kind: 'put', key, value });
  }

  delete(key: string): void {
    this.#operations.push({ kind: 'delete', key });
  }

  write(operation: StoreOperation): void {
    this.#operations.push(operation);
  }

  /** Runs the action once all that was written up to the end of this turn is durable, in the order of the calls. */
  after(action: () => void): void {
    this.#after.push(action);
  }

  /** Ends the turn: what was collected, and an empty batch for the next. */
  take(): { readonly operations: readonly StoreOperation[]; readonly after: readonly (() => void)[] } {
    const taken = { operations: this.#operations, after: this.#after };
    this.#operations = [];
    this.#after = [];
    return taken;
  }
}
